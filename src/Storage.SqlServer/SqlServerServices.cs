using Fleet.Core.Storage;
using Microsoft.Data.SqlClient;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Storage.SqlServer;

/// <summary>Registration of SQL Server as Fleet's storage.</summary>
public static class SqlServerServices
{
    /// <param name="services">The services of the process.</param>
    /// <param name="connectionString">As Microsoft.Data.SqlClient takes it.</param>
    /// <exception cref="ArgumentException">It does not take it.</exception>
    public static IServiceCollection AddFleetSqlServer(this IServiceCollection services, string connectionString)
    {
        _ = new SqlConnectionStringBuilder(connectionString);
        return services.AddSingleton<IStorage>(provider => new SqlServerStorage(connectionString, provider.GetService<TimeProvider>()));
    }
}
