using Fleet.Core.Storage;
using Microsoft.Data.SqlClient;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Storage.SqlServer;

/// <summary>Registration of SQL Server as Fleet's storage.</summary>
public static class SqlServerServices
{
    /// <param name="services">The services of the process.</param>
    /// <param name="connectionString">As Microsoft.Data.SqlClient takes it.</param>
    /// <param name="schema">The schema of Fleet's tables; null is <c>fleet</c>.</param>
    /// <exception cref="ArgumentException">It does not take it.</exception>
    public static IServiceCollection AddFleetSqlServer(this IServiceCollection services, string connectionString, FleetSchema? schema = null)
    {
        _ = new SqlConnectionStringBuilder(connectionString);
        return services.AddSingleton<IStorage>(provider => new SqlServerStorage(connectionString, provider.GetService<TimeProvider>(), schema));
    }
}
