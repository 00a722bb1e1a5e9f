using Fleet.Core.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>Registration of PostgreSQL as Fleet's storage.</summary>
public static class PostgresServices
{
    /// <param name="services">The services of the process.</param>
    /// <param name="connectionString">As Npgsql takes it.</param>
    /// <param name="schema">The schema of Fleet's tables; null is <c>fleet</c>.</param>
    /// <exception cref="ArgumentException">It does not take it.</exception>
    public static IServiceCollection AddFleetPostgres(this IServiceCollection services, string connectionString, FleetSchema? schema = null)
    {
        PostgresServers.Check(new NpgsqlConnectionStringBuilder(connectionString));
        return services.AddSingleton<IStorage>(provider => new PostgresStorage(connectionString, provider.GetService<TimeProvider>(), schema));
    }
}
