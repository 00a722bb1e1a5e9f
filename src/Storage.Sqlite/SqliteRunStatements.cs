using System.Text.Json;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

/// <summary>The hot statements in SQLite's SQL. SQLite runs in the process, so a batch is a prepared statement executed
/// once per item in one transaction: there is no round trip to save, and the commit is shared.</summary>
/// <param name="writer">The storage's own connection: its prepared statements are kept.</param>
internal sealed class SqliteRunStatements(SqliteConnection writer) : IRunStatements
{
    private readonly Dictionary<string, SqliteCommand> _prepared = new(StringComparer.Ordinal);

    private const string Insert = """
        INSERT INTO fleet_runs (id, job, lane, state, due_at, staged, attempt, attempt_offset, max_attempts, crashes, replays, lease_token,
            created_at, idempotency_key, request_hash, schedule_id, fire_time, overlap, revoked, parent_id, args, tags, trace_parent)
        VALUES ($id, $job, $lane, 0, $due, $staged, 0, 0, $max, 0, 0, 0,
            $created, $key, $hash, $schedule, $fire, $overlap, 0, $parent, $args, $tags, $trace)
        ON CONFLICT DO NOTHING
        """;

    // A statement of its own: most runs have no such actor, and their insert stays as short as it is.
    private const string SetActor = "UPDATE fleet_runs SET enqueued_by = $by WHERE id = $id";

    private const string FindKey = "SELECT id, request_hash FROM fleet_runs WHERE idempotency_key = $key";

    private const string FindOccurrence = "SELECT id FROM fleet_runs WHERE schedule_id = $schedule AND fire_time = $fire AND revoked = 0";

    private const string IsAlive = "SELECT 1 FROM fleet_workers WHERE id = $worker AND state <> 2";

    private const string Claim = """
        UPDATE fleet_runs SET state = 1, attempt = attempt + 1, worker_id = $worker, lease_token = $token, started_at = $now,
            staged = 1, progress = NULL, progress_message = NULL
        WHERE id = $id AND state = 0 AND due_at <= $now AND (overlap = 0 AND crashes < $last OR $passed)
        RETURNING job, lane, args, attempt, attempt_offset, max_attempts, due_at, schedule_id, fire_time, tags, trace_parent
        """;

    private const string FindPending =
        "SELECT due_at, overlap, crashes, schedule_id, coalesce(fire_time, created_at) FROM fleet_runs WHERE id = $id AND state = 0";

    private const string Complete = """
        UPDATE fleet_runs SET state = 2, finished_at = $now, output = $output, error = NULL, error_type = NULL, cancel_requested_at = NULL,
            progress = CASE WHEN progress IS NULL THEN NULL ELSE 1 END
        WHERE id = $id AND state = 1 AND lease_token = $token
        """;

    private const string IsCompleted = "SELECT 1 FROM fleet_runs WHERE id = $id AND state = 2 AND lease_token = $token";

    private const string InsertEvent = """
        INSERT INTO fleet_outbox (message_id, name, body, run_id, trace_parent, created_at, failures, next_try_at)
        VALUES ($message, $name, $body, $run, $trace, $created, 0, $created)
        """;

    private const string InsertAttempt = """
        INSERT INTO fleet_attempts (run_id, number, worker_id, started_at, ended_at, outcome, error_type, error, stack,
            verdict, max_attempts, max_attempts_from)
        SELECT id, attempt, worker_id, started_at, $now, $outcome, $type, $error, $stack, $verdict, $max, $from
        FROM fleet_runs WHERE id = $id AND state = 1 AND lease_token = $token
        """;

    // An end that repeats the one before it is counted in that row; see AttemptEnd.SharesRow.
    private const string RepeatAttempt = """
        UPDATE fleet_attempts SET times = times + 1, ended_at = $now, worker_id = r.worker_id, error_type = $type, error = $error
        FROM fleet_runs AS r
        WHERE r.id = $id AND r.state = 1 AND r.lease_token = $token
            AND fleet_attempts.id = (SELECT max(a.id) FROM fleet_attempts AS a WHERE a.run_id = $id)
            AND fleet_attempts.outcome = $outcome AND fleet_attempts.number = r.attempt
        """;

    // A cancel that came while the attempt was ending wins over another try.
    private const string EndAttempt = """
        UPDATE fleet_runs SET
            state = CASE WHEN $state = 0 AND cancel_requested_at IS NOT NULL THEN 4 ELSE $state END,
            finished_at = CASE WHEN $state = 0 AND cancel_requested_at IS NULL THEN NULL ELSE $now END,
            due_at = coalesce($due, due_at), staged = $staged, attempt = attempt - $uncounted,
            error_type = CASE WHEN cancel_requested_at IS NOT NULL AND $state IN (0, 4) THEN NULL
                WHEN $outcome IN (3, 4) THEN error_type ELSE $type END,
            error = CASE WHEN cancel_requested_at IS NOT NULL AND $state IN (0, 4) THEN error
                WHEN $outcome IN (3, 4) THEN error ELSE $error END,
            fingerprint = $fingerprint
        WHERE id = $id AND state = 1 AND lease_token = $token
        RETURNING state
        """;

    private const string FindOrphans = """
        SELECT id, worker_id, lease_token, crashes, cancel_requested_at IS NOT NULL FROM fleet_runs
        WHERE state = 1 AND (worker_id IS NULL OR worker_id NOT IN (SELECT id FROM fleet_workers WHERE state <> 2))
        """;

    private const string Rescue = """
        UPDATE fleet_runs SET state = $state, crashes = $crashes, attempt_offset = attempt_offset + 1, staged = 0, due_at = $now,
            finished_at = CASE WHEN $state = 0 THEN NULL ELSE $now END,
            error_type = CASE WHEN $state = 4 THEN error_type ELSE $type END,
            error = CASE WHEN $state = 4 THEN error ELSE $error END, fingerprint = $fingerprint
        WHERE id = $id
        """;

    private const string InsertDeadLetter = """
        INSERT INTO fleet_dead_letters (run_id, fingerprint, job, lane, failed_at, version)
        SELECT r.id, r.fingerprint, r.job, r.lane, $now, NULLIF(w.version, '')
        FROM fleet_runs AS r LEFT JOIN fleet_workers AS w ON w.id = r.worker_id
        WHERE r.id = $id AND r.state = 3
        """;

    private const string ReadUnstaged = """
        SELECT id, lane, due_at FROM fleet_runs
        WHERE state = 0 AND staged = 0 AND due_at <= $until AND lane NOT IN (SELECT value FROM json_each($lanes))
        ORDER BY due_at LIMIT $limit
        """;

    private const string MarkStaged = "UPDATE fleet_runs SET staged = 1 WHERE id = $id AND state = 0 AND staged = 0 AND due_at = $due";

    private const string FindSucceeded =
        "SELECT id FROM fleet_runs WHERE finished_at < $before AND finished_at >= $from AND state = 2 ORDER BY finished_at LIMIT $limit";

    private const string FindFailedOrCanceled =
        "SELECT id FROM fleet_runs WHERE finished_at < $before AND finished_at >= $from AND state IN (3, 4, 5) "
            + "ORDER BY finished_at LIMIT $limit";

    private static readonly string[] DeleteRun =
    [
        "DELETE FROM fleet_attempts WHERE run_id = $id", "DELETE FROM fleet_replays WHERE run_id = $id",
        "DELETE FROM fleet_run_logs WHERE run_id = $id", "DELETE FROM fleet_dead_letters WHERE run_id = $id",
        "DELETE FROM fleet_runs WHERE id = $id",
    ];

    private const string DeleteInbox =
        "DELETE FROM fleet_inbox WHERE rowid IN "
            + "(SELECT rowid FROM fleet_inbox WHERE received_at < $before ORDER BY received_at LIMIT $limit)";

    private const string DeleteWorkers = """
        DELETE FROM fleet_workers WHERE state = 2 AND heartbeat_at < $before
            AND NOT EXISTS (SELECT 1 FROM fleet_runs WHERE fleet_runs.worker_id = fleet_workers.id AND fleet_runs.state = 1)
        """;

    private const string LockTerm = "SELECT 1 FROM fleet_leases WHERE name = $name AND term = $term";

    public Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(StorageSession session, IReadOnlyList<NewRun> runs, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        return Task.FromResult<IReadOnlyList<EnqueueOutcome>>([.. runs.Select(run => InsertOne(batch, run))]);
    }

    public Task<IReadOnlyList<ClaimOutcome>> ClaimAsync(
        StorageSession session, WorkerId worker, IReadOnlyList<RunId> ids, DateTimeOffset now, bool passedGates, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        var owner = worker.ToBytes();
        var isAlive = batch.Exists(IsAlive, ("$worker", owner));
        return Task.FromResult<IReadOnlyList<ClaimOutcome>>(
            [.. ids.Select(id => isAlive ? ClaimOne(batch, owner, id, now, passedGates) : ClaimOutcome.WorkerGone)]);
    }

    public Task<IReadOnlyList<SettleOutcome>> CompleteAsync(
        StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        return Task.FromResult<IReadOnlyList<SettleOutcome>>([.. completions.Select(completion => CompleteOne(batch, completion))]);
    }

    public Task<IReadOnlyList<bool>> AreCompletedAsync(StorageSession session, IReadOnlyList<RunLease> leases, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        return Task.FromResult<IReadOnlyList<bool>>(
            [.. leases.Select(l => batch.Exists(IsCompleted, ("$id", l.Id.ToBytes()), ("$token", l.LeaseToken)))]);
    }

    public Task<IReadOnlyList<SettleOutcome>> EndAttemptAsync(StorageSession session, IReadOnlyList<AttemptEnd> ends, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        return Task.FromResult<IReadOnlyList<SettleOutcome>>([.. ends.Select(end => EndOne(batch, end))]);
    }

    public Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(StorageSession session, CancellationToken ct) =>
        // The write transaction itself is the lock: there is only one in the file.
        Task.FromResult<IReadOnlyList<OrphanedRun>>(new Batch(this, session).Query(
            FindOrphans,
            r => new OrphanedRun(
                r.GetRunId(0), r.IsDBNull(1) ? null : new WorkerId(r.GetId(1)),
                r.GetInt64(2), r.GetInt32(3), r.GetBoolean(4))));

    public Task RescueAsync(StorageSession session, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        foreach (var run in runs)
        {
            var id = run.Orphan.Id.ToBytes();
            batch.Execute(
                InsertAttempt,
                ("$id", id), ("$token", run.Orphan.LeaseToken), ("$now", Values.ToMicroseconds(now)),
                ("$outcome", (int)AttemptOutcome.Crashed), ("$type", RescuedRun.ErrorType), ("$error", run.Error),
                ("$stack", DBNull.Value), ("$verdict", DBNull.Value), ("$max", DBNull.Value), ("$from", DBNull.Value));
            batch.Execute(
                Rescue,
                ("$id", id), ("$state", (int)run.Next), ("$crashes", run.Crashes), ("$now", Values.ToMicroseconds(now)),
                ("$type", RescuedRun.ErrorType), ("$error", run.Error), ("$fingerprint", Values.OrNull(run.Fingerprint)));
            if (run.Fingerprint is not null)
                batch.Execute(InsertDeadLetter, ("$id", id), ("$now", Values.ToMicroseconds(now)));
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        StorageSession session, DateTimeOffset until, int limit, IReadOnlyList<string> leftOut, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<StageableRun>>(new Batch(this, session).Query(
            ReadUnstaged,
            r => new StageableRun(r.GetRunId(0), r.GetString(1), r.GetInstant(2)),
            ("$until", Values.ToMicroseconds(until)), ("$limit", limit), ("$lanes", JsonSerializer.Serialize(leftOut))));

    public Task MarkStagedAsync(StorageSession session, IReadOnlyList<StageableRun> runs, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        foreach (var run in runs)
            batch.Execute(MarkStaged, ("$id", run.Id.ToBytes()), ("$due", Values.ToMicroseconds(run.DueAt)));
        return Task.CompletedTask;
    }

    /// <remarks>Nobody else writes between the look and the deletion. An index finds ended runs by their end, whatever their
    /// state.</remarks>
    public Task<PrunedRuns> DeleteEndedAsync(
        StorageSession session, bool succeeded, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken ct)
    {
        var batch = new Batch(this, session);
        var ids = batch.Query(
            succeeded ? FindSucceeded : FindFailedOrCanceled, r => r.GetFieldValue<byte[]>(0),
            ("$before", Values.ToMicroseconds(before)), ("$from", Values.ToMicroseconds(from)), ("$limit", limit));
        foreach (var id in ids)
        {
            foreach (var sql in DeleteRun)
                batch.Execute(sql, ("$id", id));
        }

        return Task.FromResult(new PrunedRuns(ids.Count, ids.Count == limit, Last: null));
    }

    public Task<int> DeleteInboxAsync(StorageSession session, DateTimeOffset before, int limit, CancellationToken ct) =>
        Task.FromResult(new Batch(this, session).Execute(DeleteInbox, ("$before", Values.ToMicroseconds(before)), ("$limit", limit)));

    public Task DeleteLeftOversAsync(StorageSession session, DateTimeOffset before, CancellationToken ct)
    {
        new Batch(this, session).Execute(DeleteWorkers, ("$before", Values.ToMicroseconds(before)));
        return Task.CompletedTask;
    }

    public Task<bool> LockTermAsync(StorageSession session, string lease, long term, CancellationToken ct) =>
        // The write transaction itself is the lock: there is only one in the file.
        Task.FromResult(new Batch(this, session).Exists(LockTerm, ("$name", lease), ("$term", term)));

    private static EnqueueOutcome InsertOne(Batch batch, NewRun run)
    {
        var inserted = batch.Execute(
            Insert,
            ("$id", run.Id.ToBytes()), ("$job", run.Job), ("$lane", run.Lane), ("$due", Values.ToMicroseconds(run.DueAt)),
            ("$staged", run.Staged), ("$max", Values.OrNull(run.MaxAttempts)), ("$created", Values.ToMicroseconds(run.CreatedAt)),
            ("$key", Values.OrNull(run.IdempotencyKey)), ("$hash", Values.OrNull(run.RequestHash)),
            ("$schedule", Values.OrNull(run.ScheduleId)), ("$fire", Values.OrNull(run.FireTime)),
            ("$overlap", (int)run.Overlap), ("$parent", Values.OrNull(run.ParentId)),
            ("$args", run.Args), ("$tags", Values.OrNull(run.Tags)), ("$trace", Values.OrNull(run.TraceParent)));
        if (inserted == 1)
        {
            if (run.EnqueuedBy is { } by)
                batch.Execute(SetActor, ("$id", run.Id.ToBytes()), ("$by", by.ToRow()));
            return new EnqueueOutcome(EnqueueStatus.Inserted, run.Id);
        }

        if (run.IdempotencyKey is { } key
            && batch.Query(FindKey, r => (Id: r.GetRunId(0), Hash: r.GetFieldValue<byte[]>(1)), ("$key", key)) is [var byKey])
        {
            var same = run.RequestHash.AsSpan().SequenceEqual(byKey.Hash);
            return new EnqueueOutcome(same ? EnqueueStatus.Existing : EnqueueStatus.Conflict, byKey.Id);
        }

        if (run.ScheduleId is { } schedule
            && batch.Query(FindOccurrence, r => r.GetRunId(0), ("$schedule", schedule), ("$fire", Values.OrNull(run.FireTime)))
                is [var planned])
        {
            return new EnqueueOutcome(EnqueueStatus.Existing, planned);
        }

        // Neither key nor occurrence: the id itself is stored already, by an earlier try of the same insert.
        return new EnqueueOutcome(EnqueueStatus.Existing, run.Id);
    }

    private static ClaimOutcome ClaimOne(Batch batch, byte[] worker, RunId id, DateTimeOffset now, bool passedGates)
    {
        var token = Random.Shared.NextInt64();
        var key = id.ToBytes();
        var claimed = batch.Query(
            Claim,
            r => new ClaimedRun
            {
                Id = id,
                Job = r.GetString(0),
                Lane = r.GetString(1),
                Args = r.GetString(2),
                Attempt = r.GetInt32(3),
                AttemptOffset = r.GetInt32(4),
                MaxAttempts = r.IsDBNull(5) ? null : r.GetInt32(5),
                LeaseToken = token,
                StartedAt = now,
                DueAt = r.GetInstant(6),
                ScheduleId = r.GetStringOrNull(7),
                FireTime = r.GetInstantOrNull(8),
                Tags = r.GetStringOrNull(9),
                TraceParent = r.GetStringOrNull(10),
            },
            ("$id", key), ("$worker", worker), ("$token", token), ("$now", Values.ToMicroseconds(now)),
            ("$last", PendingRun.LastChance), ("$passed", passedGates));
        if (claimed is [var run])
            return new ClaimOutcome(ClaimStatus.Claimed, run);
        var pending = batch.Query(
            FindPending,
            r => new PendingRun
            {
                Id = id,
                DueAt = r.GetInstant(0),
                Overlap = (OverlapPolicy)r.GetInt32(1),
                Crashes = r.GetInt32(2),
                ScheduleId = r.GetStringOrNull(3),
                Position = r.GetInstant(4),
            },
            ("$id", key));
        return pending is [var left] ? ClaimOutcome.Left(left, now, passedGates) : ClaimOutcome.Duplicate;
    }

    private static SettleOutcome CompleteOne(Batch batch, Completion completion)
    {
        var id = completion.Id.ToBytes();
        var completed = batch.Execute(
            Complete,
            ("$id", id), ("$token", completion.LeaseToken), ("$now", Values.ToMicroseconds(completion.FinishedAt)),
            ("$output", Values.OrNull(completion.Output)));
        if (completed == 0)
        {
            return batch.Exists(IsCompleted, ("$id", id), ("$token", completion.LeaseToken))
                ? SettleOutcome.AlreadyCompleted
                : SettleOutcome.LeaseLost;
        }

        foreach (var run in completion.FollowUps)
            InsertOne(batch, run);
        foreach (var message in completion.Events)
            InsertEventRow(batch, message);
        return SettleOutcome.Settled;
    }

    private static void InsertEventRow(Batch batch, OutboxMessage message) => batch.Execute(
        InsertEvent,
        ("$message", message.MessageId.ToByteArray(bigEndian: true)), ("$name", message.Name), ("$body", message.Body),
        ("$run", Values.OrNull(message.RunId)), ("$trace", Values.OrNull(message.TraceParent)),
        ("$created", Values.ToMicroseconds(message.CreatedAt)));

    private static SettleOutcome EndOne(Batch batch, AttemptEnd end)
    {
        var id = end.Id.ToBytes();
        var now = Values.ToMicroseconds(end.EndedAt);
        var isRepeated = end.SharesRow && batch.Execute(
            RepeatAttempt,
            ("$id", id), ("$token", end.LeaseToken), ("$now", now), ("$outcome", (int)end.Outcome),
            ("$type", Values.OrNull(end.ErrorType)), ("$error", Values.OrNull(end.Error))) > 0;
        var attempt = isRepeated ? 1 : batch.Execute(
            InsertAttempt,
            ("$id", id), ("$token", end.LeaseToken), ("$now", now), ("$outcome", (int)end.Outcome),
            ("$type", Values.OrNull(end.ErrorType)), ("$error", Values.OrNull(end.Error)), ("$stack", Values.OrNull(end.Stack)),
            ("$verdict", Values.OrNull((int?)end.Decision?.Verdict)), ("$max", Values.OrNull(end.Decision?.Limit?.Max)),
            ("$from", Values.OrNull((int?)end.Decision?.Limit?.From)));
        if (attempt == 0)
            return SettleOutcome.LeaseLost;
        var fingerprint = end.Fingerprint;
        var states = batch.Query(
            EndAttempt, row => (RunState)row.GetInt32(0),
            ("$id", id), ("$token", end.LeaseToken), ("$now", now), ("$outcome", (int)end.Outcome), ("$state", (int)end.Next),
            ("$due", Values.OrNull(end.DueAt)), ("$staged", end.Staged || end.Next != RunState.Pending), ("$uncounted", end.Counts ? 0 : 1),
            ("$type", Values.OrNull(end.ErrorType)), ("$error", Values.OrNull(end.Error)), ("$fingerprint", Values.OrNull(fingerprint)));
        if (fingerprint is not null)
            batch.Execute(InsertDeadLetter, ("$id", id), ("$now", now));
        return end.Became(states[0]);
    }

    /// <summary>Executes statements of one transaction, prepared once when it is the storage's own.</summary>
    private readonly struct Batch(SqliteRunStatements owner, StorageSession session)
    {
        private readonly SqliteTransaction _transaction = (SqliteTransaction)session.Transaction;

        public int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> values)
        {
            var command = Command(sql, values);
            try
            {
                return command.ExecuteNonQuery();
            }
            finally
            {
                Return(command);
            }
        }

        public bool Exists(string sql, params ReadOnlySpan<(string Name, object Value)> values)
        {
            var command = Command(sql, values);
            try
            {
                return command.ExecuteScalar() is not null;
            }
            finally
            {
                Return(command);
            }
        }

        public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object Value)> values)
        {
            var command = Command(sql, values);
            try
            {
                using var reader = command.ExecuteReader();
                var rows = new List<T>();
                while (reader.Read())
                    rows.Add(read(reader));
                return rows;
            }
            finally
            {
                Return(command);
            }
        }

        private SqliteCommand Command(string sql, ReadOnlySpan<(string Name, object Value)> values)
        {
            var isOwn = ReferenceEquals(_transaction.Connection, owner.Writer);
            if (!isOwn || !owner._prepared.TryGetValue(sql, out var command))
            {
                command = new SqliteCommand(sql, _transaction.Connection);
                foreach (var (name, _) in values)
                    command.Parameters.Add(new SqliteParameter { ParameterName = name });
                if (isOwn)
                    owner._prepared.Add(sql, command);
            }

            command.Transaction = _transaction;
            for (var i = 0; i < values.Length; i++)
                command.Parameters[i].Value = values[i].Value;
            return command;
        }

        private void Return(SqliteCommand command)
        {
            if (!ReferenceEquals(_transaction.Connection, owner.Writer))
                command.Dispose();
        }
    }

    private SqliteConnection Writer => writer;
}
