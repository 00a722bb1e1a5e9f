using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Gates;

/// <summary>A worker executes at most one run that has only one crash left. If the worker dies again, that run alone is blamed, and a job
/// that kills its process takes no other run with it (docs/adr/0007).</summary>
public sealed class LastChanceGate(IStorage storage) : IGate
{
    /// <summary>When a run that has to wait here is tried again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public bool PassesOn => false;

    public string? KeyOf(WorkerId worker, PendingRun run) => run.IsOnLastChance ? worker.ToString() : null;

    public Task LockAsync(GatePass pass, string key, CancellationToken ct) =>
        storage.Gates.LockWorkerAsync(pass.Session, pass.Worker, ct);

    public async Task<IReadOnlyList<GateDecision>> DecideAsync(GatePass pass, IReadOnlyList<PendingRun> runs, CancellationToken ct)
    {
        var first = runs.MinBy(r => r.Id)!;
        var decision = await JudgeAsync(pass.Session, pass.Worker, first, pass.Now, ct);
        var taken = decision.Reason ?? new GateReason(GateReasonKind.LastChanceIsTaken, first.Id);
        return [.. runs.Select(r => r.Id == first.Id ? decision : GateDecision.WaitUntil(pass.Now + Pause, taken))];
    }

    public async Task<GateDecision> JudgeAsync(
        StorageSession session, WorkerId worker, PendingRun run, DateTimeOffset now, CancellationToken ct) =>
        await storage.Gates.FindLastChanceAsync(session, worker, ct) is { } other
            ? GateDecision.WaitUntil(now + Pause, new GateReason(GateReasonKind.LastChanceIsTaken, other))
            : GateDecision.Pass;
}
