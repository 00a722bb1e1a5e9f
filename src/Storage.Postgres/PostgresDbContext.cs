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
    /// <summary>Copy of <c>state</c> for indexes; null for a simple run, which is found by its id, and for every run that succeeded.
    /// Whoever changes the state sets it too: <see cref="PostgresRunStatements"/> and <see cref="PostgresRunStates"/>.</summary>
    internal const string IndexedState = nameof(IndexedState);

    // Ids stay in their row, up to 500 of them: they cannot be compressed, and a row lives for seconds.
    private const int WholePage = 8160;

    private readonly FleetSchema _schema = FleetSchema.Create(FleetSchemaOptions.Of(options));

    /// <summary>The pending runs except those that only a <see cref="PendingSet"/> knows.</summary>
    internal IQueryable<Run> IndexedPending => Runs.Where(r => EF.Property<int?>(r, IndexedState) == (int)RunState.Pending);

    public override IQueryable<Run> Pending => IndexedPending.Concat(
        Runs.FromSqlRaw(_schema.In("""
            SELECT r.* FROM fleet.runs AS r
            WHERE r.id IN (SELECT unnest(ids) FROM fleet.pending_sets) AND r.state = 0 AND r.indexed_state IS NULL
            """)));

    /// <remarks>The condition in LINQ makes EF Core name the columns around the SQL text. A prepared <c>SELECT *</c> fails as soon as a
    /// migration adds a column.</remarks>
    public override IQueryable<Run> Running => Runs
        .FromSqlRaw(_schema.In("SELECT r.* FROM fleet.runs AS r WHERE r.id IN (SELECT unnest(ids) FROM fleet.claim_sets)"))
        .Where(r => r.State == RunState.Running);

    /// <remarks>By the time when they were due: the time of the end stands in no index.</remarks>
    public override IOrderedQueryable<Run> Succeeded(DateTimeOffset from, DateTimeOffset until) => Runs
        .Where(r => r.State == RunState.Succeeded && r.FinishedAt >= from && r.FinishedAt < until
            && EF.Property<int?>(r, IndexedState) == null && r.DueAt >= from && r.DueAt < until)
        .OrderBy(r => r.DueAt);

    /// <remarks>By the time when they were made.</remarks>
    public override IOrderedQueryable<Run> FailedOrCanceled(DateTimeOffset until) => Runs
        .Where(r => EF.Property<int?>(r, IndexedState) > (int)RunState.Succeeded && r.FinishedAt < until && r.CreatedAt < until)
        .OrderBy(r => r.CreatedAt);

    /// <remarks>The index has both states together.</remarks>
    public override IQueryable<Run>? Ended(IReadOnlyList<RunState> states, DateTimeOffset since) =>
        states.Count > 0 && states.All(s => s is RunState.Failed or RunState.Canceled)
            ? Runs.Where(r => EF.Property<int?>(r, IndexedState) > (int)RunState.Succeeded && r.CreatedAt >= since)
            : null;

    /// <remarks>The sets also name runs that have been claimed since, and all of their ids are read.</remarks>
    public override async Task<bool> CanReadPendingAsync(int mostRows, CancellationToken ct) =>
        (await Database.SqlQueryRaw<int>(_schema.In(
            """SELECT 1 AS "Value" FROM (SELECT unnest(ids) FROM fleet.pending_sets OFFSET {0} LIMIT 1) AS s"""), mostRows)
            .ToListAsync(ct)).Count == 0;

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<PendingSet>(set =>
        {
            set.ToTable("pending_sets").HasKey(s => s.Id);
            set.HasStorageParameter("toast_tuple_target", WholePage);
            set.HasIndex(s => new { s.Lane, s.DueAt }).HasDatabaseName("ix_pending_sets_due");
        });
        modelBuilder.Entity<ClaimSet>(set =>
        {
            set.ToTable("claim_sets").HasKey(s => new { s.WorkerId, s.LeaseToken });
            set.HasStorageParameter("toast_tuple_target", WholePage);
        });
        base.OnModelCreating(modelBuilder);
    }

    protected override void AddStateIndexes(EntityTypeBuilder<Run> run)
    {
        run.Property<int?>(IndexedState);
        // Room for the new version of a row beside the old one, without which an index has to know it after all.
        run.HasStorageParameter("fillfactor", 45);
        run.HasIndex(r => new { r.Lane, r.DueAt }).HasFilter("indexed_state = 0").HasDatabaseName("ix_runs_pending");
        run.HasIndex(r => r.DueAt, "ix_runs_unstaged").HasFilter("indexed_state = 0 AND NOT staged");
        // Nearly all of these runs have succeeded; the others are simple runs that have not ended.
        run.HasIndex(r => r.DueAt, "ix_runs_succeeded").HasFilter("indexed_state IS NULL");
        run.HasIndex(r => r.ScheduleId).HasFilter("schedule_id IS NOT NULL AND indexed_state < 2").HasDatabaseName("ix_runs_turns");
        run.HasIndex(r => r.CreatedAt).HasFilter("indexed_state > 2").HasDatabaseName("ix_runs_ended");
        // RescuedRun.CrashCap - 1.
        run.HasIndex(r => r.Id).HasFilter("crashes >= 2").HasDatabaseName("ix_runs_last_chance");
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();
    }

    protected override string Filter(string sql) =>
        Comparison().Replace(sql, match => (match.Groups["value"].Value == "0" ? "NOT " : "") + match.Groups["column"]);

    [GeneratedRegex(@"\{(?<column>\w+)\} = (?<value>[01])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comparison();

    /// <summary>The driver takes no other offset.</summary>
    private sealed class UtcConverter()
        : ValueConverter<DateTimeOffset, DateTimeOffset>(instant => instant.ToUniversalTime(), instant => instant);
}

/// <summary>A row of <c>pending_sets</c>: simple runs of one lane that were stored together. It stays until
/// <see cref="PostgresRunStatements.IndexPendingSets"/> has given those that still wait their indexed state.</summary>
internal sealed class PendingSet
{
    public long Id { get; set; }

    public string Lane { get; set; } = "";

    /// <summary>Due time of the run that is due last.</summary>
    public DateTimeOffset DueAt { get; set; }

    public Guid[] Ids { get; set; } = [];
}

/// <summary>A row of <c>claim_sets</c>: runs that a worker claimed together. The worker still holds those that are running under this lease
/// token.</summary>
internal sealed class ClaimSet
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
