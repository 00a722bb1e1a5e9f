using System.Data.Common;
using Fleet.Core.Outbox;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Npgsql;
using NpgsqlTypes;
using static Fleet.Storage.Postgres.Statement;

namespace Fleet.Storage.Postgres;

/// <summary>The hot statements in PostgreSQL's SQL. A batch is one statement over arrays (<c>unnest</c>), so the number of
/// round trips does not depend on the number of runs.</summary>
/// <remarks>Two habits. Rows are locked in the order of their ids, so that two batches that meet wait for each other and do
/// not deadlock. And where ids are given, the state is compared as <c>state + 0</c>: a plain <c>state = 0</c> would let the
/// planner read the partial index of all pending runs and filter the ids afterwards.</remarks>
internal sealed class PostgresRunStatements : IRunStatements
{
    private const string Insert = """
        INSERT INTO runs (id, job, lane, state, due_at, staged, attempt, attempt_offset, max_attempts, crashes, replays, lease_token,
            created_at, idempotency_key, request_hash, schedule_id, fire_time, revoked, parent_id, args, tags, trace_parent)
        SELECT n.id, n.job, n.lane, 0, n.due, n.staged, 0, 0, n.max, 0, 0, 0,
            n.created, n.key, n.hash, n.schedule, n.fire, false, n.parent, n.args, n.tags, n.trace
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::boolean[], $6::integer[], $7::timestamptz[], $8::text[],
            $9::bytea[], $10::text[], $11::timestamptz[], $12::uuid[], $13::text[], $14::text[], $15::text[])
            AS n(id, job, lane, due, staged, max, created, key, hash, schedule, fire, parent, args, tags, trace)
        ON CONFLICT DO NOTHING
        RETURNING id
        """;

    private const string FindKeys = "SELECT idempotency_key, id, request_hash FROM runs WHERE idempotency_key = ANY($1)";

    private const string FindOccurrences = """
        SELECT r.schedule_id, r.fire_time, r.id
        FROM unnest($1::text[], $2::timestamptz[]) AS o(schedule, fire)
        JOIN runs r ON r.schedule_id = o.schedule AND r.fire_time = o.fire AND r.fire_time IS NOT NULL AND NOT r.revoked
        """;

    private const string FindIds = "SELECT id FROM runs WHERE id = ANY($1)";

    private const string IsAlive = "SELECT EXISTS (SELECT 1 FROM workers WHERE id = $1 AND state <> 2)";

    // Of the runs on their last chance at most one is claimed, and none while the worker runs another.
    internal const string Claim = """
        WITH found AS (
            SELECT r.id, r.crashes, w.token, w.position
            FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS w(id, token, position)
            JOIN runs r ON r.id = w.id
            WHERE r.state + 0 = 0 AND r.due_at <= $4 AND EXISTS (SELECT 1 FROM workers WHERE id = $3 AND state <> 2)
            ORDER BY r.id FOR UPDATE OF r
        ), chosen AS (
            SELECT id, token FROM found WHERE crashes < $5
            UNION ALL
            (SELECT id, token FROM found WHERE crashes >= $5
                AND NOT EXISTS (SELECT 1 FROM runs AS other WHERE other.worker_id = $3 AND other.state = 1 AND other.crashes >= $5)
             ORDER BY position LIMIT 1)
        )
        UPDATE runs AS r SET state = 1, attempt = r.attempt + 1, worker_id = $3, lease_token = c.token, started_at = $4,
            staged = true, progress = NULL, progress_message = NULL
        FROM chosen c WHERE r.id = c.id
        RETURNING r.id, r.lease_token, r.job, r.lane, r.args, r.attempt, r.attempt_offset, r.max_attempts, r.due_at, r.schedule_id, r.fire_time,
            r.tags, r.trace_parent
        """;

    private const string FindPending = "SELECT id, due_at FROM runs WHERE id = ANY($1) AND state + 0 = 0";

    internal const string Complete = """
        WITH found AS (
            SELECT r.id, c.finished, c.output
            FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[]) AS c(id, token, finished, output)
            JOIN runs r ON r.id = c.id
            WHERE r.lease_token = c.token AND r.state + 0 = 1
            ORDER BY r.id FOR UPDATE OF r
        )
        UPDATE runs AS r SET state = 2, finished_at = f.finished, output = f.output, error = NULL, error_type = NULL, cancel_requested_at = NULL,
            progress = CASE WHEN r.progress IS NULL THEN NULL ELSE 1 END
        FROM found f WHERE r.id = f.id
        RETURNING r.id, r.lease_token
        """;

    private const string FindCompleted = "SELECT id, lease_token FROM runs WHERE id = ANY($1) AND state + 0 = 2";

    private const string InsertEvents = """
        INSERT INTO outbox (message_id, name, body, run_id, trace_parent, created_at, failures, next_try_at)
        SELECT e.message, e.name, e.body, e.run, e.trace, e.created, 0, e.created
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[]) AS e(message, name, body, run, trace, created)
        """;

    // A cancel that came while the attempt was ending wins over another try.
    internal const string EndAttempt = """
        WITH found AS (
            SELECT r.id, r.attempt, r.worker_id, r.started_at, e.ended, e.outcome, e.next, e.due, e.uncounted, e.type, e.error, e.stack
            FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::integer[], $5::integer[], $6::timestamptz[], $7::integer[],
                $8::text[], $9::text[], $10::text[]) AS e(id, token, ended, outcome, next, due, uncounted, type, error, stack)
            JOIN runs r ON r.id = e.id
            WHERE r.lease_token = e.token AND r.state + 0 = 1
            ORDER BY r.id FOR UPDATE OF r
        ), written AS (
            INSERT INTO attempts (run_id, number, worker_id, started_at, ended_at, outcome, error_type, error, stack)
            SELECT id, attempt, worker_id, started_at, ended, outcome, type, error, stack FROM found
        )
        UPDATE runs AS r SET
            state = CASE WHEN f.next = 0 AND r.cancel_requested_at IS NOT NULL THEN 4 ELSE f.next END,
            finished_at = CASE WHEN f.next = 0 AND r.cancel_requested_at IS NULL THEN NULL ELSE f.ended END,
            due_at = coalesce(f.due, r.due_at), staged = f.next <> 0, attempt = r.attempt - f.uncounted,
            error_type = CASE WHEN r.cancel_requested_at IS NOT NULL AND f.next IN (0, 4) THEN NULL
                WHEN f.outcome IN (3, 4) THEN r.error_type ELSE f.type END,
            error = CASE WHEN r.cancel_requested_at IS NOT NULL AND f.next IN (0, 4) THEN r.error
                WHEN f.outcome IN (3, 4) THEN r.error ELSE f.error END
        FROM found f WHERE r.id = f.id
        RETURNING r.id, r.lease_token
        """;

    private const string LockOrphans = """
        SELECT id, worker_id, lease_token, crashes, cancel_requested_at IS NOT NULL FROM runs
        WHERE state = 1 AND (worker_id IS NULL OR worker_id NOT IN (SELECT id FROM workers WHERE state <> 2))
        ORDER BY id FOR UPDATE
        """;

    private const string Rescue = """
        WITH rescued AS (
            SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[]) AS o(id, next, crashes, error)
        ), written AS (
            INSERT INTO attempts (run_id, number, worker_id, started_at, ended_at, outcome, error_type, error)
            SELECT r.id, r.attempt, r.worker_id, r.started_at, $5, $6, $7, o.error FROM rescued o JOIN runs r ON r.id = o.id
        )
        UPDATE runs AS r SET state = o.next, crashes = o.crashes, attempt_offset = r.attempt_offset + 1, staged = false, due_at = $5,
            finished_at = CASE WHEN o.next = 0 THEN NULL ELSE $5 END,
            error_type = CASE WHEN o.next = 4 THEN r.error_type ELSE $7 END,
            error = CASE WHEN o.next = 4 THEN r.error ELSE o.error END
        FROM rescued o WHERE r.id = o.id
        """;

    private const string ReadUnstaged =
        "SELECT id, lane, due_at FROM runs WHERE state = 0 AND NOT staged AND due_at <= $1 ORDER BY due_at LIMIT $2";

    internal const string MarkStaged = """
        WITH found AS (
            SELECT r.id FROM unnest($1::uuid[], $2::timestamptz[]) AS s(id, due) JOIN runs r ON r.id = s.id
            WHERE r.state + 0 = 0 AND NOT r.staged AND r.due_at = s.due
            ORDER BY r.id FOR UPDATE OF r
        )
        UPDATE runs AS r SET staged = true FROM found f WHERE r.id = f.id
        """;

    // Shared by all of this leader's writes, refused to whoever wants to take or renew the lease.
    private const string LockTerm = "SELECT 1 FROM leases WHERE name = $1 AND term = $2 FOR SHARE";

    public async Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(DbTransaction transaction, IReadOnlyList<NewRun> runs, CancellationToken ct)
    {
        if (runs.Count == 0)
            return [];
        var outcomes = new EnqueueOutcome[runs.Count];
        var left = Enumerable.Range(0, runs.Count).ToList();
        // A second round is for a run whose twin was deleted between the refusal and the look at it.
        while (left.Count > 0)
            left = await InsertRoundAsync(Own(transaction), runs, left, outcomes, ct);
        return outcomes;
    }

    public async Task<IReadOnlyList<ClaimOutcome>> ClaimAsync(
        DbTransaction transaction, WorkerId worker, IReadOnlyList<RunId> ids, DateTimeOffset now, CancellationToken ct)
    {
        var own = Own(transaction);
        var wanted = ids.Distinct().Select(id => id.Value).ToArray();
        await using var batch = new NpgsqlBatch(own.Connection, own);
        batch.BatchCommands.Add(Command(IsAlive, Uuid(worker.Value)));
        batch.BatchCommands.Add(Command(
            Claim, Uuids(wanted), Array(NpgsqlDbType.Bigint, wanted.Select(_ => Random.Shared.NextInt64())),
            Uuid(worker.Value), Instant(now), Integer(RescueRuns.CrashCap - 1)));
        var claimed = new Dictionary<Guid, ClaimedRun>(wanted.Length);
        await using (var reader = await batch.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            if (!reader.GetBoolean(0))
                return [.. ids.Select(_ => ClaimOutcome.WorkerGone)];
            await reader.NextResultAsync(ct);
            while (await reader.ReadAsync(ct))
                claimed.Add(reader.GetGuid(0), ReadClaimed(reader, now));
        }

        var pending = new Dictionary<Guid, DateTimeOffset>();
        if (claimed.Count < wanted.Length)
        {
            var rows = await QueryAsync(own, FindPending, r => (r.GetGuid(0), r.GetFieldValue<DateTimeOffset>(1)), ct, Uuids([.. wanted.Where(id => !claimed.ContainsKey(id))]));
            foreach (var (id, due) in rows)
                pending.Add(id, due);
        }

        return [.. ids.Select(id => Outcome(id.Value))];

        ClaimOutcome Outcome(Guid id)
        {
            // Removed: the same id a second time in one batch is a duplicate.
            if (claimed.Remove(id, out var run))
                return new ClaimOutcome(ClaimStatus.Claimed, run);
            // Pending and due, yet not claimed: it is on its last chance and has to wait for another such run to end.
            return pending.TryGetValue(id, out var due)
                ? new ClaimOutcome(ClaimStatus.NotDue, DueAt: due > now ? due : now + ClaimRuns.LastChancePause)
                : ClaimOutcome.Duplicate;
        }
    }

    public async Task<IReadOnlyList<SettleOutcome>> CompleteAsync(
        DbTransaction transaction, IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        var own = Own(transaction);
        var unique = completions.DistinctBy(c => (c.Id, c.LeaseToken)).ToArray();
        var settled = (await QueryAsync(
            own, Complete, r => (r.GetGuid(0), r.GetInt64(1)), ct,
            Uuids([.. unique.Select(c => c.Id.Value)]), Array(NpgsqlDbType.Bigint, unique.Select(c => c.LeaseToken)),
            Array(NpgsqlDbType.TimestampTz, unique.Select(c => Utc(c.FinishedAt))), Array(NpgsqlDbType.Text, unique.Select(c => c.Output)))).ToHashSet();

        // Those that the same claim has completed before: in its handler's transaction, or further up in this batch.
        HashSet<(Guid, long)> completed = settled.Count == completions.Count
            ? []
            : (await QueryAsync(own, FindCompleted, r => (r.GetGuid(0), r.GetInt64(1)), ct, Uuids([.. unique.Select(c => c.Id.Value)]))).ToHashSet();
        var done = new List<Completion>(settled.Count);
        var outcomes = new SettleOutcome[completions.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            var claim = (completions[i].Id.Value, completions[i].LeaseToken);
            var isSettled = settled.Remove(claim);
            if (isSettled)
                done.Add(completions[i]);
            outcomes[i] = isSettled ? SettleOutcome.Settled : completed.Contains(claim) ? SettleOutcome.AlreadyCompleted : SettleOutcome.LeaseLost;
        }

        await InsertAsync(own, [.. done.SelectMany(c => c.FollowUps)], ct);
        await InsertEventsAsync(own, [.. done.SelectMany(c => c.Events)], ct);
        return outcomes;
    }

    public async Task<IReadOnlyList<SettleOutcome>> EndAttemptAsync(DbTransaction transaction, IReadOnlyList<AttemptEnd> ends, CancellationToken ct)
    {
        var unique = ends.DistinctBy(e => (e.Id, e.LeaseToken)).ToArray();
        var settled = (await QueryAsync(
            Own(transaction), EndAttempt, r => (r.GetGuid(0), r.GetInt64(1)), ct,
            Uuids([.. unique.Select(e => e.Id.Value)]), Array(NpgsqlDbType.Bigint, unique.Select(e => e.LeaseToken)),
            Array(NpgsqlDbType.TimestampTz, unique.Select(e => Utc(e.EndedAt))), Array(NpgsqlDbType.Integer, unique.Select(e => (int)e.Outcome)),
            Array(NpgsqlDbType.Integer, unique.Select(e => (int)e.Next)), Array(NpgsqlDbType.TimestampTz, unique.Select(e => Utc(e.DueAt))),
            Array(NpgsqlDbType.Integer, unique.Select(e => e.Counts ? 0 : 1)), Array(NpgsqlDbType.Text, unique.Select(e => e.ErrorType)),
            Array(NpgsqlDbType.Text, unique.Select(e => e.Error)), Array(NpgsqlDbType.Text, unique.Select(e => e.Stack)))).ToHashSet();
        return [.. ends.Select(e => settled.Remove((e.Id.Value, e.LeaseToken)) ? SettleOutcome.Settled : SettleOutcome.LeaseLost)];
    }

    public async Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(DbTransaction transaction, CancellationToken ct) => await QueryAsync(
        Own(transaction), LockOrphans,
        r => new OrphanedRun(new RunId(r.GetGuid(0)), r.IsDBNull(1) ? null : new WorkerId(r.GetGuid(1)), r.GetInt64(2), r.GetInt32(3), r.GetBoolean(4)), ct);

    public Task RescueAsync(DbTransaction transaction, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct) => ExecuteAsync(
        Own(transaction), Rescue, ct,
        Uuids([.. runs.Select(r => r.Orphan.Id.Value)]), Array(NpgsqlDbType.Integer, runs.Select(r => (int)r.Next)),
        Array(NpgsqlDbType.Integer, runs.Select(r => r.Crashes)), Array(NpgsqlDbType.Text, runs.Select(r => r.Error)),
        Instant(now), Integer((int)AttemptOutcome.Crashed), Text(RescuedRun.ErrorType));

    public async Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        DbTransaction transaction, DateTimeOffset until, int limit, CancellationToken ct) => await QueryAsync(
        Own(transaction), ReadUnstaged, r => new StageableRun(new RunId(r.GetGuid(0)), r.GetString(1), r.GetFieldValue<DateTimeOffset>(2)), ct,
        Instant(until), Integer(limit));

    public Task MarkStagedAsync(DbTransaction transaction, IReadOnlyList<StageableRun> runs, CancellationToken ct) => ExecuteAsync(
        Own(transaction), MarkStaged, ct, Uuids([.. runs.Select(r => r.Id.Value)]), Array(NpgsqlDbType.TimestampTz, runs.Select(r => Utc(r.DueAt))));

    public async Task<bool> LockTermAsync(DbTransaction transaction, string lease, long term, CancellationToken ct) =>
        (await QueryAsync(Own(transaction), LockTerm, _ => true, ct, Text(lease), new NpgsqlParameter<long> { TypedValue = term })).Count > 0;

    /// <summary>Inserts what is left and finds out why the rest was not inserted.</summary>
    /// <returns>Those that have to be tried again.</returns>
    private static async Task<List<int>> InsertRoundAsync(
        NpgsqlTransaction own, IReadOnlyList<NewRun> runs, List<int> left, EnqueueOutcome[] outcomes, CancellationToken ct)
    {
        // 1. By key and occurrence: two batches that bring the same ones wait for each other and do not deadlock.
        var rows = left.Select(i => runs[i])
            .OrderBy(r => r.IdempotencyKey, StringComparer.Ordinal).ThenBy(r => r.ScheduleId, StringComparer.Ordinal).ThenBy(r => r.FireTime).ToArray();
        var inserted = (await QueryAsync(
            own, Insert, r => r.GetGuid(0), ct,
            Uuids([.. rows.Select(r => r.Id.Value)]), Array(NpgsqlDbType.Text, rows.Select(r => r.Job)), Array(NpgsqlDbType.Text, rows.Select(r => r.Lane)),
            Array(NpgsqlDbType.TimestampTz, rows.Select(r => Utc(r.DueAt))), Array(NpgsqlDbType.Boolean, rows.Select(r => r.Staged)),
            Array(NpgsqlDbType.Integer, rows.Select(r => r.MaxAttempts)), Array(NpgsqlDbType.TimestampTz, rows.Select(r => Utc(r.CreatedAt))),
            Array(NpgsqlDbType.Text, rows.Select(r => r.IdempotencyKey)), Array(NpgsqlDbType.Bytea, rows.Select(r => r.RequestHash)),
            Array(NpgsqlDbType.Text, rows.Select(r => r.ScheduleId)), Array(NpgsqlDbType.TimestampTz, rows.Select(r => Utc(r.FireTime))),
            Array(NpgsqlDbType.Uuid, rows.Select(r => r.ParentId?.Value)), Array(NpgsqlDbType.Text, rows.Select(r => r.Args)),
            Array(NpgsqlDbType.Text, rows.Select(r => r.Tags)), Array(NpgsqlDbType.Text, rows.Select(r => r.TraceParent)))).ToHashSet();

        // 2. The rest exists already: by key, by occurrence, or by id (an earlier try of the same insert).
        var refused = new List<int>();
        foreach (var i in left)
        {
            if (inserted.Remove(runs[i].Id.Value))
                outcomes[i] = new EnqueueOutcome(EnqueueStatus.Inserted, runs[i].Id);
            else
                refused.Add(i);
        }

        return refused.Count == 0 ? refused : await FindTwinsAsync(own, runs, refused, outcomes, ct);
    }

    private static async Task<List<int>> FindTwinsAsync(
        NpgsqlTransaction own, IReadOnlyList<NewRun> runs, List<int> refused, EnqueueOutcome[] outcomes, CancellationToken ct)
    {
        var twins = refused.Select(i => runs[i]).ToArray();
        var keys = (await QueryAsync(
            own, FindKeys, r => (Key: r.GetString(0), Id: r.GetGuid(1), Hash: r.GetFieldValue<byte[]>(2)), ct,
            Array(NpgsqlDbType.Text, twins.Select(r => r.IdempotencyKey).OfType<string>()))).ToDictionary(k => k.Key, StringComparer.Ordinal);
        var planned = twins.Where(r => r is { ScheduleId: not null, FireTime: not null }).DistinctBy(r => (r.ScheduleId, r.FireTime)).ToArray();
        var occurrences = (await QueryAsync(
            own, FindOccurrences, r => (Schedule: r.GetString(0), Fire: r.GetFieldValue<DateTimeOffset>(1), Id: r.GetGuid(2)), ct,
            Array(NpgsqlDbType.Text, planned.Select(r => r.ScheduleId)), Array(NpgsqlDbType.TimestampTz, planned.Select(r => Utc(r.FireTime)))))
            .ToDictionary(o => (o.Schedule, o.Fire), o => o.Id);
        var ids = (await QueryAsync(own, FindIds, r => r.GetGuid(0), ct, Uuids([.. twins.Select(r => r.Id.Value)]))).ToHashSet();

        var again = new List<int>();
        foreach (var i in refused)
        {
            var run = runs[i];
            if (run.IdempotencyKey is { } key && keys.TryGetValue(key, out var byKey))
            {
                var isSame = run.RequestHash.AsSpan().SequenceEqual(byKey.Hash);
                outcomes[i] = new EnqueueOutcome(isSame ? EnqueueStatus.Existing : EnqueueStatus.Conflict, new RunId(byKey.Id));
            }
            else if (run is { ScheduleId: { } schedule, FireTime: { } fire } && occurrences.TryGetValue((schedule, fire), out var occurrence))
            {
                outcomes[i] = new EnqueueOutcome(EnqueueStatus.Existing, new RunId(occurrence));
            }
            else if (ids.Contains(run.Id.Value))
            {
                outcomes[i] = new EnqueueOutcome(EnqueueStatus.Existing, run.Id);
            }
            else
            {
                again.Add(i);
            }
        }

        return again;
    }

    private static Task InsertEventsAsync(NpgsqlTransaction own, OutboxMessage[] messages, CancellationToken ct) => messages.Length == 0
        ? Task.CompletedTask
        : ExecuteAsync(
            own, InsertEvents, ct,
            Uuids([.. messages.Select(m => m.MessageId)]), Array(NpgsqlDbType.Text, messages.Select(m => m.Name)),
            Array(NpgsqlDbType.Text, messages.Select(m => m.Body)), Array(NpgsqlDbType.Uuid, messages.Select(m => m.RunId?.Value)),
            Array(NpgsqlDbType.Text, messages.Select(m => m.TraceParent)), Array(NpgsqlDbType.TimestampTz, messages.Select(m => Utc(m.CreatedAt))));

    private static ClaimedRun ReadClaimed(NpgsqlDataReader reader, DateTimeOffset now) => new()
    {
        Id = new RunId(reader.GetGuid(0)),
        LeaseToken = reader.GetInt64(1),
        Job = reader.GetString(2),
        Lane = reader.GetString(3),
        Args = reader.GetString(4),
        Attempt = reader.GetInt32(5),
        AttemptOffset = reader.GetInt32(6),
        MaxAttempts = reader.IsDBNull(7) ? null : reader.GetInt32(7),
        DueAt = reader.GetFieldValue<DateTimeOffset>(8),
        StartedAt = now,
        ScheduleId = reader.IsDBNull(9) ? null : reader.GetString(9),
        FireTime = reader.IsDBNull(10) ? null : reader.GetFieldValue<DateTimeOffset>(10),
        Tags = reader.IsDBNull(11) ? null : reader.GetString(11),
        TraceParent = reader.IsDBNull(12) ? null : reader.GetString(12),
    };

    internal static NpgsqlTransaction Own(DbTransaction transaction) => transaction as NpgsqlTransaction ?? throw new ArgumentException(
        $"The transaction is a {transaction.GetType()}; Fleet's database here is PostgreSQL and needs an NpgsqlTransaction.", nameof(transaction));
}
