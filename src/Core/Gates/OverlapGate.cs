using Fleet.Core.Actors;
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

    /// <summary>Who cancels a run because of the overlap policy of its schedule.</summary>
    public static readonly Actor Overlap = Actor.Create(ActorKind.Policy, "overlap");

    public bool PassesOn => true;

    public string? KeyOf(WorkerId worker, PendingRun run) => run.Overlap == OverlapPolicy.Allow ? null : run.ScheduleId;

    public Task LockAsync(GatePass pass, string key, CancellationToken ct) =>
        storage.Gates.LockScheduleAsync(pass.Session, key, ct);

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

    public async Task<IReadOnlyList<Nudge>> FindNextAsync(StorageSession session, RunId ended, DateTimeOffset now, CancellationToken ct) =>
        await storage.Gates.FindNextAsync(session, ended, now, ct) is var (id, lane) ? [new Nudge(lane, id)] : [];

    /// <param name="pass">The transaction.</param>
    /// <param name="run">The run.</param>
    /// <param name="passed">Runs of the same set that pass; a run that is replaced here is removed.</param>
    /// <param name="ct">Cancels the statements.</param>
    private async Task<bool> IsItsTurnAsync(GatePass pass, PendingRun run, HashSet<RunId> passed, CancellationToken ct)
    {
        if (run.Overlap == Backfill)
            return !await storage.Gates.IsAnyBeforeBackfillAsync(pass.Session, run.Id, pass.Now, ct);

        var others = await storage.Gates.FindOverlappingAsync(pass.Session, run.Id, pass.Now, ct);
        OverlappingRun[] inTheWay = [.. others.Where(o => (o.IsBefore || o.IsRunning || passed.Contains(o.Id)) && !o.IsBackfill)];
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
                    await storage.Gates.RequestCancelAsync(pass.Session, other.Id, CancelCause.Replaced, reason, Overlap, pass.Now, ct);
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

        Task CancelAsync(RunId id, CancelCause cause, string reason) =>
            storage.Gates.CancelPendingAsync(pass.Session, id, cause, reason, Overlap, pass.Now, ct);
    }
}
