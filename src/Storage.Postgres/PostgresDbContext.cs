using System.Text.RegularExpressions;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Fleet.Storage.Postgres;

/// <summary>Fleet's model as PostgreSQL stores it: instants as <c>timestamptz</c>, ids as <c>uuid</c>.</summary>
public sealed partial class PostgresDbContext(DbContextOptions<PostgresDbContext> options) : FleetDbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();
    }

    protected override string Filter(string sql) => IsFalse().Replace(sql, "NOT ${column}");

    [GeneratedRegex(@"\{(?<column>\w+)\} = 0", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IsFalse();

    /// <summary>The driver takes no other offset.</summary>
    private sealed class UtcConverter() : ValueConverter<DateTimeOffset, DateTimeOffset>(instant => instant.ToUniversalTime(), instant => instant);
}

/// <summary>For <c>dotnet ef migrations</c>.</summary>
internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<PostgresDbContext>
{
    public PostgresDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql("Host=design").Options);
}
