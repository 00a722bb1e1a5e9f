using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>A running run whose worker is dead.</summary>
public readonly record struct OrphanedRun(RunId Id, WorkerId? Worker, long LeaseToken, int Crashes, bool IsCancelRequested);

/// <summary>What becomes of it.</summary>
/// <param name="Orphan">The run.</param>
/// <param name="Next">Pending, Failed or Canceled.</param>
/// <param name="Crashes">Those that count against it now.</param>
/// <param name="Error">For the attempt and the run.</param>
public readonly record struct RescuedRun(OrphanedRun Orphan, RunState Next, int Crashes, string Error)
{
    /// <summary>Stands where the type of an exception would.</summary>
    public const string ErrorType = "WorkerCrashed";
}

/// <summary>Running → Pending for the runs of dead workers: crashes + 1, counted before the next execution, so that a
/// poison job that kills its process ends as Failed after the cap. It takes no neighbours with it: a run with one crash left
/// is claimed only where no other such run is running, and when that worker dies the blame is its alone.</summary>
public sealed partial class RescueRuns(
    IStorage storage, ILaneTransport transport, TakeTurns turns, Wakers wakers, TimeProvider time, ILogger<RescueRuns> logger)
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
                await DeclareGoneAsync(scope, ct);
                var orphans = await storage.Statements.LockOrphansAsync(scope.Transaction, ct);
                var decided = Decide(orphans);
                if (decided.Count > 0)
                    await storage.Statements.RescueAsync(scope.Transaction, decided, time.GetUtcNow(), ct);
                return decided;
            },
            ct);
        foreach (var run in rescued)
            LogRescued(run.Orphan.Id, run.Next, run.Crashes);
        if (rescued.Count > 0)
            wakers.Stage.Wake();
        foreach (var ended in rescued.Where(r => r.Next != RunState.Pending))
            await turns.PassOnAsync(ended.Orphan.Id, ct);
        await PublishDeadAsync([.. rescued.Where(r => r.Next == RunState.Failed).Select(r => r.Orphan.Id)], ct);
        return rescued.Count;
    }

    /// <summary>Those that ended here have no worker left to leave their copy.</summary>
    private async Task PublishDeadAsync(RunId[] failed, CancellationToken ct)
    {
        if (failed.Length == 0)
            return;
        await using var db = storage.Read();
        foreach (var run in await db.Runs.AsNoTracking().Where(r => failed.Contains(r.Id) && r.State == RunState.Failed).ToListAsync(ct))
        {
            await transport.PublishDeadAsync(
                new DeadRun(run.Id, run.Job, run.Lane, run.Args, run.Attempt, run.Error!, run.ErrorType!, run.FinishedAt!.Value), ct);
        }
    }

    private static List<RescuedRun> Decide(IReadOnlyList<OrphanedRun> orphans)
    {
        // A run on its last chance has the blame to itself: it ran beside no other such run, and the rest are bystanders.
        var suspects = orphans.Where(o => o.Crashes == CrashCap - 1).Select(o => o.Worker).ToHashSet();
        var decided = new List<RescuedRun>(orphans.Count);
        foreach (var orphan in orphans)
        {
            var isBystander = orphan.Crashes < CrashCap - 1 && suspects.Contains(orphan.Worker);
            var crashes = isBystander ? orphan.Crashes : orphan.Crashes + 1;
            var next = orphan.IsCancelRequested ? RunState.Canceled : crashes >= CrashCap ? RunState.Failed : RunState.Pending;
            var error = next == RunState.Failed
                ? $"Its worker died {crashes} times while running it; the cap is {CrashCap}."
                : "Its worker died while running it.";
            decided.Add(new RescuedRun(orphan, next, crashes, error));
        }

        return decided;
    }

    private async Task DeclareGoneAsync(WriteScope scope, CancellationToken ct)
    {
        var now = await storage.GetClockAsync(scope, ct);
        var alive = await scope.Db.Workers.AsNoTracking().Where(w => w.State != WorkerState.Gone).ToListAsync(ct);
        foreach (var worker in alive)
        {
            var isDead = new ProcessIdentity(worker.ProcessSpace, worker.ProcessId, worker.ProcessStart).IsCertainlyDead(_self);
            if (!isDead && worker.LeaseUntil >= now)
                continue;
            // A heartbeat that got through since the row was read keeps the worker alive.
            var gone = await scope.Db.Workers.Where(w => w.Id == worker.Id && (isDead || w.LeaseUntil < now))
                .ExecuteUpdateAsync(set => set.SetProperty(w => w.State, WorkerState.Gone), ct);
            if (gone > 0)
                LogGone(worker.Name, worker.Id, worker.HeartbeatAt);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {Worker} ({WorkerId}) is gone; its last heartbeat was at {HeartbeatAt:O}.")]
    private partial void LogGone(string worker, WorkerId workerId, DateTimeOffset heartbeatAt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {RunId} was taken from a dead worker and is {State} now ({Crashes} crash(es)).")]
    private partial void LogRescued(RunId runId, RunState state, int crashes);
}
