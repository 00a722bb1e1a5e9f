using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>A run that was taken from a dead worker.</summary>
public readonly record struct RescuedRun(RunId Id, string Lane, RunState Next, int Crashes);

/// <summary>Running → Pending for the runs of dead workers: crashes + 1, counted before the next execution, so that a
/// poison job that kills its process ends as Failed after the cap. It takes no neighbours with it: a run with one crash left
/// is claimed only where no other such run is running, and when that worker dies the blame is its alone.</summary>
public sealed partial class RescueRuns(IStorage storage, Wakers wakers, TimeProvider time, ILogger<RescueRuns> logger)
{
    /// <summary>How often the worker of a run may die before the run is Failed.</summary>
    public const int CrashCap = 3;

    private readonly ProcessIdentity _self = ProcessIdentity.Current();

    /// <returns>How many runs were taken.</returns>
    public async Task<int> ExecuteAsync(long term, CancellationToken ct)
    {
        var rescued = await storage.WriteAsLeaderAsync(
            term,
            async scope =>
            {
                await DeclareGoneAsync(scope.Db, ct);
                return await storage.Statements.RescueAsync(scope.Transaction, CrashCap, time.GetUtcNow(), ct);
            },
            ct);
        foreach (var run in rescued)
            LogRescued(run.Id, run.Next, run.Crashes);
        if (rescued.Count > 0)
            wakers.Stage.Wake();
        return rescued.Count;
    }

    private async Task DeclareGoneAsync(FleetDbContext db, CancellationToken ct)
    {
        var now = await storage.GetClockAsync(ct);
        var alive = await db.Workers.AsNoTracking().Where(w => w.State != WorkerState.Gone).ToListAsync(ct);
        var dead = alive
            .Where(w => w.LeaseUntil < now
                || new ProcessIdentity(w.ProcessSpace, w.ProcessId, w.ProcessStart).IsCertainlyDead(_self))
            .ToList();
        if (dead.Count == 0)
            return;
        var ids = dead.ConvertAll(w => w.Id);
        await db.Workers.Where(w => ids.Contains(w.Id)).ExecuteUpdateAsync(set => set.SetProperty(w => w.State, WorkerState.Gone), ct);
        foreach (var worker in dead)
            LogGone(worker.Name, worker.Id, worker.HeartbeatAt);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {Worker} ({WorkerId}) is gone; its last heartbeat was at {HeartbeatAt:O}.")]
    private partial void LogGone(string worker, WorkerId workerId, DateTimeOffset heartbeatAt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {RunId} was taken from a dead worker and is {State} now ({Crashes} crash(es)).")]
    private partial void LogRescued(RunId runId, RunState state, int crashes);
}
