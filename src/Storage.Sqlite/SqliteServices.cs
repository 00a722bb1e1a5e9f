using Fleet.Core.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Storage.Sqlite;

/// <summary>Registration of SQLite as Fleet's storage.</summary>
public static class SqliteServices
{
    /// <param name="services">The services of the process.</param>
    /// <param name="connectionString">As Microsoft.Data.Sqlite takes it.</param>
    /// <exception cref="ArgumentException">It is no connection string.</exception>
    public static IServiceCollection AddFleetSqlite(this IServiceCollection services, string connectionString)
    {
        var known = new SqliteConnectionStringBuilder(connectionString).ConnectionString;
        return services.AddSingleton<IStorage>(provider => new SqliteStorage(known, provider.GetRequiredService<TimeProvider>()));
    }
}
