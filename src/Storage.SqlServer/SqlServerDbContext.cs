using System.Text;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Fleet.Storage.SqlServer;

/// <summary>Fleet's model as SQL Server stores it: instants as <c>datetime2(7)</c> in UTC (100 ns, as .NET counts), ids as
/// <c>binary(16)</c> in text order, text as <c>nvarchar</c> that compares code by code, as it does in .NET.</summary>
public sealed class SqlServerDbContext(DbContextOptions<SqlServerDbContext> options) : FleetDbContext(options)
{
    /// <summary>Case and accents count, whatever the database's own collation is.</summary>
    internal const string Collation = "Latin1_General_100_BIN2";

    // What RunRules allows, and what an index key has room for (900 bytes of a primary key, 1,700 of another).
    private const int MaxName = 128;
    private const int MaxLane = 64;
    private const int MaxKey = 200;
    private const int MaxConsumer = 200;
    private const int MaxHash = 32;
    private const int MaxVersion = 32;
    private const int MaxFingerprint = 64;

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.StoreIdsAsBytes();
        configurationBuilder.Properties<Guid>().HaveColumnType("binary(16)");
        configurationBuilder.Properties<RunId>().HaveColumnType("binary(16)");
        configurationBuilder.Properties<Core.Storage.Rows.WorkerId>().HaveColumnType("binary(16)");
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<InstantConverter>().HaveColumnType("datetime2(7)");
        configurationBuilder.Properties<string>().UseCollation(Collation);
        configurationBuilder.Properties<Core.Actors.Actor>().UseCollation(Collation);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Run>(run =>
        {
            // Bytes: in text SQL Server takes 'a' and 'a ' for equal, with every collation.
            run.Property(r => r.IdempotencyKey).HaveKeyBytes(MaxKey);
            run.Property(r => r.RequestHash).HasMaxLength(MaxHash);
            run.Property(r => r.Job).HasMaxLength(MaxName);
            run.Property(r => r.Lane).HasMaxLength(MaxLane);
            run.Property(r => r.ScheduleId).HasMaxLength(MaxName);
            run.Property(r => r.Fingerprint).HasMaxLength(MaxFingerprint);
        });
        modelBuilder.Entity<DeadLetter>(letter =>
        {
            letter.Property(l => l.Fingerprint).HasMaxLength(MaxFingerprint);
            letter.Property(l => l.Job).HasMaxLength(MaxName);
            letter.Property(l => l.Lane).HasMaxLength(MaxLane);
            letter.Property(l => l.Version).HasMaxLength(MaxName);
        });
        modelBuilder.Entity<Mute>().Property(m => m.Fingerprint).HasMaxLength(MaxFingerprint);
        modelBuilder.Entity<Schedule>(schedule =>
        {
            schedule.Property(s => s.Id).HasMaxLength(MaxName);
            schedule.Property(s => s.Job).HasMaxLength(MaxName);
            schedule.Property(s => s.Lane).HasMaxLength(MaxLane);
        });
        modelBuilder.Entity<JobRow>(job =>
        {
            job.Property(j => j.Name).HasMaxLength(MaxName);
            job.Property(j => j.Version).HasMaxLength(MaxVersion);
            job.Property(j => j.Lane).HasMaxLength(MaxLane);
        });
        modelBuilder.Entity<SavedView>().Property(v => v.Name).HasMaxLength(MaxName);
        modelBuilder.Entity<LaneRow>().Property(l => l.Name).HasMaxLength(MaxLane);
        modelBuilder.Entity<Lease>().Property(l => l.Name).HasMaxLength(MaxName);
        modelBuilder.Entity<Rollup>(rollup =>
        {
            rollup.Property(r => r.Job).HasMaxLength(MaxName);
            rollup.Property(r => r.Lane).HasMaxLength(MaxLane);
        });
        modelBuilder.Entity<WorkerSample>().Property(s => s.Lane).HasMaxLength(MaxLane);
        modelBuilder.Entity<Misfire>().Property(m => m.ScheduleId).HasMaxLength(MaxName);
        modelBuilder.Entity<InboxMessage>().Property(m => m.Consumer).HasMaxLength(MaxConsumer);
    }

    private sealed class InstantConverter() : ValueConverter<DateTimeOffset, DateTime>(
        instant => instant.UtcDateTime, value => new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)));
}

internal static class KeyBytes
{
    /// <summary>Stores text of ASCII characters as its bytes.</summary>
    public static PropertyBuilder<string?> HaveKeyBytes(this PropertyBuilder<string?> property, int maxLength) => property
        .HasConversion(key => Encoding.ASCII.GetBytes(key!), value => Encoding.ASCII.GetString(value))
        .HasMaxLength(maxLength).UseCollation(null);
}

/// <summary>For <c>dotnet ef migrations</c>.</summary>
internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<SqlServerDbContext>
{
    public SqlServerDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqlServerDbContext>().UseSqlServer("Server=design").UseSchema(FleetSchema.Default).Options);
}
