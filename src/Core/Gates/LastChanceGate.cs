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
        var isTaken = await storage.Gates.HasLastChanceAsync(pass.Session, pass.Worker, ct);
        var first = isTaken ? (RunId?)null : runs.Min(r => r.Id);
        return [.. runs.Select(r => r.Id == first ? GateDecision.Pass : GateDecision.WaitUntil(pass.Now + Pause))];
    }
}
