using Fleet.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Storage.Sqlite;

/// <summary>Registration of SQLite as Fleet's storage.</summary>
public static class SqliteServices
{
    /// <param name="services">The services of the process.</param>
    /// <param name="connectionString">As Microsoft.Data.Sqlite takes it.</param>
    public static IServiceCollection AddFleetSqlite(this IServiceCollection services, string connectionString) =>
        services.AddSingleton<IStorage>(provider => new SqliteStorage(connectionString, provider.GetRequiredService<TimeProvider>()));
}
