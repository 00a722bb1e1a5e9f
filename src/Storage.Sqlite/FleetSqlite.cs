using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet;

/// <summary>A SQLite file as Fleet's storage.</summary>
public static class FleetSqlite
{
    private const string File = ".fleet/fleet.db";

    /// <summary>Stores Fleet's runs in a SQLite file. This is the default.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="connectionString">As Microsoft.Data.Sqlite takes it. Null: that of the configuration,
    /// <c>Fleet:Storage:ConnectionString</c>; else the file <c>.fleet/fleet.db</c> in the program's folder.</param>
    public static FleetBuilder UseSqlite(this FleetBuilder fleet, string? connectionString = null) =>
        fleet.UseStorage(new StorageChoice("Sqlite", services =>
        {
            var file = $"Data Source={Path.Combine(fleet.Folder, File)}";
            services.AddOptions<StorageOptions>()
                .PostConfigure(storage => storage.ConnectionString = connectionString ?? storage.ConnectionString ?? file)
                .ValidateWith(storage => storage.Check("Sqlite", "SQLite", file, text => _ = new SqliteConnectionStringBuilder(text))
                    .Concat(RefuseSchema(storage)));
            services.AddSingleton<IStorage>(provider => new SqliteStorage(
                new SqliteConnectionStringBuilder(
                    provider.GetRequiredService<IOptions<StorageOptions>>().Value.ConnectionString).ConnectionString,
                provider.GetRequiredService<TimeProvider>()));
        }));

    private static IEnumerable<string> RefuseSchema(StorageOptions storage) => string.IsNullOrEmpty(storage.Schema)
        ? []
        : [$"{StorageOptions.Section}:Schema: '{storage.Schema}' is not allowed; allowed is nothing with Sqlite, which has no schemas: "
            + "Fleet's tables have the prefix fleet_ there."];
}
