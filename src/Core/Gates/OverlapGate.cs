using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Gates;

/// <summary>Of a schedule whose <see cref="OverlapPolicy"/> is not <see cref="OverlapPolicy.Allow"/>, at most one run is running. Runs
/// take turns in the order of their fire times; a run that was triggered by hand stands where it was created (docs/adr/0012).</summary>
public sealed class OverlapGate(IStorage storage) : IGate
{
    /// <summary>Maximum number of runs of a schedule that wait with <see cref="OverlapPolicy.Queue"/>.</summary>
    public const int QueueCap = 100;

    /// <summary>The policy of a backfill's runs if their schedule does not allow overlap: each waits for its turn without a limit, after
    /// all live runs. It is not a policy that a schedule can have.</summary>
    public const OverlapPolicy Backfill = (OverlapPolicy)4;

    private const string Lock = "UPDATE fleet.schedules SET overlap = overlap WHERE id = @key";

    // A run that has started before has not ended, however long its retry or its snooze lasts.
    private const string HasNotEnded = "(o.state = 1 OR o.started_at IS NOT NULL OR o.due_at <= @now)";

    private const string IsBefore = """
        (COALESCE(o.fire_time, o.created_at) < COALESCE(r.fire_time, r.created_at)
            OR COALESCE(o.fire_time, o.created_at) = COALESCE(r.fire_time, r.created_at) AND o.id < r.id)
        """;

    // Of a backfill only the running run: the others come after all live ones.
    private readonly string _findOthers = $"""
        SELECT o.id, CASE WHEN o.state = 1 THEN 1 ELSE 0 END, CASE WHEN {IsBefore} THEN 1 ELSE 0 END,
            CASE WHEN o.overlap = {Backfill:D} THEN 1 ELSE 0 END
        FROM fleet.runs r JOIN fleet.runs o ON o.schedule_id = r.schedule_id AND o.id <> r.id
        WHERE r.id = @id AND r.state = 0 AND o.schedule_id IS NOT NULL AND o.{storage.Sql.OpenState} < 2 AND {HasNotEnded}
            AND (o.overlap <> {Backfill:D} OR o.state = 1)
        """;

    // Only whether there is one: thousands of runs of a backfill may wait.
    private readonly string _findAnyBeforeBackfill = $"""
        SELECT CASE WHEN EXISTS (
            SELECT 1 FROM fleet.runs r JOIN fleet.runs o ON o.schedule_id = r.schedule_id AND o.id <> r.id
            WHERE r.id = @id AND r.state = 0 AND o.schedule_id IS NOT NULL AND o.{storage.Sql.OpenState} < 2 AND {HasNotEnded}
                AND (o.overlap <> {Backfill:D} OR o.state = 1 OR {IsBefore})
        ) THEN 1 ELSE 0 END
        """;

    private readonly string _cancel = $"""
        UPDATE fleet.runs SET {storage.Sql.SetState(RunState.Canceled)}, finished_at = @now, cancel_cause = @cause,
            error_type = NULL, error = @reason
        WHERE id = @id AND state = 0
        """;

    private const string RequestCancel = """
        UPDATE fleet.runs SET cancel_requested_at = @now, cancel_cause = @cause, error = @reason
        WHERE id = @id AND state = 1 AND cancel_requested_at IS NULL
        """;

    private readonly string _findNext = $"""
        SELECT n.id, n.lane FROM fleet.runs r JOIN fleet.runs n ON n.schedule_id = r.schedule_id
        WHERE r.id = @id AND n.schedule_id IS NOT NULL AND n.{storage.Sql.OpenState} < 2
            AND n.state = 0 AND n.overlap > 0 AND n.due_at <= @now
        ORDER BY CASE WHEN n.overlap = {Backfill:D} THEN 1 ELSE 0 END, COALESCE(n.fire_time, n.created_at), n.id
        """;

    public bool PassesOn => true;

    public string? KeyOf(WorkerId worker, PendingRun run) => run.Overlap == OverlapPolicy.Allow ? null : run.ScheduleId;

    public Task LockAsync(GatePass pass, string key, CancellationToken ct) =>
        storage.Sql.ExecuteAsync(pass.Session, Lock, ct, ("@key", key));

    public async Task<IReadOnlyList<GateDecision>> DecideAsync(GatePass pass, IReadOnlyList<PendingRun> runs, CancellationToken ct)
    {
        // Live runs before those of a backfill, each in the order of their turns.
        var passed = new HashSet<RunId>();
        foreach (var run in runs.OrderBy(r => r.Overlap == Backfill).ThenBy(r => r.Position).ThenBy(r => r.Id))
        {
            if (await IsItsTurnAsync(pass, run, passed, ct))
                passed.Add(run.Id);
        }

        return [.. runs.Select(r => passed.Contains(r.Id) ? GateDecision.Pass : GateDecision.Wait)];
    }

    public async Task<IReadOnlyList<Nudge>> FindNextAsync(StorageSession session, RunId ended, DateTimeOffset now, CancellationToken ct)
    {
        var waiting = await storage.Sql.QueryAsync(
            session, _findNext, r => new Nudge(r.GetString(1), storage.Sql.ReadRunId(r, 0)), ct,
            ("@id", ended), ("@now", now));
        return [.. waiting.Take(1)];
    }

    /// <param name="pass">The transaction.</param>
    /// <param name="run">The run.</param>
    /// <param name="passed">Runs of the same set that pass; a run that is replaced here is removed.</param>
    /// <param name="ct">Cancels the statements.</param>
    private async Task<bool> IsItsTurnAsync(GatePass pass, PendingRun run, HashSet<RunId> passed, CancellationToken ct)
    {
        if (run.Overlap == Backfill)
        {
            var isAnyBefore = await storage.Sql.QueryAsync(
                pass.Session, _findAnyBeforeBackfill, r => r.GetInt32(0) != 0, ct, ("@id", run.Id), ("@now", pass.Now));
            return !isAnyBefore[0];
        }

        var others = await storage.Sql.QueryAsync(
            pass.Session, _findOthers,
            r => new Other(storage.Sql.ReadRunId(r, 0), r.GetInt32(1) != 0, r.GetInt32(2) != 0, r.GetInt32(3) != 0), ct,
            ("@id", run.Id), ("@now", pass.Now));
        Other[] inTheWay = [.. others.Where(o => (o.IsBefore || o.IsRunning || passed.Contains(o.Id)) && !o.IsBackfill)];
        switch (run.Overlap)
        {
            case OverlapPolicy.Skip when inTheWay.Length > 0:
                await CancelAsync(run.Id, CancelCause.Overlap, $"Skipped: run {inTheWay[0].Id} of the schedule had not ended.");
                return false;
            case OverlapPolicy.Queue when inTheWay.Length > QueueCap:
                await CancelAsync(run.Id, CancelCause.Overlap, $"Skipped: {QueueCap} runs of the schedule were waiting before it.");
                return false;
            case OverlapPolicy.Queue when inTheWay.Length > 0:
                return false;
            case OverlapPolicy.Replace when Array.Find(inTheWay, o => !o.IsBefore) is { } newer:
                await CancelAsync(run.Id, CancelCause.Replaced, $"Replaced: run {newer.Id} of the schedule is newer.");
                return false;
            case OverlapPolicy.Replace:
                if (await ReplaceAsync())
                    return false;
                break;
        }

        // A live run neither stops a run of a backfill nor is skipped because of it: it comes next.
        return !others.Any(o => o.IsBackfill);

        async Task<bool> ReplaceAsync()
        {
            var reason = $"Replaced by run {run.Id}.";
            foreach (var other in inTheWay)
            {
                if (other.IsRunning)
                {
                    await storage.Sql.ExecuteAsync(
                        pass.Session, RequestCancel, ct,
                        ("@id", other.Id), ("@now", pass.Now), ("@cause", (int)CancelCause.Replaced), ("@reason", reason));
                    pass.Stop(other.Id);
                }
                else
                {
                    await CancelAsync(other.Id, CancelCause.Replaced, reason);
                    passed.Remove(other.Id);
                }
            }

            return Array.Exists(inTheWay, o => o.IsRunning);
        }

        Task CancelAsync(RunId id, CancelCause cause, string reason) => storage.Sql.ExecuteAsync(
            pass.Session, _cancel, ct, ("@id", id), ("@now", pass.Now), ("@cause", (int)cause), ("@reason", reason));
    }

    private sealed record Other(RunId Id, bool IsRunning, bool IsBefore, bool IsBackfill);
}
