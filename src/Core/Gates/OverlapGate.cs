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

    /// <summary>More runs than any schedule can have; a decision reads them all.</summary>
    private const int MaxOverlapping = int.MaxValue;

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
        var waiting = new Dictionary<RunId, GateDecision>();
        foreach (var run in runs.OrderBy(r => r.Overlap == Backfill).ThenBy(r => r.Position).ThenBy(r => r.Id))
        {
            var turn = await FindTurnAsync(pass.Session, run, pass.Now, passed, MaxOverlapping, ct);
            await ApplyAsync(pass, run, turn, passed, ct);
            if (turn.Decision.Passes)
                passed.Add(run.Id);
            else
                waiting.Add(run.Id, turn.Decision);
        }

        return [.. runs.Select(r => passed.Contains(r.Id) ? GateDecision.Pass : DecisionOf(r.Id))];

        // A run that had passed is replaced by a later one of the set.
        GateDecision DecisionOf(RunId id) => waiting.TryGetValue(id, out var decision)
            ? decision
            : GateDecision.Wait(new GateReason(GateReasonKind.IsReplaced));
    }

    public async Task<GateDecision> JudgeAsync(
        StorageSession session, WorkerId worker, PendingRun run, DateTimeOffset now, CancellationToken ct) =>
        (await FindTurnAsync(session, run, now, [], QueueCap + 2, ct)).Decision;

    public async Task<IReadOnlyList<Nudge>> FindNextAsync(StorageSession session, RunId ended, DateTimeOffset now, CancellationToken ct) =>
        await storage.Gates.FindNextAsync(session, ended, now, ct) is var (id, lane) ? [new Nudge(lane, id)] : [];

    /// <summary>Decides about one run. It only reads; <see cref="ApplyAsync"/> writes what follows.</summary>
    /// <param name="session">Where it reads.</param>
    /// <param name="run">The run.</param>
    /// <param name="now">The time of the decision.</param>
    /// <param name="passed">Runs of the same set that pass.</param>
    /// <param name="most">The most other runs to read; those that are in the way come first.</param>
    /// <param name="ct">Cancels the statements.</param>
    private async Task<Turn> FindTurnAsync(
        StorageSession session, PendingRun run, DateTimeOffset now, HashSet<RunId> passed, int most, CancellationToken ct)
    {
        if (run.Overlap == Backfill)
        {
            return await storage.Gates.IsAnyBeforeBackfillAsync(session, run.Id, now, ct)
                ? new Turn(GateDecision.Wait(new GateReason(GateReasonKind.BackfillWaits)), [])
                : Turn.Now;
        }

        var others = await storage.Gates.FindOverlappingAsync(session, run.Id, now, most, ct);
        OverlappingRun[] inTheWay = [.. others.Where(o => (o.IsBefore || o.IsRunning || passed.Contains(o.Id)) && !o.IsBackfill)];
        switch (run.Overlap)
        {
            case OverlapPolicy.Skip when inTheWay.Length > 0:
                return Wait(GateReasonKind.Skipped);
            case OverlapPolicy.Queue when inTheWay.Length > QueueCap:
                return Wait(GateReasonKind.QueueIsFull);
            case OverlapPolicy.Queue when inTheWay.Length > 0:
                return Wait(GateReasonKind.WaitsForTurn);
            case OverlapPolicy.Replace when Array.Find(inTheWay, o => !o.IsBefore) is { } newer:
                return new Turn(GateDecision.Wait(new GateReason(GateReasonKind.IsReplaced, newer.Id)), []);
            case OverlapPolicy.Replace when Array.Find(inTheWay, o => o.IsRunning) is { } running:
                return new Turn(
                    GateDecision.Wait(
                        new GateReason(GateReasonKind.WaitsForReplaced, running.Id, inTheWay.Count(o => o.IsRunning))), inTheWay);
        }

        // A live run neither stops a run of a backfill nor is skipped because of it: it comes next.
        return others.FirstOrDefault(o => o.IsBackfill) is { } backfill
            ? new Turn(GateDecision.Wait(new GateReason(GateReasonKind.WaitsForBackfill, backfill.Id)), Replaced())
            : new Turn(GateDecision.Pass, Replaced());

        Turn Wait(GateReasonKind kind) =>
            new(GateDecision.Wait(new GateReason(kind, FirstInTheWay(), inTheWay.Length)), []);

        // The one that is running ends first.
        RunId FirstInTheWay() => (Array.Find(inTheWay, o => o.IsRunning) ?? inTheWay[0]).Id;

        OverlappingRun[] Replaced() => run.Overlap == OverlapPolicy.Replace ? inTheWay : [];
    }

    /// <summary>Cancels what the decision cancels: the run itself, or the runs that it replaces.</summary>
    private async Task ApplyAsync(GatePass pass, PendingRun run, Turn turn, HashSet<RunId> passed, CancellationToken ct)
    {
        if (turn.Decision.Reason is { Cancels: true } reason)
        {
            var cause = reason.Kind == GateReasonKind.IsReplaced ? CancelCause.Replaced : CancelCause.Overlap;
            await CancelAsync(run.Id, cause, TextOf(reason));
        }

        foreach (var other in turn.Replaced)
        {
            var text = $"Replaced by run {run.Id}.";
            if (other.IsRunning)
            {
                await storage.Gates.RequestCancelAsync(pass.Session, other.Id, CancelCause.Replaced, text, Overlap, pass.Now, ct);
                pass.Stop(other.Id);
            }
            else
            {
                await CancelAsync(other.Id, CancelCause.Replaced, text);
                passed.Remove(other.Id);
            }
        }

        Task CancelAsync(RunId id, CancelCause cause, string text) =>
            storage.Gates.CancelPendingAsync(pass.Session, id, cause, text, Overlap, pass.Now, ct);
    }

    /// <summary>The reason of a cancel, as it is stored.</summary>
    private static string TextOf(GateReason reason) => reason.Kind switch
    {
        GateReasonKind.Skipped => $"Skipped: run {reason.Run} of the schedule had not ended.",
        GateReasonKind.QueueIsFull => $"Skipped: {QueueCap} runs of the schedule were waiting before it.",
        _ => $"Replaced: run {reason.Run} of the schedule is newer.",
    };

    /// <summary>What the policy says about one run.</summary>
    /// <param name="Decision">Whether it may start.</param>
    /// <param name="Replaced">The runs that it replaces.</param>
    private sealed record Turn(GateDecision Decision, IReadOnlyList<OverlappingRun> Replaced)
    {
        public static Turn Now { get; } = new(GateDecision.Pass, []);
    }
}
