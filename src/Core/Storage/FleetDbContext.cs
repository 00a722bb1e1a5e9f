using System.Text;
using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Fleet.Core.Storage;

/// <summary>The one model of Fleet's tables. A provider may change how values are stored
/// (<see cref="ConfigureConventions"/>), not what the tables are.</summary>
public abstract class FleetDbContext(DbContextOptions options) : DbContext(options)
{
    /// <summary>How many contexts a storage keeps to use again, of each kind that it has.</summary>
    public const int MaxPooled = 32;

    /// <summary>The schema of the tables.</summary>
    internal string SchemaName { get; } = FleetSchemaOptions.Of(options);

    public DbSet<Run> Runs => Set<Run>();

    public DbSet<Attempt> Attempts => Set<Attempt>();

    public DbSet<Replay> Replays => Set<Replay>();

    public DbSet<DeadLetter> DeadLetters => Set<DeadLetter>();

    public DbSet<Mute> Mutes => Set<Mute>();

    public DbSet<RunLogLine> RunLogs => Set<RunLogLine>();

    public DbSet<Schedule> Schedules => Set<Schedule>();

    public DbSet<JobRow> Jobs => Set<JobRow>();

    public DbSet<LaneRow> Lanes => Set<LaneRow>();

    public DbSet<SavedView> Views => Set<SavedView>();

    public DbSet<WorkerRow> Workers => Set<WorkerRow>();

    public DbSet<Lease> Leases => Set<Lease>();

    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    public DbSet<InboxMessage> Inbox => Set<InboxMessage>();

    public DbSet<Rollup> Rollups => Set<Rollup>();

    public DbSet<WorkerSample> WorkerSamples => Set<WorkerSample>();

    public DbSet<Misfire> Misfires => Set<Misfire>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<AuditEntry> Audit => Set<AuditEntry>();

    public DbSet<ProtectionKey> ProtectionKeys => Set<ProtectionKey>();

    public DbSet<Operation> Operations => Set<Operation>();

    /// <summary>All pending runs.</summary>
    public virtual IQueryable<Run> Pending => Runs.Where(r => r.State == RunState.Pending);

    /// <summary>All running runs.</summary>
    public virtual IQueryable<Run> Running => Runs.Where(r => r.State == RunState.Running);

    /// <summary>Runs that succeeded in a range of time, in about that order.</summary>
    public virtual IOrderedQueryable<Run> Succeeded(DateTimeOffset from, DateTimeOffset until) =>
        Runs.Where(r => r.State == RunState.Succeeded && r.FinishedAt >= from && r.FinishedAt < until).OrderBy(r => r.FinishedAt);

    /// <summary>Runs that failed or were canceled before an instant, in about the order in which they ended.</summary>
    public virtual IOrderedQueryable<Run> FailedOrCanceled(DateTimeOffset until) =>
        Runs.Where(r => (r.State == RunState.Failed || r.State == RunState.Canceled) && r.FinishedAt < until).OrderBy(r => r.FinishedAt);

    /// <summary>Runs that ended in one of these states and were made since an instant, found by an index. Null when no index finds them.
    /// </summary>
    /// <remarks>A condition on the time of the end would lead to the index of all runs that have ended. Perhaps also older runs.</remarks>
    public virtual IQueryable<Run>? Ended(IReadOnlyList<RunState> states, DateTimeOffset since) => states is [RunState.Failed]
        ? Runs.Where(r => r.State == RunState.Failed).OrderByDescending(r => r.FinishedAt)
        : null;

    /// <summary>True if <see cref="Pending"/> reads few rows, however many runs it finds.</summary>
    public virtual Task<bool> CanReadPendingAsync(int mostRows, CancellationToken ct) => Task.FromResult(true);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<RunId>().HaveConversion<RunIdConverter>();
        configurationBuilder.Properties<WorkerId>().HaveConversion<WorkerIdConverter>();
        configurationBuilder.Properties<Actor>().HaveConversion<ActorConverter>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(SchemaName);
        modelBuilder.Entity<Run>(run =>
        {
            run.ToTable("runs").HasKey(r => r.Id);
            run.HasIndex(r => r.IdempotencyKey).IsUnique()
                .HasFilter("idempotency_key IS NOT NULL").HasDatabaseName("ux_runs_idempotency_key");
            run.HasIndex(r => new { r.ScheduleId, r.FireTime }).IsUnique()
                .HasFilter(Filter("fire_time IS NOT NULL AND {revoked} = 0")).HasDatabaseName("ux_runs_occurrence");
            // For the runs of a schedule in the order of their ids. A run without a schedule has no entry in it.
            run.HasIndex(r => new { r.ScheduleId, r.Id }).HasFilter("schedule_id IS NOT NULL").HasDatabaseName("ix_runs_schedule");
            run.HasIndex(r => new { r.ScheduleId, r.FireTime }, "ix_runs_revoked").HasFilter(Filter("{revoked} = 1"));
            // For the dead letters of a group in the order of their ids. No other run has an entry in it.
            run.HasIndex(r => new { r.Fingerprint, r.Id }).HasFilter("fingerprint IS NOT NULL").HasDatabaseName("ix_runs_fingerprint");
            run.HasQueryFilter(r => r.State != Run.DeletedState);
            AddStateIndexes(run);
        });
        modelBuilder.Entity<Attempt>(attempt =>
        {
            attempt.ToTable("attempts").HasKey(a => a.Id);
            attempt.HasIndex(a => a.RunId).HasDatabaseName("ix_attempts_run");
            attempt.Property(a => a.Times).HasDefaultValue(1);
        });
        modelBuilder.Entity<Replay>(replay =>
        {
            replay.ToTable("replays").HasKey(r => r.Id);
            replay.HasIndex(r => r.RunId).HasDatabaseName("ix_replays_run");
        });
        modelBuilder.Entity<DeadLetter>(letter =>
        {
            letter.ToTable("dead_letters").HasKey(l => l.RunId);
            letter.HasIndex(l => l.FailedAt).HasDatabaseName("ix_dead_letters_failed");
            letter.HasIndex(l => new { l.Lane, l.FailedAt }).HasDatabaseName("ix_dead_letters_lane");
            letter.HasIndex(l => new { l.Fingerprint, l.FailedAt }).HasDatabaseName("ix_dead_letters_group");
            letter.HasIndex(l => new { l.Fingerprint, l.Version }).HasDatabaseName("ix_dead_letters_version");
        });
        modelBuilder.Entity<Mute>().ToTable("mutes").HasKey(m => m.Fingerprint);
        modelBuilder.Entity<RunLogLine>(line =>
        {
            line.ToTable("run_logs").HasKey(l => l.Id);
            line.HasIndex(l => l.RunId).HasDatabaseName("ix_run_logs_run");
        });
        modelBuilder.Entity<Schedule>(schedule =>
        {
            schedule.ToTable("schedules").HasKey(s => s.Id);
            schedule.HasIndex(s => s.NextPlanAt).HasFilter("next_plan_at IS NOT NULL").HasDatabaseName("ix_schedules_next");
            schedule.Property(s => s.Version).IsConcurrencyToken();
        });
        modelBuilder.Entity<JobRow>().ToTable("jobs").HasKey(j => new { j.Name, j.Version });
        modelBuilder.Entity<LaneRow>().ToTable("lanes").HasKey(l => l.Name);
        modelBuilder.Entity<SavedView>(view =>
        {
            view.ToTable("views").HasKey(v => v.Name);
            view.Property(v => v.Version).IsConcurrencyToken();
        });
        modelBuilder.Entity<WorkerRow>(worker =>
        {
            worker.ToTable("workers").HasKey(w => w.Id);
            // Workers of an older program, which write no jobs, go on beside a newer schema.
            worker.Property(w => w.Jobs).HasDefaultValue("{}");
            worker.Property(w => w.LaneLoads).HasDefaultValue("{}");
            worker.Property(w => w.Machine).HasDefaultValue("");
            worker.Property(w => w.Program).HasDefaultValue("");
            worker.Property(w => w.Version).HasDefaultValue("");
            worker.HasIndex(w => w.LeaseUntil).HasFilter("state <> 2").HasDatabaseName("ix_workers_alive");
        });
        modelBuilder.Entity<Lease>().ToTable("leases").HasKey(l => l.Name);
        modelBuilder.Entity<OutboxMessage>(message =>
        {
            message.ToTable("outbox").HasKey(m => m.Id);
            message.HasIndex(m => m.NextTryAt).HasDatabaseName("ix_outbox_next_try");
        });
        modelBuilder.Entity<InboxMessage>(message =>
        {
            message.ToTable("inbox").HasKey(m => new { m.Consumer, m.MessageId });
            message.HasIndex(m => m.ReceivedAt).HasDatabaseName("ix_inbox_received");
        });
        modelBuilder.Entity<Rollup>(rollup =>
        {
            rollup.ToTable("rollups").HasKey(r => r.Id);
            rollup.HasIndex(r => new { r.Step, r.At }).HasDatabaseName("ix_rollups_at");
        });
        modelBuilder.Entity<WorkerSample>(sample =>
        {
            sample.ToTable("worker_samples").HasKey(s => new { s.WorkerId, s.Lane, s.At });
            sample.HasIndex(s => s.At).HasDatabaseName("ix_worker_samples_at");
        });
        modelBuilder.Entity<Misfire>(misfire =>
        {
            misfire.ToTable("misfires").HasKey(m => m.Id);
            misfire.HasIndex(m => new { m.ScheduleId, m.Last }).HasDatabaseName("ix_misfires_schedule");
        });
        modelBuilder.Entity<ApiKey>(key =>
        {
            key.ToTable("api_keys").HasKey(k => k.Id);
            key.Property(k => k.Id).HasMaxLength(8);
            key.Property(k => k.Hash).HasMaxLength(32);
        });
        modelBuilder.Entity<Session>(session =>
        {
            session.ToTable("sessions").HasKey(s => s.Id);
            session.Property(s => s.Id).HasMaxLength(8);
            session.Property(s => s.Hash).HasMaxLength(32);
            session.HasIndex(s => s.ExpiresAt).HasDatabaseName("ix_sessions_expiry");
        });
        modelBuilder.Entity<ProtectionKey>(key => key.ToTable("protection_keys").HasKey(k => k.Number));
        modelBuilder.Entity<AuditEntry>(entry =>
        {
            entry.ToTable("audit").HasKey(e => e.Id);
            entry.HasIndex(e => e.At).HasDatabaseName("ix_audit_at");
            entry.HasIndex(e => new { e.Target, e.Id }).HasDatabaseName("ix_audit_target");
        });
        modelBuilder.Entity<Operation>(operation =>
        {
            operation.ToTable("operations").HasKey(o => o.Id);
            operation.Property(o => o.Id).HasMaxLength(36);
            operation.HasIndex(o => o.State).HasFilter("state = 0").HasDatabaseName("ix_operations_running");
            operation.HasIndex(o => o.FinishedAt).HasDatabaseName("ix_operations_finished");
        });
        modelBuilder.Entity<LedgerRow>(row =>
        {
            row.ToTable("diag_ledger").HasNoKey();
            row.Property(r => r.RunId).HasMaxLength(36);
            row.Property(r => r.Key).HasMaxLength(200);
        });

        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase(property.Name));
                if (property.IsPrimaryKey() && property.ClrType != typeof(long))
                    property.ValueGenerated = Microsoft.EntityFrameworkCore.Metadata.ValueGenerated.Never;
            }
        }
    }

    /// <summary>The indexes that find runs by what they are at: the work that waits, and the work under way,
    /// stay small however many runs have ended.</summary>
    protected virtual void AddStateIndexes(EntityTypeBuilder<Run> run)
    {
        run.HasIndex(r => new { r.Lane, r.DueAt }).HasFilter("state = 0").HasDatabaseName("ix_runs_pending");
        run.HasIndex(r => r.DueAt).HasFilter(Filter("state = 0 AND {staged} = 0")).HasDatabaseName("ix_runs_unstaged");
        run.HasIndex(r => r.WorkerId).HasFilter("state = 1").HasDatabaseName("ix_runs_running");
        run.HasIndex(r => r.ScheduleId).HasFilter("schedule_id IS NOT NULL AND state < 2").HasDatabaseName("ix_runs_turns");
        run.HasIndex(r => r.FinishedAt, "ix_runs_finished").HasFilter("finished_at IS NOT NULL");
        run.HasIndex(r => r.FinishedAt, "ix_runs_dead").HasFilter("state = 3");
    }

    /// <summary>A filter over booleans in the provider's own literals; <c>{column} = 0</c> stands for "is false", <c>{column} = 1</c> for
    /// "is true".</summary>
    protected virtual string Filter(string sql) =>
        sql.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}

internal sealed class RunIdConverter() : ValueConverter<RunId, Guid>(id => id.Value, value => new RunId(value));

internal sealed class WorkerIdConverter() : ValueConverter<WorkerId, Guid>(id => id.Value, value => new WorkerId(value));

internal sealed class ActorConverter() : ValueConverter<Actor, string>(actor => actor.ToRow(), text => Actor.FromRow(text));
