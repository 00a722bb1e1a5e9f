using static Fleet.Storage.SqlServer.SqlServerDbContext;

namespace Fleet.Storage.SqlServer;

/// <summary>The hot statements in T-SQL. A set of rows comes as one JSON text (<see cref="Rows"/>): it needs no table type in the
/// schema, so that programs of two versions can share a database.</summary>
/// <remarks>
/// <para>Three habits. The rows come in the order of their ids, and <c>LOOP JOIN, FORCE ORDER</c> makes the plan look up one run after
/// the other in that order, by its primary key and under an update lock: two batches that meet wait for each other instead of
/// deadlocking. Should the server choose otherwise after all, the victim of the deadlock does its write again.</para>
/// <para>What is only looked at is read without a hint, which with READ_COMMITTED_SNAPSHOT takes no lock.</para>
/// <para>Text from JSON has the database's collation; where it meets a column, it is told to compare as the column does.</para>
/// </remarks>
internal static class SqlServerStatements
{
    // Whoever inserts the same key or occurrence at the same moment is not seen here, but meets the unique index: see InsertRowsAsync.
    public const string Insert = $"""
        INSERT INTO fleet.runs (id, job, lane, state, due_at, staged, attempt, attempt_offset, max_attempts, crashes, replays, lease_token,
            created_at, idempotency_key, request_hash, schedule_id, fire_time, overlap, revoked,
            parent_id, args, tags, trace_parent, enqueued_by)
        OUTPUT inserted.id
        SELECT CONVERT(binary(16), n.id, 2), n.job, n.lane, 0, n.due, n.staged, 0, 0, n.max, 0, 0, 0,
            n.created, CONVERT(varbinary(200), n.[key]), CONVERT(varbinary(32), n.hash, 2), n.schedule, n.fire, n.overlap, 0,
            CONVERT(binary(16), n.parent, 2), n.args, n.tags, n.trace, n.actor
        FROM OPENJSON(@rows) WITH (id char(32), job nvarchar(128), lane nvarchar(64), due datetime2(7),
            staged bit, max int, created datetime2(7), [key] varchar(200), hash varchar(64), schedule nvarchar(128),
            fire datetime2(7), overlap int, parent char(32), args nvarchar(max),
            tags nvarchar(max), trace nvarchar(max), actor nvarchar(256)) AS n
        WHERE NOT EXISTS (SELECT 1 FROM fleet.runs AS r WHERE r.id = CONVERT(binary(16), n.id, 2))
            AND NOT EXISTS (SELECT 1 FROM fleet.runs AS r WHERE r.idempotency_key = CONVERT(varbinary(200), n.[key])
                AND r.idempotency_key IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM fleet.runs AS r WHERE r.schedule_id = n.schedule COLLATE {Collation} AND r.fire_time = n.fire
                AND r.fire_time IS NOT NULL AND r.revoked = 0)
        OPTION (LOOP JOIN);
        """;

    public const string FindKeys = """
        SELECT r.idempotency_key, r.id, r.request_hash
        FROM OPENJSON(@rows) WITH ([key] varchar(200)) AS k
        JOIN fleet.runs AS r ON r.idempotency_key = CONVERT(varbinary(200), k.[key]) AND r.idempotency_key IS NOT NULL
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    public const string FindOccurrences = $"""
        SELECT r.schedule_id, r.fire_time, r.id
        FROM OPENJSON(@rows) WITH (schedule nvarchar(128), fire datetime2(7)) AS o
        JOIN fleet.runs AS r ON r.schedule_id = o.schedule COLLATE {Collation} AND r.fire_time = o.fire
            AND r.fire_time IS NOT NULL AND r.revoked = 0
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    public const string FindIds = """
        SELECT r.id
        FROM OPENJSON(@rows) WITH (id char(32)) AS w
        JOIN fleet.runs AS r ON r.id = CONVERT(binary(16), w.id, 2)
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    // Two results: whether the worker is alive, and the runs that are its own now.
    public const string Claim = $"""
        SELECT CASE WHEN EXISTS (SELECT 1 FROM fleet.workers WHERE id = @worker AND state <> 2) THEN 1 ELSE 0 END;

        UPDATE r SET {Start}
        {Started}
        FROM {Wanted}
        JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK) ON r.id = CONVERT(binary(16), w.id, 2)
        WHERE r.state = 0 AND r.due_at <= @now AND r.crashes < @last AND (r.overlap = 0 OR @gates = 1)
            AND EXISTS (SELECT 1 FROM fleet.workers AS o WHERE o.id = @worker AND o.state <> 2)
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    public const string FindPending = """
        SELECT r.id, r.due_at, r.overlap, r.crashes, r.schedule_id, COALESCE(r.fire_time, r.created_at)
        FROM OPENJSON(@rows) WITH (id char(32)) AS w
        JOIN fleet.runs AS r ON r.id = CONVERT(binary(16), w.id, 2)
        WHERE r.state = 0
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    public const string Complete = """
        UPDATE r SET state = 2, finished_at = c.finished, [output] = c.result, error = NULL, error_type = NULL, cancel_requested_at = NULL,
            progress = CASE WHEN r.progress IS NULL THEN NULL ELSE 1 END
        OUTPUT inserted.id, inserted.lease_token
        FROM OPENJSON(@rows) WITH (id char(32), token bigint, finished datetime2(7), result nvarchar(max)) AS c
        JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK) ON r.id = CONVERT(binary(16), c.id, 2)
        WHERE r.lease_token = c.token AND r.state = 1
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    public const string FindCompleted = """
        SELECT r.id, r.lease_token
        FROM OPENJSON(@rows) WITH (id char(32)) AS w
        JOIN fleet.runs AS r ON r.id = CONVERT(binary(16), w.id, 2)
        WHERE r.state = 2
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    // ORDER BY decides in which order the rows get their numbers.
    public const string InsertEvents = """
        INSERT INTO fleet.outbox (message_id, name, body, run_id, trace_parent, created_at, failures, next_try_at)
        SELECT CONVERT(binary(16), e.message, 2), e.name, e.body, CONVERT(binary(16), e.run, 2), e.trace, e.created, 0, e.created
        FROM OPENJSON(@rows) WITH (message char(32), name nvarchar(max), body nvarchar(max), run char(32), trace nvarchar(max),
            created datetime2(7), position int) AS e
        ORDER BY e.position;
        """;

    // A cancel that came while the attempt was ending wins over another try.
    public const string EndAttempt = $"""
        UPDATE r SET
            state = CASE WHEN e.next_state = 0 AND r.cancel_requested_at IS NOT NULL THEN 4 ELSE e.next_state END,
            finished_at = CASE WHEN e.next_state = 0 AND r.cancel_requested_at IS NULL THEN NULL ELSE e.ended END,
            due_at = COALESCE(e.due, r.due_at), staged = e.staged, attempt = r.attempt - e.uncounted,
            error_type = CASE WHEN r.cancel_requested_at IS NOT NULL AND e.next_state IN (0, 4) THEN NULL
                WHEN e.outcome IN (3, 4) THEN r.error_type ELSE e.type COLLATE {Collation} END,
            error = CASE WHEN r.cancel_requested_at IS NOT NULL AND e.next_state IN (0, 4) THEN r.error
                WHEN e.outcome IN (3, 4) THEN r.error ELSE e.error COLLATE {Collation} END,
            fingerprint = e.fingerprint COLLATE {Collation}
        OUTPUT deleted.id, deleted.attempt, deleted.worker_id, deleted.started_at, e.ended, e.outcome, e.type, e.error, e.stack,
                e.verdict, e.max_attempts, e.max_from
            INTO fleet.attempts (run_id, number, worker_id, started_at, ended_at, outcome, error_type, error, stack,
                verdict, max_attempts, max_attempts_from)
        OUTPUT inserted.id, inserted.lease_token, inserted.state
        FROM OPENJSON(@rows) WITH (id char(32), token bigint, ended datetime2(7), outcome int, next_state int,
            due datetime2(7), uncounted int, staged bit, type nvarchar(max), error nvarchar(max), stack nvarchar(max),
            verdict int, max_attempts int, max_from int, fingerprint nvarchar(64)) AS e
        JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK) ON r.id = CONVERT(binary(16), e.id, 2)
        WHERE r.lease_token = e.token AND r.state = 1
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    // l is the run's last attempt and p the one before it, which goes into l. 4 is AttemptOutcome.Snoozed, 7 is Unserved.
    public const string FoldAttempts = $"""
        UPDATE l SET times = l.times + p.times, started_at = p.started_at
        {Repeated};

        DELETE p
        {Repeated};
        """;

    // Found without a lock, so that nobody waits who works for a living worker; then locked, if it is still the same claim. READPAST: not
    // those that a worker is ending at this moment. One that stands still in the middle of it would hold up the leader, who would lose the
    // lease.
    public const string LockOrphans = """
        SELECT r.id, r.worker_id, r.lease_token, r.crashes, CASE WHEN r.cancel_requested_at IS NULL THEN 0 ELSE 1 END
        FROM (
            SELECT c.id, c.lease_token FROM fleet.runs AS c
            WHERE c.state = 1 AND NOT EXISTS (SELECT 1 FROM fleet.workers AS w WHERE w.id = c.worker_id AND w.state <> 2)
        ) AS o
        JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK, READPAST) ON r.id = o.id
        WHERE r.lease_token = o.lease_token AND r.state = 1
        ORDER BY r.id;
        """;

    // Due by the earlier of both clocks: by a leader's clock that is ahead, the runs would wait until every other clock has got there.
    public const string Rescue = $"""
        UPDATE r SET state = o.next_state, crashes = o.crashes, attempt_offset = r.attempt_offset + 1, staged = 0,
            due_at = CASE WHEN @now < SYSUTCDATETIME() THEN @now ELSE SYSUTCDATETIME() END,
            finished_at = CASE WHEN o.next_state = 0 THEN NULL ELSE @now END,
            error_type = CASE WHEN o.next_state = 4 THEN r.error_type ELSE @type END,
            error = CASE WHEN o.next_state = 4 THEN r.error ELSE o.error COLLATE {Collation} END,
            fingerprint = o.fingerprint COLLATE {Collation}
        OUTPUT deleted.id, deleted.attempt, deleted.worker_id, deleted.started_at, @now, @outcome, @type, o.error
            INTO fleet.attempts (run_id, number, worker_id, started_at, ended_at, outcome, error_type, error)
        FROM OPENJSON(@rows) WITH (id char(32), next_state int, crashes int, error nvarchar(max), fingerprint nvarchar(64)) AS o
        JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK) ON r.id = CONVERT(binary(16), o.id, 2)
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    // Of the runs that have just ended, those that failed for good.
    public const string InsertDeadLetters = """
        INSERT INTO fleet.dead_letters (run_id, fingerprint, job, lane, failed_at, version)
        SELECT r.id, r.fingerprint, r.job, r.lane, r.finished_at, NULLIF(w.version, N'')
        FROM OPENJSON(@rows) WITH (id char(32)) AS o
        JOIN fleet.runs AS r ON r.id = CONVERT(binary(16), o.id, 2)
        LEFT JOIN fleet.workers AS w ON w.id = r.worker_id
        WHERE r.state = 3 AND r.fingerprint IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM fleet.dead_letters AS d WHERE d.run_id = r.id)
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    public const string ReadUnstaged = $"""
        SELECT TOP (@limit) r.id, r.lane, r.due_at
        FROM fleet.runs AS r
        WHERE r.state = 0 AND r.staged = 0 AND r.due_at <= @until
            AND NOT EXISTS (SELECT 1 FROM OPENJSON(@rows) WITH (lane nvarchar(128)) AS o WHERE o.lane COLLATE {Collation} = r.lane)
        ORDER BY r.due_at;
        """;

    public const string MarkStaged = """
        UPDATE r SET staged = 1
        FROM OPENJSON(@rows) WITH (id char(32), due datetime2(7)) AS s
        JOIN fleet.runs AS r WITH (UPDLOCK, ROWLOCK) ON r.id = CONVERT(binary(16), s.id, 2)
        WHERE r.state = 0 AND r.staged = 0 AND r.due_at = s.due
        OPTION (LOOP JOIN, FORCE ORDER);
        """;

    // The state and the age are compared by the deletion itself; a run that is being replayed is passed over.
    public const string DeleteSucceeded = $"""
        DECLARE @gone TABLE (id binary(16) PRIMARY KEY);
        DELETE TOP (@limit) r OUTPUT deleted.id INTO @gone FROM fleet.runs AS r WITH (READPAST, ROWLOCK)
        WHERE r.finished_at >= @from AND r.finished_at < @before AND r.state = 2;
        {DeleteOld}
        """;

    public const string DeleteFailedOrCanceled = $"""
        DECLARE @gone TABLE (id binary(16) PRIMARY KEY);
        DELETE TOP (@limit) r OUTPUT deleted.id INTO @gone FROM fleet.runs AS r WITH (READPAST, ROWLOCK)
        WHERE r.finished_at >= @from AND r.finished_at < @before AND r.state IN (3, 4, 5);
        {DeleteOld}
        """;

    private const string DeleteOld = """
        DELETE a FROM fleet.attempts AS a JOIN @gone AS g ON a.run_id = g.id;
        DELETE p FROM fleet.replays AS p JOIN @gone AS g ON p.run_id = g.id;
        DELETE l FROM fleet.run_logs AS l JOIN @gone AS g ON l.run_id = g.id;
        DELETE d FROM fleet.dead_letters AS d JOIN @gone AS g ON d.run_id = g.id;
        SELECT COUNT(*) FROM @gone;
        """;

    public const string DeleteInbox =
        "DELETE TOP (@limit) FROM fleet.inbox WITH (READPAST, ROWLOCK) WHERE received_at < @before; SELECT @@ROWCOUNT;";

    public const string DeleteWorkers = """
        DELETE w FROM fleet.workers AS w
        WHERE w.state = 2 AND w.heartbeat_at < @before
            AND NOT EXISTS (SELECT 1 FROM fleet.runs AS r WHERE r.worker_id = w.id AND r.state = 1);
        """;

    // Shared by all of this leader's writes, refused to whoever wants to take or renew the lease. Until the connection is reset, none of
    // its statements waits longer for a lock than LockPatience: a leader that waits for a process that stands still could not renew its
    // lease.
    public const string LockTerm =
        LockPatience + "SELECT 1 FROM fleet.leases WITH (REPEATABLEREAD, ROWLOCK) WHERE name = @lease AND term = @term;";

    /// <summary>Whether the database takes writes: <c>READ_WRITE</c>, where Fleet's tables are there.</summary>
    public const string Ping =
        "SELECT CONVERT(nvarchar(20), DATABASEPROPERTYEX(DB_NAME(), 'Updateability')), (SELECT COUNT(*) FROM fleet.leases);";

    // Asked by leader and workers before they renew a lease, which must not wait for long either.
    public const string ReadClock = LockPatience + "SELECT SYSUTCDATETIME();";

    private const string LockPatience = "SET LOCK_TIMEOUT 3000; ";

    private const string Wanted = "OPENJSON(@rows) WITH (id char(32), token bigint, position int) AS w";

    private const string Repeated = """
        FROM OPENJSON(@rows) WITH (id char(32)) AS w
        CROSS APPLY (
            SELECT TOP (1) a.id FROM fleet.attempts AS a WHERE a.run_id = CONVERT(binary(16), w.id, 2)
            ORDER BY a.id DESC) AS latest
        JOIN fleet.attempts AS l ON l.id = latest.id
        CROSS APPLY (SELECT TOP (1) a.id FROM fleet.attempts AS a WHERE a.run_id = l.run_id AND a.id < l.id ORDER BY a.id DESC) AS earlier
        JOIN fleet.attempts AS p ON p.id = earlier.id
        WHERE l.outcome IN (4, 7) AND p.outcome = l.outcome AND p.number = l.number
        """;

    private const string Start = """
        state = 1, attempt = r.attempt + 1, worker_id = @worker, lease_token = w.token, started_at = @now,
            staged = 1, progress = NULL, progress_message = NULL
        """;

    private const string Started = """
        OUTPUT inserted.id, inserted.lease_token, inserted.job, inserted.lane, inserted.args, inserted.attempt, inserted.attempt_offset,
            inserted.max_attempts, inserted.due_at, inserted.schedule_id, inserted.fire_time, inserted.tags, inserted.trace_parent
        """;
}
