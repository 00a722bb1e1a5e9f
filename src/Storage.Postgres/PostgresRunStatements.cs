using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Sql;
using Npgsql;
using NpgsqlTypes;
using static Fleet.Storage.Postgres.Statement;

namespace Fleet.Storage.Postgres;

/// <summary>The hot statements in PostgreSQL's SQL, each over arrays (<c>unnest</c>).</summary>
/// <remarks>Rows are locked in the order of their ids, so that two batches that meet wait for each other and do not deadlock: with
/// <c>FOR UPDATE</c>, or, where that would cost a third of the statement, by the order of the array that a nested loop reads (should they
/// deadlock after all, the loser is tried again). Claim and completion of a simple run change no column that an index sees: what waits is
/// found in <c>pending_sets</c>, what runs in <c>claim_sets</c> (docs/adr/0014).</remarks>
internal sealed class PostgresRunStatements(FleetSchema schema) : ServerRunStatements
{
    private const string NewColumns = """
        id, job, lane, state, due_at, staged, attempt, attempt_offset, max_attempts, crashes, replays, lease_token,
            created_at, idempotency_key, request_hash, schedule_id, fire_time, overlap, revoked,
            parent_id, args, tags, trace_parent, indexed_state
        """;

    private const string NewValues = """
        n.id, n.job, n.lane, 0, n.due, n.staged, 0, 0, n.max, 0, 0, 0,
            n.created, n.key, n.hash, n.schedule, n.fire, n.overlap, false, n.parent, n.args, n.tags, n.trace, n.indexed_state
        """;

    // The arrays side by side in SELECT: as one call in FROM each of the seventeen would be written to a store of its own first,
    // a sixth of the statement.
    private const string NewArrays = """
        SELECT unnest($1::uuid[]) AS id, unnest($2::text[]) AS job, unnest($3::text[]) AS lane, unnest($4::timestamptz[]) AS due,
                unnest($5::boolean[]) AS staged, unnest($6::integer[]) AS max, unnest($7::timestamptz[]) AS created,
                unnest($8::text[]) AS key, unnest($9::bytea[]) AS hash, unnest($10::text[]) AS schedule,
                unnest($11::timestamptz[]) AS fire, unnest($12::uuid[]) AS parent, unnest($13::text[]) AS args,
                unnest($14::text[]) AS tags, unnest($15::text[]) AS trace, unnest($16::integer[]) AS overlap,
                unnest($17::integer[]) AS indexed_state
        """;

    // The rows n, as new runs.
    private const string InsertRuns = $"""
        INSERT INTO fleet.runs ({NewColumns})
        SELECT {NewValues}
        """;

    private const string Insert = $"""
        {InsertRuns}
        FROM (
            {NewArrays}
        ) AS n
        """;

    // Only for sets of runs of which some have an actor: the others do not pay for the column.
    private const string InsertWithActors = $"""
        INSERT INTO fleet.runs ({NewColumns}, enqueued_by)
        SELECT {NewValues}, n.actor
        FROM (
            {NewArrays}, unnest($18::text[]) AS actor
        ) AS n
        """;

    // Where nothing can be in the way, not looking for it saves a third.
    private const string InsertUnlessThere = Insert + UnlessThere;

    private const string InsertUnlessThereWithActors = InsertWithActors + UnlessThere;

    private const string UnlessThere = " ON CONFLICT DO NOTHING RETURNING id";

    private const string AddPendingSet = "INSERT INTO fleet.pending_sets (lane, due_at, ids) VALUES ($1, $2, $3)";

    private const string SimpleColumns = """
        id, job, lane, state, due_at, staged, attempt, attempt_offset, max_attempts, crashes, replays, lease_token,
            created_at, overlap, revoked, parent_id, args, tags, trace_parent
        """;

    private const string SimpleValues =
        "n.id, n.job, $2, 0, n.due, true, 0, 0, n.max, 0, 0, 0, n.created, 0, false, n.parent, n.args, n.tags, n.trace";

    private const string SimpleArrays = """
        SELECT unnest($1::uuid[]) AS id, unnest($4::text[]) AS job, unnest($5::timestamptz[]) AS due, unnest($6::timestamptz[]) AS created,
                unnest($7::text[]) AS args, unnest($8::integer[]) AS max, unnest($9::uuid[]) AS parent, unnest($10::text[]) AS tags,
                unnest($11::text[]) AS trace
        """;

    private const string WithPendingSet = """
        WITH pending_set AS (
            INSERT INTO fleet.pending_sets (lane, due_at, ids) VALUES ($2, $3, $1)
        )
        """;

    // Inserts new simple runs of one lane together with their pending set: one statement instead of two and half as many arrays, of which
    // those for rare columns are mostly empty.
    private const string InsertNewSimple = $"""
        {WithPendingSet}
        INSERT INTO fleet.runs ({SimpleColumns})
        SELECT {SimpleValues}
        FROM (
            {SimpleArrays}
        ) AS n
        """;

    private const string InsertNewSimpleWithActors = $"""
        {WithPendingSet}
        INSERT INTO fleet.runs ({SimpleColumns}, enqueued_by)
        SELECT {SimpleValues}, n.actor
        FROM (
            {SimpleArrays}, unnest($12::text[]) AS actor
        ) AS n
        """;

    /// <summary>Maximum number of ids in a pending set: as many as fit into a page.</summary>
    private const int PendingSetSize = 500;

    // Gives the runs of the oldest pending sets that still wait their indexed state. Not "indexed_state IS NULL": for that the planner
    // would read the index of all succeeded runs.
    internal const string IndexPendingSets = """
        WITH taken AS (
            DELETE FROM fleet.pending_sets WHERE id = ANY (ARRAY(
                SELECT id FROM fleet.pending_sets WHERE lane = $1 AND due_at < $2 ORDER BY due_at LIMIT 32 FOR UPDATE SKIP LOCKED))
            RETURNING ids
        ), waiting AS (
            SELECT r.id FROM taken CROSS JOIN unnest(taken.ids) AS i(id) JOIN fleet.runs r ON r.id = i.id
            WHERE r.state = 0 AND r.indexed_state IS DISTINCT FROM 0
            ORDER BY r.id FOR UPDATE OF r
        ), indexed AS (
            UPDATE fleet.runs AS r SET indexed_state = 0 FROM waiting w WHERE r.id = w.id
        )
        SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM waiting)
        """;

    /// <summary>How many pending sets a count reads, the last ones before the instant: the runs that wait are due one after the
    /// other.</summary>
    private const int MaxCountedSets = 16;

    // $1 is the lane, $2 the instant, $3 how far is counted.
    internal static readonly string CountDueBefore = $"""
        WITH last_sets AS (
            SELECT ids FROM fleet.pending_sets WHERE lane = $1 AND due_at < $2 ORDER BY due_at DESC LIMIT {MaxCountedSets}
        )
        SELECT (SELECT count(*) FROM (
                SELECT 1 FROM fleet.runs WHERE indexed_state = 0 AND lane = $1 AND due_at < $2 ORDER BY due_at LIMIT $3) AS i),
            (SELECT count(*) FROM last_sets CROSS JOIN unnest(ids) AS s(id) JOIN fleet.runs r ON r.id = s.id
                WHERE r.state = 0 AND r.indexed_state IS DISTINCT FROM 0),
            (SELECT count(*) FROM last_sets)
        """;

    private const string FindKeys = "SELECT idempotency_key, id, request_hash FROM fleet.runs WHERE idempotency_key = ANY($1)";

    private const string FindOccurrences = """
        SELECT r.schedule_id, r.fire_time, r.id
        FROM unnest($1::text[], $2::timestamptz[]) AS o(schedule, fire)
        JOIN fleet.runs r ON r.schedule_id = o.schedule AND r.fire_time = o.fire AND r.fire_time IS NOT NULL AND NOT r.revoked
        """;

    private const string FindIds = "SELECT id FROM fleet.runs WHERE id = ANY($1)";

    /// <summary>The runs <c>r</c> of a claim set <c>c</c> that are still held. A set without any is over: it was committed together with
    /// its runs, and its token never comes back.</summary>
    internal const string HeldRuns =
        "unnest(c.ids) AS i(id) JOIN fleet.runs r ON r.id = i.id AND r.state = 1 AND r.lease_token = c.lease_token";

    private const string FindWorker = "SELECT id FROM fleet.workers WHERE id = $1 AND state <> 2";

    private const string Take = """
        UPDATE fleet.runs AS r SET state = 1, indexed_state = CASE WHEN r.schedule_id IS NULL THEN NULL ELSE 1 END,
            attempt = r.attempt + 1, worker_id = $3, lease_token = $2, started_at = $4,
            staged = true, progress = NULL, progress_message = NULL
        """;

    private const string Taken = """
        RETURNING r.id, r.lease_token, r.job, r.lane, r.args, r.attempt, r.attempt_offset, r.max_attempts,
            r.due_at, r.schedule_id, r.fire_time, r.tags, r.trace_parent
        """;

    // $5 and $6: whether runs with a gate are claimed; $7: the worker's claim sets that are over. Those of the ids that are not claimed
    // after all do not matter to the claim: they do not have the token. Where none of them is pending, nothing is written.
    internal const string Claim = $"""
        WITH kept AS (
            INSERT INTO fleet.claim_sets (worker_id, lease_token, ids) SELECT id, $2, $1 FROM fleet.workers
            WHERE id = $3 AND state <> 2 AND EXISTS (SELECT 1 FROM fleet.runs WHERE id = ANY($1) AND state = 0)
            RETURNING worker_id
        ), over AS (
            DELETE FROM fleet.claim_sets WHERE worker_id = $3 AND lease_token = ANY($7) AND EXISTS (SELECT 1 FROM kept)
        )
        {Take}
        FROM unnest($1::uuid[]) AS w(id)
        WHERE r.id = w.id AND r.state = 0 AND r.due_at <= $4 AND r.crashes < $5 AND (r.overlap = 0 OR $6) AND EXISTS (SELECT 1 FROM kept)
        {Taken}
        """;

    private const string FindPending =
        "SELECT id, due_at, overlap, crashes, schedule_id, coalesce(fire_time, created_at) "
            + "FROM fleet.runs WHERE id = ANY($1) AND state = 0";

    internal const string Complete = """
        UPDATE fleet.runs AS r SET state = 2, indexed_state = NULL, finished_at = c.finished, output = c.output,
            error = NULL, error_type = NULL, cancel_requested_at = NULL,
            progress = CASE WHEN r.progress IS NULL THEN NULL ELSE 1 END
        FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[]) AS c(id, token, finished, output)
        WHERE r.id = c.id AND r.lease_token = c.token AND r.state = 1
        RETURNING r.id, r.lease_token
        """;

    // From here to the commit the row is locked, and may not stay so with a worker that stands still:
    // its run is another's when its lease is over.
    private const string CompleteInTransaction = Complete + ", set_config('idle_in_transaction_session_timeout', '10s', true)";

    private const string Succeed = """
        UPDATE fleet.runs SET state = 2, indexed_state = NULL, finished_at = $3, output = $4,
            error = NULL, error_type = NULL, cancel_requested_at = NULL,
            progress = CASE WHEN progress IS NULL THEN NULL ELSE 1 END
        """;

    // One run on a connection of the application's. The array keeps the server from caching a plan that reads the whole table: made while
    // the table was small, it would be used until the next ANALYZE.
    internal const string CompleteOneInTransaction = $"""
        {Succeed}
        WHERE id = ANY ($1) AND lease_token = $2 AND state = 1
        RETURNING id, lease_token, set_config('idle_in_transaction_session_timeout', '10s', true)
        """;

    // One run, with the commit behind it: where the fence refuses it, the division by zero keeps the commit from being executed.
    internal const string CompleteOneOrFail = $"""
        WITH completed AS (
            {Succeed}
            WHERE id = $1 AND lease_token = $2 AND state = 1
            RETURNING 1
        )
        SELECT 1 / count(*) FROM completed
        """;

    internal const string FindLease = "SELECT state FROM fleet.runs WHERE id = $1 AND lease_token = $2";

    // The rows e, as events.
    private const string InsertOutbox = """
        INSERT INTO fleet.outbox (message_id, name, body, run_id, trace_parent, created_at, failures, next_try_at)
        SELECT e.message, e.name, e.body, e.run, e.trace, e.created, 0, e.created
        """;

    // Completions with what they bring, in one statement, which is one commit: follow-ups and events of those that are completed here. $5
    // to $21 are the follow-ups as for an insert, $22 and $23 the leases that bring them; $24 to $29 the events, $30 their tokens.
    internal const string CompleteAlong = $"""
        WITH done AS (
            {Complete}
        ), brought AS (
            SELECT n.*, row_number() OVER (PARTITION BY n.lane ORDER BY n.id) - 1 AS place
            FROM (
                SELECT unnest($5::uuid[]) AS id, unnest($6::text[]) AS job, unnest($7::text[]) AS lane, unnest($8::timestamptz[]) AS due,
                    unnest($9::boolean[]) AS staged, unnest($10::integer[]) AS max, unnest($11::timestamptz[]) AS created,
                    unnest($12::text[]) AS key, unnest($13::bytea[]) AS hash, unnest($14::text[]) AS schedule,
                    unnest($15::timestamptz[]) AS fire, unnest($16::uuid[]) AS parent, unnest($17::text[]) AS args,
                    unnest($18::text[]) AS tags, unnest($19::text[]) AS trace, unnest($20::integer[]) AS overlap,
                    unnest($21::integer[]) AS indexed_state, unnest($22::uuid[]) AS owner, unnest($23::bigint[]) AS token
            ) AS n
            JOIN done d ON d.id = n.owner AND d.lease_token = n.token
        ), pending_set AS (
            INSERT INTO fleet.pending_sets (lane, due_at, ids)
            SELECT b.lane, max(b.due), array_agg(b.id) FROM brought b
            WHERE b.indexed_state IS NULL GROUP BY b.lane, b.place / 500
        ), followed AS (
            {InsertRuns}
            FROM brought n
        ), told AS (
            {InsertOutbox}
            FROM unnest($24::uuid[], $25::text[], $26::text[], $27::uuid[], $28::text[], $29::timestamptz[], $30::bigint[])
                WITH ORDINALITY AS e(message, name, body, run, trace, created, token, place)
            JOIN done d ON d.id = e.run AND d.lease_token = e.token
            ORDER BY e.place
        )
        SELECT id, lease_token FROM done
        """;

    private const string FindCompleted = "SELECT id, lease_token FROM fleet.runs WHERE id = ANY($1) AND state = 2";

    private const string InsertEvents = $"""
        {InsertOutbox}
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[])
            AS e(message, name, body, run, trace, created)
        """;

    // A cancel that came while the attempt was ending wins over another try. The row keeps worker and start until the next claim, so the
    // attempt's row is written from what the update returns.
    internal const string EndAttempt = """
        WITH ended AS (
            UPDATE fleet.runs AS r SET
                state = CASE WHEN e.next = 0 AND r.cancel_requested_at IS NOT NULL THEN 4 ELSE e.next END,
                indexed_state = CASE WHEN e.next = 0 AND r.cancel_requested_at IS NOT NULL THEN 4 ELSE e.next END,
                finished_at = CASE WHEN e.next = 0 AND r.cancel_requested_at IS NULL THEN NULL ELSE e.ended END,
                due_at = coalesce(e.due, r.due_at), staged = e.staged, attempt = r.attempt - e.uncounted,
                error_type = CASE WHEN r.cancel_requested_at IS NOT NULL AND e.next IN (0, 4) THEN NULL
                    WHEN e.outcome IN (3, 4) THEN r.error_type ELSE e.type END,
                error = CASE WHEN r.cancel_requested_at IS NOT NULL AND e.next IN (0, 4) THEN r.error
                    WHEN e.outcome IN (3, 4) THEN r.error ELSE e.error END,
                fingerprint = e.fingerprint
            FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::integer[], $5::integer[], $6::timestamptz[], $7::integer[],
                $8::text[], $9::text[], $10::text[], $11::boolean[], $12::integer[], $13::integer[], $14::integer[], $15::text[])
                AS e(id, token, ended, outcome, next, due, uncounted, type, error, stack, staged, verdict, max, max_from, fingerprint)
            WHERE r.id = e.id AND r.lease_token = e.token AND r.state = 1
            RETURNING r.id, r.lease_token, r.state, r.attempt + e.uncounted AS number, r.worker_id, r.started_at, r.job, r.lane,
                e.ended, e.outcome, e.type, e.error, e.stack, e.verdict, e.max, e.max_from, e.fingerprint
        ), written AS (
            INSERT INTO fleet.attempts (run_id, number, worker_id, started_at, ended_at, outcome, error_type, error, stack,
                verdict, max_attempts, max_attempts_from)
            SELECT id, number, worker_id, started_at, ended, outcome, type, error, stack, verdict, max, max_from FROM ended
        ), dead AS (
            INSERT INTO fleet.dead_letters (run_id, fingerprint, job, lane, failed_at, version)
            SELECT e.id, e.fingerprint, e.job, e.lane, e.ended, NULLIF(w.version, '')
            FROM ended e LEFT JOIN fleet.workers w ON w.id = e.worker_id WHERE e.fingerprint IS NOT NULL
        )
        SELECT id, lease_token, state FROM ended
        """;

    // 4 is AttemptOutcome.Snoozed, 7 is Unserved. OFFSET 0 has the attempts of the run found first, by their index: asked for the latest
    // id, the planner may read the whole table backwards until it meets the run.
    internal const string FoldAttempts = """
        WITH pairs AS (
            SELECT l.id AS last, p.id AS before, p.times, p.started_at
            FROM unnest($1::uuid[]) AS w(id)
            CROSS JOIN LATERAL (
                SELECT a.id, a.number, a.outcome FROM (SELECT * FROM fleet.attempts WHERE run_id = w.id OFFSET 0) AS a
                ORDER BY a.id DESC LIMIT 1) AS l
            CROSS JOIN LATERAL (
                SELECT a.id, a.number, a.outcome, a.times, a.started_at
                FROM (SELECT * FROM fleet.attempts WHERE run_id = w.id OFFSET 0) AS a
                WHERE a.id < l.id ORDER BY a.id DESC LIMIT 1) AS p
            WHERE l.outcome IN (4, 7) AND p.outcome = l.outcome AND p.number = l.number
        ), folded AS (
            DELETE FROM fleet.attempts AS a USING pairs WHERE a.id = pairs.before
        )
        UPDATE fleet.attempts AS a SET times = a.times + pairs.times, started_at = pairs.started_at FROM pairs WHERE a.id = pairs.last
        """;

    // Not those that a worker is ending at this moment: one that stands still in the middle of it would hold up the leader,
    // who would lose his lease.
    internal const string LockOrphans = $"""
        WITH orphaned AS (
            SELECT c.worker_id, c.lease_token, c.ids FROM fleet.workers w JOIN fleet.claim_sets c ON c.worker_id = w.id WHERE w.state = 2
            FOR UPDATE OF c SKIP LOCKED
        ), over AS (
            DELETE FROM fleet.claim_sets AS d USING orphaned c
            WHERE d.worker_id = c.worker_id AND d.lease_token = c.lease_token AND NOT EXISTS (SELECT 1 FROM {HeldRuns})
        )
        SELECT r.id, r.worker_id, r.lease_token, r.crashes, r.cancel_requested_at IS NOT NULL
        FROM orphaned c CROSS JOIN {HeldRuns}
        ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
        """;

    // Due by the earlier of both clocks: by a leader's clock that is ahead, the runs would wait until every other clock has got there.
    internal const string Rescue = """
        WITH rescued AS (
            SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $8::text[])
                AS o(id, next, crashes, error, fingerprint)
        ), dead AS (
            INSERT INTO fleet.dead_letters (run_id, fingerprint, job, lane, failed_at, version)
            SELECT r.id, o.fingerprint, r.job, r.lane, $5, NULLIF(w.version, '')
            FROM rescued o JOIN fleet.runs r ON r.id = o.id LEFT JOIN fleet.workers w ON w.id = r.worker_id
            WHERE o.fingerprint IS NOT NULL
        ), written AS (
            INSERT INTO fleet.attempts (run_id, number, worker_id, started_at, ended_at, outcome, error_type, error)
            SELECT r.id, r.attempt, r.worker_id, r.started_at, $5, $6, $7, o.error FROM rescued o JOIN fleet.runs r ON r.id = o.id
        )
        UPDATE fleet.runs AS r SET state = o.next, indexed_state = o.next, crashes = o.crashes, attempt_offset = r.attempt_offset + 1,
            staged = false, due_at = least($5, clock_timestamp()), finished_at = CASE WHEN o.next = 0 THEN NULL ELSE $5 END,
            error_type = CASE WHEN o.next = 4 THEN r.error_type ELSE $7 END,
            error = CASE WHEN o.next = 4 THEN r.error ELSE o.error END, fingerprint = o.fingerprint
        FROM rescued o WHERE r.id = o.id
        """;

    private const string ReadUnstaged =
        "SELECT id, lane, due_at FROM fleet.runs WHERE indexed_state = 0 AND NOT staged AND due_at <= $1 AND lane <> ALL ($3) "
            + "ORDER BY due_at LIMIT $2";

    internal const string MarkStaged = """
        WITH found AS (
            SELECT r.id FROM unnest($1::uuid[], $2::timestamptz[]) AS s(id, due) JOIN fleet.runs r ON r.id = s.id
            WHERE r.state = 0 AND NOT r.staged AND r.due_at = s.due
            ORDER BY r.id FOR UPDATE OF r
        )
        UPDATE fleet.runs AS r SET staged = true FROM found f WHERE r.id = f.id
        """;

    // Arrays, so that each table is read by its index whatever the planner expects.
    internal const string DeleteSucceeded = $"""
        WITH old AS (
            SELECT id, due_at AS at FROM fleet.runs
            WHERE indexed_state IS NULL AND due_at >= $1 AND due_at < $2 AND state = 2 AND finished_at < $2
            ORDER BY due_at LIMIT $3
        ), {DeleteOld}
        """;

    internal const string DeleteFailedOrCanceled = $"""
        WITH old AS (
            SELECT id, created_at AS at FROM fleet.runs
            WHERE indexed_state > 2 AND created_at >= $1 AND created_at < $2 AND finished_at < $2
            ORDER BY created_at LIMIT $3
        ), {DeleteOld}
        """;

    // The state once more: the deletion waits for a replay that is under way, and then finds the run pending. Nothing of a run goes that
    // stays.
    private const string DeleteOld = """
        gone AS (
            DELETE FROM fleet.runs WHERE id = ANY (ARRAY(SELECT id FROM old)) AND state > 1 AND finished_at < $2 RETURNING id
        ), no_attempts AS (
            DELETE FROM fleet.attempts WHERE run_id = ANY (ARRAY(SELECT id FROM gone))
        ), no_replays AS (
            DELETE FROM fleet.replays WHERE run_id = ANY (ARRAY(SELECT id FROM gone))
        ), no_logs AS (
            DELETE FROM fleet.run_logs WHERE run_id = ANY (ARRAY(SELECT id FROM gone))
        ), no_dead_letters AS (
            DELETE FROM fleet.dead_letters WHERE run_id = ANY (ARRAY(SELECT id FROM gone))
        )
        SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM old), (SELECT max(at) FROM old)
        """;

    internal const string DeleteInbox = """
        WITH gone AS (
            DELETE FROM fleet.inbox WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM fleet.inbox WHERE received_at < $1 ORDER BY received_at LIMIT $2))
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """;

    private const string DeleteWorkers = $"""
        DELETE FROM fleet.workers AS w WHERE w.state = 2 AND w.heartbeat_at < $1
            AND NOT EXISTS (SELECT 1 FROM fleet.claim_sets c CROSS JOIN {HeldRuns} WHERE c.worker_id = w.id)
        """;

    // Nobody reads the sets of a worker whose row was deleted.
    private const string DeleteClaimSets =
        "DELETE FROM fleet.claim_sets AS c WHERE NOT EXISTS (SELECT 1 FROM fleet.workers w WHERE w.id = c.worker_id)";

    // Reconcile reads the pending sets of a lane only if a worker serves the lane; the others would stay for ever.
    internal const string DeletePendingSets = """
        DELETE FROM fleet.pending_sets WHERE id = ANY (ARRAY(
            SELECT p.id FROM fleet.pending_sets p WHERE p.due_at < $1
                AND NOT EXISTS (SELECT 1 FROM fleet.runs r WHERE r.id = ANY (p.ids) AND r.state = 0 AND r.indexed_state IS DISTINCT FROM 0)
            LIMIT 1000))
        """;

    /// <summary>The server ends a transaction whose process stands still between two of its statements. A scheduler that was paused,
    /// or whose machine is gone, would keep the lease's row locked: nobody could lead until it comes back.</summary>
    internal const string EndWhenIdle = "set_config('idle_in_transaction_session_timeout', '3s', true)";

    // Shared by all of this leader's writes, refused to whoever wants to take or renew the lease.
    private const string LockTerm = $"SELECT {EndWhenIdle} FROM fleet.leases WHERE name = $1 AND term = $2 FOR SHARE";

    private readonly OpenClaimSets _claimSets = new();

    public override async Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(StorageSession session, CancellationToken ct) =>
        await QueryAsync(
            session, LockOrphans,
            r => new OrphanedRun(
                RunIdOf(r), r.IsDBNull(1) ? null : new WorkerId(r.GetGuid(1)), r.GetInt64(2), r.GetInt32(3), r.GetBoolean(4)),
            ct);

    public override Task RescueAsync(StorageSession session, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct) =>
        ExecuteAsync(
            session, Rescue, ct,
            Uuids(runs.Select(r => r.Orphan.Id)), Array(NpgsqlDbType.Integer, runs.Select(r => (int)r.Next)),
            Array(NpgsqlDbType.Integer, runs.Select(r => r.Crashes)), Array(NpgsqlDbType.Text, runs.Select(r => r.Error)),
            Instant(now), Integer((int)AttemptOutcome.Crashed), Text(RescuedRun.ErrorType),
            Array(NpgsqlDbType.Text, runs.Select(r => r.Fingerprint)));

    public override async Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        StorageSession session, DateTimeOffset until, int limit, IReadOnlyList<string> leftOut, CancellationToken ct) => await QueryAsync(
        session, ReadUnstaged, r => new StageableRun(RunIdOf(r), r.GetString(1), r.GetUtc(2)), ct,
        Instant(until), Integer(limit), Array(NpgsqlDbType.Text, leftOut));

    public override Task MarkStagedAsync(StorageSession session, IReadOnlyList<StageableRun> runs, CancellationToken ct) => ExecuteAsync(
        session, MarkStaged, ct, Uuids(runs.Select(r => r.Id)), Array(NpgsqlDbType.TimestampTz, runs.Select(r => Utc(r.DueAt))));

    public override async Task<PrunedRuns> DeleteEndedAsync(
        StorageSession session, bool succeeded, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken ct) =>
        (await QueryAsync(
            session, succeeded ? DeleteSucceeded : DeleteFailedOrCanceled,
            r => new PrunedRuns((int)r.GetInt64(0), r.GetInt64(1) == limit, r.IsDBNull(2) ? null : r.GetUtc(2)), ct,
            Instant(from), Instant(before), Integer(limit)))[0];

    public override async Task<int> DeleteInboxAsync(StorageSession session, DateTimeOffset before, int limit, CancellationToken ct) =>
        (await QueryAsync(session, DeleteInbox, r => (int)r.GetInt64(0), ct, Instant(before), Integer(limit)))[0];

    public override async Task DeleteLeftOversAsync(StorageSession session, DateTimeOffset before, CancellationToken ct)
    {
        await ExecuteAsync(session, DeleteWorkers, ct, Instant(before));
        await ExecuteAsync(session, DeleteClaimSets, ct);
        await ExecuteAsync(session, DeletePendingSets, ct, Instant(before));
    }

    public void Committed(RunLease lease) => _claimSets.Settled([lease.LeaseToken]);

    public override async Task<IReadOnlyList<bool>> AreCompletedAsync(
        StorageSession session, IReadOnlyList<RunLease> leases, CancellationToken ct)
    {
        var answers = await base.AreCompletedAsync(session, leases, ct);
        _claimSets.Settled(leases.Where((_, i) => answers[i]).Select(l => l.LeaseToken));
        return answers;
    }

    /// <summary>The statement that completes one run, or fails with <see cref="PostgresErrorCodes.DivisionByZero"/>.</summary>
    public NpgsqlBatchCommand CompleteOrFail(Completion completion) => Command(
        CompleteOneOrFail,
        Uuid(completion.Id.Value), Bigint(completion.LeaseToken), Instant(completion.FinishedAt), NullableText(completion.Output));

    /// <summary>The statement that adds events to the outbox, in their order.</summary>
    public NpgsqlBatchCommand AddEvents(IReadOnlyList<OutboxMessage> events) => Command(InsertEvents, Rows(events));

    /// <summary>Finds out why the fence refused a completion.</summary>
    /// <returns>Null when it had no reason to.</returns>
    public async Task<SettleOutcome?> FindRefusalAsync(StorageSession session, Completion completion, CancellationToken ct)
    {
        _claimSets.Forget([completion.LeaseToken]);
        var states = await QueryAsync(
            session, FindLease, r => (RunState)r.GetInt32(0), ct, Uuid(completion.Id.Value), Bigint(completion.LeaseToken));
        return states switch
        {
            [RunState.Running] => null,
            [RunState.Succeeded] => SettleOutcome.AlreadyCompleted,
            _ => SettleOutcome.LeaseLost,
        };
    }

    /// <summary>Tells of completions that were committed with their effects.</summary>
    public void Settled(IReadOnlyList<Completion> completions, IReadOnlyList<EffectOutcome> outcomes)
    {
        if (outcomes.All(o => o.Outcome == SettleOutcome.Settled))
            _claimSets.Settled(completions.Select(c => c.LeaseToken));
        else
            _claimSets.Forget(completions.Select(c => c.LeaseToken));
    }

    /// <summary>Counts as <see cref="IStorage.CountDueBeforeAsync"/>.</summary>
    public async Task<(int Count, bool IsExact)> CountDueBeforeAsync(
        StorageSession session, string lane, DateTimeOffset before, int most, CancellationToken ct)
    {
        var found = await QueryAsync(
            session, CountDueBefore, r => (Indexed: r.GetInt64(0), InSets: r.GetInt64(1), Sets: r.GetInt64(2)), ct,
            Text(lane), Instant(before), Integer(most));
        var (indexed, inSets, sets) = found[0];
        var count = (int)Math.Min(indexed + inSets, most);
        return (count, count < most && sets < MaxCountedSets);
    }

    /// <summary>Gives the pending runs of a lane's pending sets that were due before an instant their indexed state, at least as many as
    /// asked for if there are so many.</summary>
    public async Task IndexPendingSetsAsync(StorageSession session, string lane, DateTimeOffset dueBefore, int runs, CancellationToken ct)
    {
        for (var (taken, indexed) = (1L, 0L); taken > 0 && indexed < runs;)
        {
            var found = await QueryAsync(
                session, IndexPendingSets, r => (Taken: r.GetInt64(0), Indexed: r.GetInt64(1)), ct, Text(lane), Instant(dueBefore));
            (taken, indexed) = (found[0].Taken, indexed + found[0].Indexed);
        }
    }

    public override async Task<bool> LockTermAsync(StorageSession session, string lease, long term, CancellationToken ct) =>
        (await QueryAsync(session, LockTerm, _ => true, ct, Text(lease), Bigint(term))).Count > 0;

    protected override async Task<IReadOnlyList<RunId>> InsertRowsAsync(
        StorageSession session, IReadOnlyList<NewRun> runs, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection);
        var inserted = new List<RunId>(runs.Count);
        NewRun[] others = [.. runs.Where(r => !IsNewSimple(r))];
        var mayExist = others.Any(r => r.MayExist);
        if (others.Length > 0)
            batch.BatchCommands.Add(InsertOf(others, mayExist));
        if (!mayExist)
            inserted.AddRange(others.Select(r => r.Id));
        foreach (var together in PendingSets(others.Where(IsSimple)))
            batch.BatchCommands.Add(Command(AddPendingSet, Text(together[0].Lane), DueUntil(together), Uuids(together.Select(r => r.Id))));
        AddNewSimple(batch, runs.Where(IsNewSimple), inserted);

        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (mayExist && await reader.ReadAsync(ct))
            inserted.Add(RunIdOf(reader));
        // To the end: an error of a later statement shows when its result is asked for.
        while (await reader.NextResultAsync(ct))
        {
        }

        return inserted;
    }

    private NpgsqlBatchCommand InsertOf(NewRun[] runs, bool mayExist) =>
        runs.Any(r => r.EnqueuedBy is not null)
            ? Command(mayExist ? InsertUnlessThereWithActors : InsertWithActors, [.. Rows(runs), Actors(runs)])
            : Command(mayExist ? InsertUnlessThere : Insert, Rows(runs));

    private static NpgsqlParameter<string?[]> Actors(NewRun[] runs) => Array(NpgsqlDbType.Text, runs.Select(r => r.EnqueuedBy?.ToRow()));

    private static NpgsqlParameter[] Rows(NewRun[] runs) =>
    [
        Uuids(runs.Select(r => r.Id)), Array(NpgsqlDbType.Text, runs.Select(r => r.Job)),
        Array(NpgsqlDbType.Text, runs.Select(r => r.Lane)),
        Array(NpgsqlDbType.TimestampTz, runs.Select(r => Utc(r.DueAt))), Array(NpgsqlDbType.Boolean, runs.Select(r => r.Staged)),
        Array(NpgsqlDbType.Integer, runs.Select(r => r.MaxAttempts)), Array(NpgsqlDbType.TimestampTz, runs.Select(r => Utc(r.CreatedAt))),
        Array(NpgsqlDbType.Text, runs.Select(r => r.IdempotencyKey)), Array(NpgsqlDbType.Bytea, runs.Select(r => r.RequestHash)),
        Array(NpgsqlDbType.Text, runs.Select(r => r.ScheduleId)), Array(NpgsqlDbType.TimestampTz, runs.Select(r => Utc(r.FireTime))),
        Array(NpgsqlDbType.Uuid, runs.Select(r => r.ParentId?.Value)), Array(NpgsqlDbType.Text, runs.Select(r => r.Args)),
        Array(NpgsqlDbType.Text, runs.Select(r => r.Tags)), Array(NpgsqlDbType.Text, runs.Select(r => r.TraceParent)),
        Array(NpgsqlDbType.Integer, runs.Select(r => (int)r.Overlap)),
        Array(NpgsqlDbType.Integer, runs.Select(r => IsSimple(r) ? null : (int?)RunState.Pending)),
    ];

    /// <summary>True for a run that is inserted together with its pending set, in a statement that cannot refuse it.</summary>
    public static bool IsNewSimple(NewRun run) => !run.MayExist && IsSimple(run);

    /// <summary>Adds the statements that insert such runs.</summary>
    /// <param name="batch">Gets the statements.</param>
    /// <param name="runs">The runs.</param>
    /// <param name="inserted">Gets the ids of the runs; null for nothing.</param>
    public void AddNewSimple(NpgsqlBatch batch, IEnumerable<NewRun> runs, List<RunId>? inserted = null)
    {
        foreach (var together in PendingSets(runs))
        {
            batch.BatchCommands.Add(together.Any(r => r.EnqueuedBy is not null)
                ? Command(InsertNewSimpleWithActors, [.. NewRows(together), Actors(together)])
                : Command(InsertNewSimple, NewRows(together)));
            inserted?.AddRange(together.Select(r => r.Id));
        }
    }

    private static bool IsSimple(NewRun run) => run is { Staged: true, ScheduleId: null };

    private static IEnumerable<NewRun[]> PendingSets(IEnumerable<NewRun> runs) =>
        runs.GroupBy(r => r.Lane, StringComparer.Ordinal).SelectMany(lane => lane.Chunk(PendingSetSize));

    private static NpgsqlParameter<DateTime> DueUntil(NewRun[] together) => Instant(together.Max(r => r.DueAt));

    private static NpgsqlParameter[] NewRows(NewRun[] together) =>
    [
        Uuids(together.Select(r => r.Id)), Text(together[0].Lane), DueUntil(together),
        Array(NpgsqlDbType.Text, together.Select(r => r.Job)),
        Array(NpgsqlDbType.TimestampTz, together.Select(r => Utc(r.DueAt))),
        Array(NpgsqlDbType.TimestampTz, together.Select(r => Utc(r.CreatedAt))),
        Array(NpgsqlDbType.Text, together.Select(r => r.Args)), SparseArray(NpgsqlDbType.Integer, together.Select(r => r.MaxAttempts)),
        SparseArray(NpgsqlDbType.Uuid, together.Select(r => r.ParentId?.Value)),
        SparseArray(NpgsqlDbType.Text, together.Select(r => r.Tags)),
        SparseArray(NpgsqlDbType.Text, together.Select(r => r.TraceParent)),
    ];

    protected override async Task<IReadOnlyList<(string Key, RunId Id, byte[] Hash)>> FindKeysAsync(
        StorageSession session, string[] keys, CancellationToken ct) =>
        await QueryAsync(
            session, FindKeys, r => (r.GetString(0), new RunId(r.GetGuid(1)), r.GetFieldValue<byte[]>(2)), ct,
            Array(NpgsqlDbType.Text, keys));

    protected override async Task<IReadOnlyList<(string Schedule, DateTimeOffset Fire, RunId Id)>> FindOccurrencesAsync(
        StorageSession session, IReadOnlyList<NewRun> planned, CancellationToken ct) => await QueryAsync(
        session, FindOccurrences, r => (r.GetString(0), r.GetUtc(1), new RunId(r.GetGuid(2))), ct,
        Array(NpgsqlDbType.Text, planned.Select(r => r.ScheduleId)), Array(NpgsqlDbType.TimestampTz, planned.Select(r => Utc(r.FireTime))));

    protected override async Task<IReadOnlyList<RunId>> FindIdsAsync(StorageSession session, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(session, FindIds, RunIdOf, ct, Uuids(ids));

    protected override async Task<IReadOnlyList<ClaimedRun>?> ClaimRowsAsync(
        StorageSession session, WorkerId worker, RunId[] ids, long token, DateTimeOffset now, bool passedGates, CancellationToken ct)
    {
        var over = !session.HasTransaction ? _claimSets.TakeOver() : [];
        var claimed = await QueryAsync(session, Claim, Read, ct, [
                Uuids(ids), Bigint(token), Uuid(worker.Value), Instant(now), Integer(CrashLimit(passedGates)),
                new NpgsqlParameter<bool> { TypedValue = passedGates },
                Array(NpgsqlDbType.Bigint, over),
            ]);
        if (claimed.Count == 0 && (await QueryAsync(session, FindWorker, RunIdOf, ct, Uuid(worker.Value))).Count == 0)
            return null;

        // Only what is committed for certain.
        if (!session.HasTransaction)
            _claimSets.Opened(token, claimed.Count);
        if (claimed.Count == 0)
            _claimSets.GiveBack(over);
        return claimed;

        ClaimedRun Read(NpgsqlDataReader reader) => ReadClaimed(reader, RunIdOf(reader), now);
    }

    protected override async Task<IReadOnlyList<PendingRun>> FindPendingAsync(StorageSession session, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(session, FindPending, r => ReadPending(r, RunIdOf(r)), ct, Uuids(ids));

    protected override async Task<IReadOnlyList<RunLease>> CompleteRowsAsync(
        StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        if (session.HasTransaction && session is not SharedEffects && completions is [var one])
        {
            return await QueryAsync(
                session, CompleteOneInTransaction, LeaseOf, ct,
                Uuids([one.Id]), Bigint(one.LeaseToken), Instant(one.FinishedAt), NullableText(one.Output));
        }

        NpgsqlParameter[] parameters =
        [
            Uuids(completions.Select(c => c.Id)), Array(NpgsqlDbType.Bigint, completions.Select(c => c.LeaseToken)),
            Array(NpgsqlDbType.TimestampTz, completions.Select(c => Utc(c.FinishedAt))),
            Array(NpgsqlDbType.Text, completions.Select(c => c.Output)),
        ];
        if (BringsAlong(session, completions))
            return await CompleteAlongAsync(session, completions, parameters, ct);
        // Other than these, completions are counted when somebody tells that they are committed.
        if (session is SharedEffects shared)
            return await shared.CompleteAsync(schema.In(Complete), LeaseOf, parameters, ct);
        var completed = await QueryAsync(session, !session.HasTransaction ? Complete : CompleteInTransaction, LeaseOf, ct, parameters);
        if (!session.HasTransaction)
            _claimSets.Settled(completed.Select(c => c.LeaseToken));
        if (completed.Count < completions.Count)
            _claimSets.Forget(completions.Select(c => c.LeaseToken));
        return completed;
    }

    protected override async Task<IReadOnlyList<RunLease>> FindCompletedAsync(StorageSession session, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(session, FindCompleted, LeaseOf, ct, Uuids(ids));

    /// <summary>Where each round trip is a commit, what completions bring goes along with them.</summary>
    protected override bool BringsAlong(StorageSession session, IReadOnlyList<Completion> completions) =>
        !session.HasTransaction && completions.Any(c => c.FollowUps.Count > 0 || c.Events.Count > 0);

    private async Task<IReadOnlyList<RunLease>> CompleteAlongAsync(
        StorageSession session, IReadOnlyList<Completion> completions, NpgsqlParameter[] leases, CancellationToken ct)
    {
        var brought = completions.SelectMany(c => c.FollowUps.Select(run => (Run: run, Owner: c))).ToArray();
        var events = completions.SelectMany(c => c.Events.Select(e => (Event: e, c.Id, c.LeaseToken))).ToArray();
        var completed = await QueryAsync(
            session, CompleteAlong, LeaseOf, ct,
            [
                .. leases, .. Rows([.. brought.Select(b => b.Run)]),
                Uuids(brought.Select(b => b.Owner.Id)), Array(NpgsqlDbType.Bigint, brought.Select(b => b.Owner.LeaseToken)),
                Array(NpgsqlDbType.Uuid, events.Select(e => e.Event.MessageId)), Array(NpgsqlDbType.Text, events.Select(e => e.Event.Name)),
                Array(NpgsqlDbType.Text, events.Select(e => e.Event.Body)), Uuids(events.Select(e => e.Id)),
                Array(NpgsqlDbType.Text, events.Select(e => e.Event.TraceParent)),
                Array(NpgsqlDbType.TimestampTz, events.Select(e => Utc(e.Event.CreatedAt))),
                Array(NpgsqlDbType.Bigint, events.Select(e => e.LeaseToken)),
            ]);
        _claimSets.Settled(completed.Select(c => c.LeaseToken));
        if (completed.Count < completions.Count)
            _claimSets.Forget(completions.Select(c => c.LeaseToken));
        return completed;
    }

    protected override async Task<IReadOnlyList<(RunLease Lease, RunState State)>> EndAttemptRowsAsync(
        StorageSession session, IReadOnlyList<AttemptEnd> ends, RunId[] repeated, CancellationToken ct)
    {
        // Both statements in one round trip: without a transaction around it, that is one commit.
        await using var batch = new NpgsqlBatch((NpgsqlConnection)session.Connection);
        batch.BatchCommands.Add(Command(
            EndAttempt,
            Uuids(ends.Select(e => e.Id)), Array(NpgsqlDbType.Bigint, ends.Select(e => e.LeaseToken)),
            Array(NpgsqlDbType.TimestampTz, ends.Select(e => Utc(e.EndedAt))),
            Array(NpgsqlDbType.Integer, ends.Select(e => (int)e.Outcome)),
            Array(NpgsqlDbType.Integer, ends.Select(e => (int)e.Next)), Array(NpgsqlDbType.TimestampTz, ends.Select(e => Utc(e.DueAt))),
            Array(NpgsqlDbType.Integer, ends.Select(e => e.Counts ? 0 : 1)), Array(NpgsqlDbType.Text, ends.Select(e => e.ErrorType)),
            Array(NpgsqlDbType.Text, ends.Select(e => e.Error)), Array(NpgsqlDbType.Text, ends.Select(e => e.Stack)),
            Array(NpgsqlDbType.Boolean, ends.Select(e => e.Staged || e.Next != RunState.Pending)),
            Array(NpgsqlDbType.Integer, ends.Select(e => (int?)e.Decision?.Verdict)),
            Array(NpgsqlDbType.Integer, ends.Select(e => e.Decision?.Limit?.Max)),
            Array(NpgsqlDbType.Integer, ends.Select(e => (int?)e.Decision?.Limit?.From)),
            Array(NpgsqlDbType.Text, ends.Select(e => e.Fingerprint))));
        if (repeated.Length > 0)
            batch.BatchCommands.Add(Command(FoldAttempts, Uuids(repeated)));
        var ended = new List<(RunLease Lease, RunState State)>(ends.Count);
        await using (var reader = await batch.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
                ended.Add((LeaseOf(reader), (RunState)reader.GetInt32(2)));
            // To the end: an error of the second statement shows when its result is asked for.
            await reader.NextResultAsync(ct);
        }

        if (!session.HasTransaction)
            _claimSets.Settled(ended.Select(e => e.Lease.LeaseToken));
        if (session.HasTransaction || ended.Count < ends.Count)
            _claimSets.Forget(ends.Select(e => e.LeaseToken));
        return ended;
    }

    protected override Task InsertEventsAsync(StorageSession session, IReadOnlyList<OutboxMessage> events, CancellationToken ct) =>
        ExecuteAsync(session, InsertEvents, ct, Rows(events));

    private static NpgsqlParameter[] Rows(IReadOnlyList<OutboxMessage> events) =>
    [
        Array(NpgsqlDbType.Uuid, events.Select(m => m.MessageId)), Array(NpgsqlDbType.Text, events.Select(m => m.Name)),
        Array(NpgsqlDbType.Text, events.Select(m => m.Body)), Array(NpgsqlDbType.Uuid, events.Select(m => m.RunId?.Value)),
        Array(NpgsqlDbType.Text, events.Select(m => m.TraceParent)), Array(NpgsqlDbType.TimestampTz, events.Select(m => Utc(m.CreatedAt))),
    ];

    // These hide the methods of Statement: no text reaches the server without the schema's name in it.
    private Task<List<T>> QueryAsync<T>(
        StorageSession session, string sql, Func<NpgsqlDataReader, T> read, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        Statement.QueryAsync(session, schema.In(sql), read, ct, parameters);

    private Task ExecuteAsync(StorageSession session, string sql, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        Statement.ExecuteAsync(session, schema.In(sql), ct, parameters);

    private NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters) => Statement.Command(schema.In(sql), parameters);

    private static RunId RunIdOf(NpgsqlDataReader reader) => new(reader.GetGuid(0));

    private static RunLease LeaseOf(NpgsqlDataReader reader) => new(RunIdOf(reader), reader.GetInt64(1));
}
