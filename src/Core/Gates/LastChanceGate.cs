using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Gates;

/// <summary>A worker executes at most one run that has only one crash left. If the worker dies again, that run alone is blamed, and a job
/// that kills its process takes no other run with it (docs/adr/0007).</summary>
public sealed class LastChanceGate(IStorage storage) : IGate
{
    /// <summary>When a run that has to wait here is tried again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const string Lock = "UPDATE fleet.workers SET state = state WHERE id = @worker";

    // The number is part of the text: an index holds exactly these runs.
    private static readonly string FindRunning =
        $"SELECT id FROM fleet.runs WHERE worker_id = @worker AND state = 1 AND crashes >= {PendingRun.LastChance}";

    public bool PassesOn => false;

    public string? KeyOf(WorkerId worker, PendingRun run) => run.IsOnLastChance ? worker.ToString() : null;

    public Task LockAsync(GatePass pass, string key, CancellationToken ct) =>
        storage.Sql.ExecuteAsync(pass.Session, Lock, ct, ("@worker", pass.Worker));

    public async Task<IReadOnlyList<GateDecision>> DecideAsync(GatePass pass, IReadOnlyList<PendingRun> runs, CancellationToken ct)
    {
        var running = await storage.Sql.QueryAsync(
            pass.Session, FindRunning, r => storage.Sql.ReadRunId(r, 0), ct, ("@worker", pass.Worker));
        var first = running.Count > 0 ? (RunId?)null : runs.Min(r => r.Id);
        return [.. runs.Select(r => r.Id == first ? GateDecision.Pass : GateDecision.WaitUntil(pass.Now + Pause))];
    }
}
