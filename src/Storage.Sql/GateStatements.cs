using Fleet.Core.Actors;
using Fleet.Core.Gates;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class GateStatements(PlainSql sql, IRollupStatements rollups) : IGateStatements
{
    private const string LockSchedule = "UPDATE fleet.schedules SET overlap = overlap WHERE id = @schedule";

    private const string LockWorker = "UPDATE fleet.workers SET state = state WHERE id = @worker";

    // The number is part of the text: an index holds exactly these runs.
    private static readonly string FindLastChance =
        $"SELECT id FROM fleet.runs WHERE worker_id = @worker AND state = 1 AND crashes >= {PendingRun.LastChance}";

    // A run that has started before has not ended, however long its retry or its snooze lasts.
    private const string HasNotEnded = "(o.state = 1 OR o.started_at IS NOT NULL OR o.due_at <= @now)";

    private const string IsBefore = """
        (COALESCE(o.fire_time, o.created_at) < COALESCE(r.fire_time, r.created_at)
            OR COALESCE(o.fire_time, o.created_at) = COALESCE(r.fire_time, r.created_at) AND o.id < r.id)
        """;

    private readonly string _findOverlapping = $"""
        SELECT o.id, CASE WHEN o.state = 1 THEN 1 ELSE 0 END, CASE WHEN {IsBefore} THEN 1 ELSE 0 END,
            CASE WHEN o.overlap = {OverlapGate.Backfill:D} THEN 1 ELSE 0 END
        FROM fleet.runs r JOIN fleet.runs o ON o.schedule_id = r.schedule_id AND o.id <> r.id
        WHERE r.id = @id AND r.state = 0 AND o.schedule_id IS NOT NULL AND o.{sql.OpenState} < 2 AND {HasNotEnded}
            AND (o.overlap <> {OverlapGate.Backfill:D} OR o.state = 1)
        """;

    private readonly string _firstInTheWay =
        $"\nORDER BY CASE WHEN o.state = 1 THEN 0 WHEN {IsBefore} THEN 1 ELSE 2 END, COALESCE(o.fire_time, o.created_at), o.id\n";

    private readonly string _isAnyBeforeBackfill = $"""
        SELECT CASE WHEN EXISTS (
            SELECT 1 FROM fleet.runs r JOIN fleet.runs o ON o.schedule_id = r.schedule_id AND o.id <> r.id
            WHERE r.id = @id AND r.state = 0 AND o.schedule_id IS NOT NULL AND o.{sql.OpenState} < 2 AND {HasNotEnded}
                AND (o.overlap <> {OverlapGate.Backfill:D} OR o.state = 1 OR {IsBefore})
        ) THEN 1 ELSE 0 END
        """;

    private readonly string _findNext = $"""
        SELECT n.id, n.lane FROM fleet.runs r JOIN fleet.runs n ON n.schedule_id = r.schedule_id
        WHERE r.id = @id AND n.schedule_id IS NOT NULL AND n.{sql.OpenState} < 2
            AND n.state = 0 AND n.overlap > 0 AND n.due_at <= @now
        ORDER BY CASE WHEN n.overlap = {OverlapGate.Backfill:D} THEN 1 ELSE 0 END, COALESCE(n.fire_time, n.created_at), n.id
        """;

    private readonly string _cancelPending = $"""
        UPDATE fleet.runs SET {sql.SetState(RunState.Canceled)}, finished_at = @now, cancel_cause = @cause,
            canceled_by = @by, error_type = NULL, error = @reason
        WHERE id = @id AND state = 0
        """;

    private const string RequestCancel = """
        UPDATE fleet.runs SET cancel_requested_at = @now, cancel_cause = @cause, canceled_by = @by, error = @reason
        WHERE id = @id AND state = 1 AND cancel_requested_at IS NULL
        """;

    public Task LockScheduleAsync(StorageSession session, string schedule, CancellationToken ct) =>
        sql.ExecuteAsync(session, LockSchedule, ct, ("@schedule", schedule));

    public Task LockWorkerAsync(StorageSession session, WorkerId worker, CancellationToken ct) =>
        sql.ExecuteAsync(session, LockWorker, ct, ("@worker", worker));

    public async Task<RunId?> FindLastChanceAsync(StorageSession session, WorkerId worker, CancellationToken ct) =>
        await sql.QueryAsync(session, FindLastChance, row => sql.ReadRunId(row, 0), ct, ("@worker", worker)) is [var run, ..] ? run : null;

    public Task<IReadOnlyList<OverlappingRun>> FindOverlappingAsync(
        StorageSession session, RunId run, DateTimeOffset now, int most, CancellationToken ct) => sql.QueryAsync(
        session, most == int.MaxValue ? _findOverlapping : _findOverlapping + _firstInTheWay + sql.First(most),
        row => new OverlappingRun(sql.ReadRunId(row, 0), row.GetInt32(1) != 0, row.GetInt32(2) != 0, row.GetInt32(3) != 0), ct,
        ("@id", run), ("@now", now));

    public async Task<bool> IsAnyBeforeBackfillAsync(StorageSession session, RunId run, DateTimeOffset now, CancellationToken ct) =>
        (await sql.QueryAsync(session, _isAnyBeforeBackfill, row => row.GetInt32(0) != 0, ct, ("@id", run), ("@now", now)))[0];

    public async Task<(RunId Id, string Lane)?> FindNextAsync(StorageSession session, RunId ended, DateTimeOffset now, CancellationToken ct)
    {
        var waiting = await sql.QueryAsync(
            session, _findNext, row => (sql.ReadRunId(row, 0), row.GetString(1)), ct, ("@id", ended), ("@now", now));
        return waiting is [var next, ..] ? next : null;
    }

    public async Task CancelPendingAsync(
        StorageSession session, RunId run, CancelCause cause, string reason, Actor by, DateTimeOffset now, CancellationToken ct)
    {
        if (await sql.ExecuteAsync(session, _cancelPending, ct, Canceled(run, cause, reason, by, now)) > 0)
            await rollups.AddEndedAsync(session, [run], RollupOutcome.Skipped, now, ct);
    }

    public Task RequestCancelAsync(
        StorageSession session, RunId run, CancelCause cause, string reason, Actor by, DateTimeOffset now, CancellationToken ct) =>
        sql.ExecuteAsync(session, RequestCancel, ct, Canceled(run, cause, reason, by, now));

    private static (string, object?)[] Canceled(RunId run, CancelCause cause, string reason, Actor by, DateTimeOffset now) =>
        [("@id", run), ("@now", now), ("@cause", (int)cause), ("@by", by.ToRow()), ("@reason", reason)];
}
