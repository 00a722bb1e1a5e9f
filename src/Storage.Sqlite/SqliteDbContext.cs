using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Fleet.Storage.Sqlite;

/// <summary>Fleet's model as SQLite stores it: instants as microseconds since 1970 in UTC, ids as 16 bytes in text order.</summary>
public sealed class SqliteDbContext(DbContextOptions<SqliteDbContext> options) : FleetDbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<InstantConverter>();
        configurationBuilder.StoreIdsAsBytes();
    }

    /// <remarks>SQLite has no schemas, and the names of indexes are the database's too: all have the prefix.</remarks>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.HasDefaultSchema(null);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            entity.SetTableName(FleetSchema.Prefix.Table(entity.GetTableName()!));
            foreach (var index in entity.GetIndexes())
                index.SetDatabaseName(FleetSchema.Prefix.Table(index.GetDatabaseName()!));
        }
    }

    /// <remarks>As EF Core writes it in queries: SQLite takes an index only if the query repeats its condition.</remarks>
    protected override string Filter(string sql) => base.Filter(sql.Replace("} = 1", "}", StringComparison.Ordinal));

    private sealed class InstantConverter()
        : ValueConverter<DateTimeOffset, long>(instant => Values.ToMicroseconds(instant), value => Values.FromMicroseconds(value));
}

/// <summary>For <c>dotnet ef migrations</c>.</summary>
internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<SqliteDbContext>
{
    public SqliteDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite("Data Source=design.db").UseSchema(FleetSchema.Prefix).Options);
}
