using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Fleet;

/// <summary>PostgreSQL as Fleet's storage.</summary>
public static class FleetPostgres
{
    /// <summary>Stores Fleet's runs in PostgreSQL.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="connectionString">As Npgsql takes it. Null: that of the configuration, <c>Fleet:Storage:ConnectionString</c>.</param>
    /// <param name="configure">Sets the rest, such as the schema.</param>
    public static FleetBuilder UsePostgres(
        this FleetBuilder fleet, string? connectionString = null, Action<StorageOptions>? configure = null) =>
        fleet.UseStorage(new StorageChoice("Postgres", services =>
        {
            services.AddOptions<StorageOptions>()
                .PostConfigure(storage =>
                {
                    storage.ConnectionString = connectionString ?? storage.ConnectionString;
                    configure?.Invoke(storage);
                })
                .ValidateWith(storage => storage.Check(
                    "Postgres", "PostgreSQL", "Host=localhost;Username=fleet;Password=…;Database=fleet",
                    text => PostgresServers.Check(new NpgsqlConnectionStringBuilder(text))));
            services.AddSingleton<IStorage>(provider =>
            {
                var storage = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
                return new PostgresStorage(
                    storage.ConnectionString!, provider.GetService<TimeProvider>(), FleetSchema.Create(storage.Schema));
            });
        }));
}
