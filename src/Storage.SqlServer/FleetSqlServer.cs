using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Storage.SqlServer;
using Microsoft.Data.SqlClient;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet;

/// <summary>SQL Server as Fleet's storage.</summary>
public static class FleetSqlServer
{
    /// <summary>Stores Fleet's runs in SQL Server.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="connectionString">As Microsoft.Data.SqlClient takes it. Null: that of the configuration,
    /// <c>Fleet:Storage:ConnectionString</c>.</param>
    /// <param name="configure">Sets the rest, such as the schema.</param>
    public static FleetBuilder UseSqlServer(
        this FleetBuilder fleet, string? connectionString = null, Action<StorageOptions>? configure = null) =>
        fleet.UseStorage(new StorageChoice("SqlServer", services =>
        {
            services.AddOptions<StorageOptions>()
                .PostConfigure(storage =>
                {
                    storage.ConnectionString = connectionString ?? storage.ConnectionString;
                    configure?.Invoke(storage);
                })
                .ValidateWith(storage => storage.Check(
                    "SqlServer", "SQL Server",
                    "Server=localhost;User Id=fleet;Password=…;Database=fleet;TrustServerCertificate=true",
                    text => _ = new SqlConnectionStringBuilder(text)));
            services.AddSingleton<IStorage>(provider =>
            {
                var storage = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
                return new SqlServerStorage(
                    storage.ConnectionString!, provider.GetService<TimeProvider>(), FleetSchema.Create(storage.Schema));
            });
        }));
}
