using System.Text.RegularExpressions;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Fleet.Storage.Postgres;

/// <summary>Fleet's model as PostgreSQL stores it: instants as <c>timestamptz</c>, ids as <c>uuid</c>; simple runs beside the indexes
/// that look for a state, so that their claim and their completion update none (docs/adr/0014).</summary>
public sealed partial class PostgresDbContext(DbContextOptions<PostgresDbContext> options) : FleetDbContext(options)
{
    /// <summary>The property of a run that is its state, where an index has to find it by that; null of a simple run, which is found by its id alone.
    /// Whoever changes the state sets it: the statements of <see cref="PostgresRunStatements"/>, and <see cref="PostgresRunStates"/>.</summary>
    internal const string Listed = nameof(Listed);

    // Ids stay in their row, up to 500 of them: they cannot be compressed, and a row lives for seconds.
    private const int WholePage = 8160;

    private readonly FleetSchema _schema = FleetSchema.Create(FleetSchemaOptions.Of(options));

    /// <remarks>All but those of <see cref="Batch"/>.</remarks>
    internal IQueryable<Run> ListedPending => Runs.Where(r => EF.Property<int?>(r, Listed) == (int)RunState.Pending);

    public override IQueryable<Run> Pending => ListedPending.Concat(
        Runs.FromSqlRaw(_schema.In("SELECT r.* FROM fleet.runs AS r WHERE r.id IN (SELECT unnest(ids) FROM fleet.batches) AND r.state = 0 AND r.listed IS NULL")));

    public override IQueryable<Run> Running =>
        Runs.FromSqlRaw(_schema.In("SELECT r.* FROM fleet.runs AS r WHERE r.id IN (SELECT unnest(ids) FROM fleet.claims) AND r.state = 1"));

    /// <remarks>By the time when they were due: the time of the end stands in no index.</remarks>
    public override IOrderedQueryable<Run> Succeeded(DateTimeOffset from, DateTimeOffset until) => Runs
        .Where(r => r.State == RunState.Succeeded && r.FinishedAt >= from && r.FinishedAt < until
            && EF.Property<int?>(r, Listed) == null && r.DueAt >= from && r.DueAt < until)
        .OrderBy(r => r.DueAt);

    /// <remarks>By the time when they were made.</remarks>
    public override IOrderedQueryable<Run> FailedOrCanceled(DateTimeOffset until) => Runs
        .Where(r => EF.Property<int?>(r, Listed) > (int)RunState.Succeeded && r.FinishedAt < until && r.CreatedAt < until)
        .OrderBy(r => r.CreatedAt);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Batch>(batch =>
        {
            batch.ToTable("batches").HasKey(b => b.Id);
            batch.HasStorageParameter("toast_tuple_target", WholePage);
            batch.HasIndex(b => new { b.Lane, b.DueAt }).HasDatabaseName("ix_batches_due");
        });
        modelBuilder.Entity<Claim>(claim =>
        {
            claim.ToTable("claims").HasKey(c => new { c.WorkerId, c.LeaseToken });
            claim.HasStorageParameter("toast_tuple_target", WholePage);
        });
        base.OnModelCreating(modelBuilder);
    }

    protected override void AddStateIndexes(EntityTypeBuilder<Run> run)
    {
        run.Property<int?>(Listed);
        // Room for the new version of a row beside the old one, without which an index has to know it after all.
        run.HasStorageParameter("fillfactor", 45);
        run.HasIndex(r => new { r.Lane, r.DueAt }).HasFilter("listed = 0").HasDatabaseName("ix_runs_pending");
        run.HasIndex(r => r.DueAt, "ix_runs_unstaged").HasFilter("listed = 0 AND NOT staged");
        run.HasIndex(r => r.DueAt, "ix_runs_unlisted").HasFilter("listed IS NULL");
        run.HasIndex(r => r.ScheduleId).HasFilter("schedule_id IS NOT NULL AND listed < 2").HasDatabaseName("ix_runs_turns");
        run.HasIndex(r => r.CreatedAt).HasFilter("listed > 2").HasDatabaseName("ix_runs_ended");
        // RescuedRun.CrashCap - 1.
        run.HasIndex(r => r.Id).HasFilter("crashes >= 2").HasDatabaseName("ix_runs_last_chance");
    }

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

/// <summary>The row in <c>batches</c>: runs that were stored together to start at once, until <see cref="PostgresRunStatements.ListBatches"/> looks what became of them.</summary>
internal sealed class Batch
{
    public long Id { get; set; }

    public string Lane { get; set; } = "";

    /// <summary>Of the one that is due last.</summary>
    public DateTimeOffset DueAt { get; set; }

    public Guid[] Ids { get; set; } = [];
}

/// <summary>The row in <c>claims</c>: runs that a worker asked for at once. Those that it holds still are running and have the lease token.</summary>
internal sealed class Claim
{
    public WorkerId WorkerId { get; set; }

    public long LeaseToken { get; set; }

    public Guid[] Ids { get; set; } = [];
}

/// <summary>For <c>dotnet ef migrations</c>.</summary>
internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<PostgresDbContext>
{
    public PostgresDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql("Host=design").UseSchema(FleetSchema.Default).Options);
}
