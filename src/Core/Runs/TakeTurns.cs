using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Pending → Running, or Canceled, for runs of a schedule whose <see cref="OverlapPolicy"/> is not to allow all: of such a schedule
/// at most one run is running. The order is that of the fire times; a run that was triggered by hand stands where it was made.</summary>
/// <remarks>A run that has to wait keeps its row and loses its nudge; the end of the run before it nudges it (<see cref="PassOnAsync"/>), and
/// should that be lost, <see cref="Reconcile"/> does.</remarks>
public sealed class TakeTurns(IStorage storage, IControlChannel control, NudgePublisher nudges, TimeProvider time)
{
    /// <summary>The most runs of a schedule that wait with <see cref="OverlapPolicy.Queue"/>.</summary>
    public const int QueueCap = 100;

    /// <summary>The policy of a backfill's runs where their schedule allows no overlap: each waits for its turn without a limit, after all
    /// live ones. No schedule has it, so it is none of the names that people may write.</summary>
    public const OverlapPolicy Backfill = (OverlapPolicy)4;

    // Whoever wants a turn of the same schedule waits for this transaction to end.
    private const string Lock = "UPDATE fleet.schedules SET overlap = overlap WHERE id = (SELECT schedule_id FROM fleet.runs WHERE id = @id)";

    private const string FindPolicy = "SELECT overlap FROM fleet.runs WHERE id = @id AND state = 0 AND due_at <= @now";

    // One that has been started before has not ended, however long its retry or its snooze lasts.
    private const string HasNotEnded = "(o.state = 1 OR o.started_at IS NOT NULL OR o.due_at <= @now)";

    private const string IsBefore = """
        (COALESCE(o.fire_time, o.created_at) < COALESCE(r.fire_time, r.created_at)
            OR COALESCE(o.fire_time, o.created_at) = COALESCE(r.fire_time, r.created_at) AND o.id < r.id)
        """;

    // Of a backfill those that are running: the others go after all live ones.
    private readonly string _findOthers = $"""
        SELECT o.id, CASE WHEN o.state = 1 THEN 1 ELSE 0 END, CASE WHEN {IsBefore} THEN 1 ELSE 0 END, CASE WHEN o.overlap = {Backfill:D} THEN 1 ELSE 0 END
        FROM fleet.runs r JOIN fleet.runs o ON o.schedule_id = r.schedule_id AND o.id <> r.id
        WHERE r.id = @id AND o.schedule_id IS NOT NULL AND o.{storage.Sql.OpenState} < 2 AND {HasNotEnded} AND (o.overlap <> {Backfill:D} OR o.state = 1)
        """;

    // Whether there is any is enough: a backfill may have thousands that wait.
    private readonly string _findAnyBeforeBackfill = $"""
        SELECT CASE WHEN EXISTS (
            SELECT 1 FROM fleet.runs r JOIN fleet.runs o ON o.schedule_id = r.schedule_id AND o.id <> r.id
            WHERE r.id = @id AND o.schedule_id IS NOT NULL AND o.{storage.Sql.OpenState} < 2 AND {HasNotEnded} AND (o.overlap <> {Backfill:D} OR o.state = 1 OR {IsBefore})
        ) THEN 1 ELSE 0 END
        """;

    private readonly string _cancel = $"UPDATE fleet.runs SET {storage.Sql.SetState(RunState.Canceled)}, finished_at = @now, error_type = NULL, error = @reason WHERE id = @id AND state = 0";

    private const string RequestCancel = "UPDATE fleet.runs SET cancel_requested_at = @now, error = @reason WHERE id = @id AND state = 1 AND cancel_requested_at IS NULL";

    private readonly string _findNext = $"""
        SELECT n.id, n.lane FROM fleet.runs r JOIN fleet.runs n ON n.schedule_id = r.schedule_id
        WHERE r.id = @id AND n.schedule_id IS NOT NULL AND n.{storage.Sql.OpenState} < 2 AND n.state = 0 AND n.overlap > 0 AND n.due_at <= @now
        ORDER BY CASE WHEN n.overlap = {Backfill:D} THEN 1 ELSE 0 END, COALESCE(n.fire_time, n.created_at), n.id
        """;

    /// <summary>Whether it is for the sake of another run of the schedule that a run was canceled before its start.</summary>
    public static bool IsReason(string? error) =>
        error is not null && (error.StartsWith("Skipped: ", StringComparison.Ordinal) || error.StartsWith("Replaced", StringComparison.Ordinal));

    /// <summary>Claims a run when it is its turn.</summary>
    /// <returns><see cref="ClaimStatus.Duplicate"/> when it has to wait, was skipped, or was replaced.</returns>
    public async Task<ClaimOutcome> ExecuteAsync(WorkerId worker, RunId id, CancellationToken ct)
    {
        var (outcome, stopped) = await storage.WriteRetryingAsync(session => TakeAsync(session, worker, id, ct), ct);
        if (stopped.Count > 0)
            await control.PublishControlAsync(new ControlMessage(CancelRuns: stopped), ct);
        return outcome;
    }

    /// <summary>Nudges the next run of the schedule of one that has ended; best effort.</summary>
    public async Task PassOnAsync(RunId ended, CancellationToken ct)
    {
        var waiting = await storage.AutocommitAsync(
            session => storage.Sql.QueryAsync(
                session, _findNext, r => (Id: storage.Sql.ReadRunId(r, 0), Lane: r.GetString(1)), ct, ("@id", ended), ("@now", time.GetUtcNow())),
            ct);
        if (waiting.Count > 0)
            nudges.Publish([new Nudge(waiting[0].Lane, waiting[0].Id)]);
    }

    private async Task<(ClaimOutcome Outcome, IReadOnlyList<RunId> Stopped)> TakeAsync(StorageSession session, WorkerId worker, RunId id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await storage.Sql.ExecuteAsync(session, Lock, ct, ("@id", id));
        var found = await storage.Sql.QueryAsync(session, FindPolicy, r => (OverlapPolicy)r.GetInt32(0), ct, ("@id", id), ("@now", now));
        if (found.Count == 0)
            return (ClaimOutcome.Duplicate, []);
        if (found[0] == Backfill)
        {
            var isAnyBefore = await storage.Sql.QueryAsync(
                session, _findAnyBeforeBackfill, r => r.GetInt32(0) != 0, ct, ("@id", id), ("@now", now));
            return isAnyBefore[0] ? (ClaimOutcome.Duplicate, []) : (await ClaimAsync(), []);
        }

        var others = await storage.Sql.QueryAsync(
            session, _findOthers, r => new Other(storage.Sql.ReadRunId(r, 0), r.GetInt32(1) != 0, r.GetInt32(2) != 0, r.GetInt32(3) != 0), ct, ("@id", id), ("@now", now));
        Other[] inTheWay = [.. others.Where(o => (o.IsBefore || o.IsRunning) && !o.IsBackfill)];

        IReadOnlyList<RunId> stopped = [];
        switch (found[0])
        {
            case OverlapPolicy.Skip when inTheWay.Length > 0:
                await CancelAsync(id, $"Skipped: run {inTheWay[0].Id} of the schedule had not ended.");
                return (ClaimOutcome.Duplicate, []);
            case OverlapPolicy.Queue when inTheWay.Length > QueueCap:
                await CancelAsync(id, $"Skipped: {QueueCap} runs of the schedule were waiting before it.");
                return (ClaimOutcome.Duplicate, []);
            case OverlapPolicy.Queue when inTheWay.Length > 0:
                return (ClaimOutcome.Duplicate, []);
            case OverlapPolicy.Replace when Array.Find(inTheWay, o => !o.IsBefore) is { } newer:
                await CancelAsync(id, $"Replaced: run {newer.Id} of the schedule is newer.");
                return (ClaimOutcome.Duplicate, []);
            case OverlapPolicy.Replace:
                foreach (var other in inTheWay.Where(o => !o.IsRunning))
                    await CancelAsync(other.Id, $"Replaced by run {id}.");
                stopped = [.. inTheWay.Where(o => o.IsRunning).Select(o => o.Id)];
                foreach (var run in stopped)
                    await storage.Sql.ExecuteAsync(session, RequestCancel, ct, ("@id", run), ("@now", now), ("@reason", $"Replaced by run {id}."));
                break;
        }

        if (stopped.Count > 0)
            return (ClaimOutcome.Duplicate, stopped);
        // A backfill is neither stopped for a live run nor a reason to skip it: the live one is next.
        return others.Any(o => o.IsBackfill) ? (ClaimOutcome.Duplicate, []) : (await ClaimAsync(), []);

        async Task<ClaimOutcome> ClaimAsync()
        {
            var claimed = await storage.Statements.ClaimAsync(session, worker, [id], now, inTurn: true, ct);
            return claimed[0].Run is { } taken ? claimed[0] with { Run = taken with { IsInTurn = true } } : claimed[0];
        }

        Task CancelAsync(RunId run, string reason) =>
            storage.Sql.ExecuteAsync(session, _cancel, ct, ("@id", run), ("@now", now), ("@reason", reason));
    }

    private sealed record Other(RunId Id, bool IsRunning, bool IsBefore, bool IsBackfill);
}
