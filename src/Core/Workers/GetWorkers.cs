using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Workers;

/// <summary>A worker's row and the values that are computed from it.</summary>
/// <param name="Row">The row.</param>
/// <param name="State"><c>active</c>, <c>draining</c>, <c>drained</c> or <c>gone</c>.</param>
/// <param name="Busy">Lane → slots that execute a run, as of the last heartbeat; only lanes with any.</param>
/// <param name="HeartbeatAge">Time since the last heartbeat, by the database's clock.</param>
/// <param name="Runs">Some of the runs that it executes; empty in a list.</param>
public sealed record DescribedWorker(
    WorkerRow Row, string State, IReadOnlyDictionary<string, int> Busy, TimeSpan HeartbeatAge, IReadOnlyList<WorkerRun> Runs);

/// <summary>A run that a worker executes.</summary>
public sealed record WorkerRun(RunId Id, string Job, string Lane, int Attempt, DateTimeOffset? StartedAt);

/// <summary>Reads workers.</summary>
public sealed class GetWorkers(IStorage storage)
{
    /// <summary>Maximum number of workers in a list.</summary>
    public const int MaxListed = 500;

    /// <summary>Maximum number of runs that are shown with a worker.</summary>
    public const int MaxRuns = 100;

    /// <summary>Reads the workers, those that are gone last, else the newest first.</summary>
    public async Task<IReadOnlyList<DescribedWorker>> ListAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        var rows = await db.Workers.AsNoTracking()
            .OrderBy(w => w.State == WorkerState.Gone ? 1 : 0).ThenByDescending(w => w.StartedAt).Take(MaxListed).ToListAsync(ct);
        var now = await storage.ReadClockAsync(ct);
        return [.. rows.Select(row => Describe(row, now, []))];
    }

    /// <summary>Reads a worker with its runs; null when there is none.</summary>
    public async Task<DescribedWorker?> FindAsync(WorkerId id, CancellationToken ct)
    {
        await using var db = storage.Read();
        if (await db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Id == id, ct) is not { } row)
            return null;
        var runs = await db.Running.Where(r => r.WorkerId == id).OrderBy(r => r.StartedAt).Take(MaxRuns)
            .Select(r => new WorkerRun(r.Id, r.Job, r.Lane, r.Attempt, r.StartedAt)).ToListAsync(ct);
        return Describe(row, await storage.ReadClockAsync(ct), runs);
    }

    private static DescribedWorker Describe(WorkerRow row, DateTimeOffset now, IReadOnlyList<WorkerRun> runs)
    {
        var loads = row.ReadLaneLoads();
        var busy = row.State == WorkerState.Gone ? [] : loads.Where(l => l.Value.Busy > 0).ToDictionary(l => l.Key, l => l.Value.Busy);
        var age = now - row.HeartbeatAt;
        return new DescribedWorker(row, StateOf(row, loads, busy.Count > 0), busy, age > TimeSpan.Zero ? age : TimeSpan.Zero, runs);
    }

    private static string StateOf(WorkerRow row, IReadOnlyDictionary<string, LaneLoad> loads, bool isBusy) => row switch
    {
        { State: WorkerState.Gone } => "gone",
        { State: WorkerState.Draining } => "draining",
        { DrainSince: null } => "active",
        // It has heard of it, and nothing of it is under way.
        _ => !isBusy && loads.Count > 0 && loads.Values.All(load => load.Quiet) ? "drained" : "draining",
    };
}
