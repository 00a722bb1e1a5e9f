using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>Running → Pending for the runs of dead workers, with crashes + 1. The crash is counted before the next execution, so a job that
/// kills its process ends as Failed after the cap. It does not take other runs with it: a run that has crashed two workers is claimed only
/// where no other such run is executing, and if that worker dies, only this run gets the crash. A worker that died while draining was
/// probably killed by its platform, so its runs are released without a crash.</summary>
/// <remarks>A run that cannot be rescued does not prevent the rescue of others, and a lane that refuses dead copies delays
/// nothing.</remarks>
public sealed partial class RescueRuns(
    IStorage storage, IDeadCopySender copies, SecretArgs secrets, ITransport transport, IRunGates gates, Wakers wakers, TimeProvider time,
    ILogger<RescueRuns> logger) : IAsyncDisposable
{
    /// <summary>Maximum number of copies of dead runs that are sent in parallel.</summary>
    private const int CopiesTogether = 256;

    private readonly ProcessIdentity _self = ProcessIdentity.Current();
    private readonly WorkerWatch _watch = new(time);
    private readonly Setbacks _runs = new("rescue", "run", storage.IsOutage, time, logger);
    private readonly Setbacks _copies = new("rescue", "lane", transport.IsOutage, time, logger);

    /// <summary>The latest time of the next pass, so that a dead worker is noticed as soon as its lease has passed. Null while there is no
    /// worker.</summary>
    public TimeSpan? LookAgainIn => _watch.LookAgainIn;

    /// <returns>The number of runs taken from dead workers.</returns>
    public async Task<int> ExecuteAsync(Term term, CancellationToken ct)
    {
        Taken taken;
        try
        {
            taken = await TakeAsync(term, ct);
        }
        catch
        {
            // The database may have been away, also for the workers.
            _watch.Forget();
            throw;
        }

        foreach (var run in taken.Crashed)
            LogRescued(run.Orphan.Id, run.Next, run.Crashes);
        foreach (var run in taken.Released)
            LogReleased(run.Orphan.Id, run.Times);
        if (taken.Released.Count > 0)
            LogGraceTooShort(taken.Released.Count);
        if (taken.Count > 0)
            wakers.Stage.Wake();
        // If the pass fails after this point, the runs are taken anyway, and no later pass returns to them.
        await PassOnAsync(
            [
                .. taken.Crashed.Where(r => r.Next != RunState.Pending).Select(r => r.Orphan.Id),
                .. taken.Released.Where(r => r.Orphan.IsCancelRequested).Select(r => r.Orphan.Id),
            ],
            ct);
        await PublishDeadAsync([.. taken.Crashed.Where(r => r.Next == RunState.Failed).Select(r => r.Orphan.Id)], ct);
        return taken.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _runs.DisposeAsync();
        await _copies.DisposeAsync();
    }

    private async Task<Taken> TakeAsync(Term term, CancellationToken ct)
    {
        // Runs that failed before are tried alone.
        var suspects = _runs.Suspects.ToHashSet(StringComparer.Ordinal);
        var orphans = new List<RunId>();
        Taken taken;
        try
        {
            taken = await storage.WriteAsLeaderAsync(
                term, session => TakeAsync(session, term, id => !suspects.Contains($"{id}"), orphans, ct), ct);
        }
        catch (Exception e) when (e is not TermLostException && !ct.IsCancellationRequested && !storage.IsOutage(e) && orphans.Count > 0)
        {
            // One of them prevents the others from being taken together. Taking them one by one shows which one.
            taken = new Taken([], []);
            suspects = orphans.Select(id => $"{id}").ToHashSet(StringComparer.Ordinal);
        }

        foreach (var id in orphans.Where(id => suspects.Contains($"{id}")))
        {
            await _runs.TryAsync(
                $"{id}",
                async () =>
                {
                    var one = await storage.WriteAsLeaderAsync(term, session => TakeAsync(session, term, other => other == id, [], ct), ct);
                    taken = new Taken([.. taken.Crashed, .. one.Crashed], [.. taken.Released, .. one.Released]);
                },
                ct);
        }

        return taken;
    }

    /// <param name="session">The leader's write.</param>
    /// <param name="term">Its term.</param>
    /// <param name="isChosen">Which runs are taken. The decision for each run considers all of them.</param>
    /// <param name="found">Gets the runs of dead workers.</param>
    /// <param name="ct">Cancels the write.</param>
    private async Task<Taken> TakeAsync(
        StorageSession session, Term term, Predicate<RunId> isChosen, List<RunId> found, CancellationToken ct)
    {
        var drained = await DeclareGoneAsync(session, term, ct);
        var orphans = await storage.Statements.LockOrphansAsync(session, ct);
        found.Clear();
        found.AddRange(orphans.Select(o => o.Id));
        if (orphans.Count == 0)
            return new Taken([], []);
        drained.UnionWith(await FindDrainedAsync(session, orphans, ct));
        var released = await ReleasableAsync(session, [.. orphans.Where(o => o.Worker is { } worker && drained.Contains(worker))], ct);
        var ids = released.ConvertAll(r => r.Orphan.Id).ToHashSet();
        var crashed = Decide([.. orphans.Where(o => !ids.Contains(o.Id))]).FindAll(r => isChosen(r.Orphan.Id));
        released = released.FindAll(r => isChosen(r.Orphan.Id));
        var now = time.GetUtcNow();
        if (crashed.Count > 0)
        {
            await storage.Statements.RescueAsync(session, crashed, now, ct);
            await CountAsync(crashed.Select(r => (r.Orphan.Id, EndOf(r.Next))));
        }

        if (released.Count > 0)
        {
            var clock = await storage.GetClockAsync(session, ct);
            var due = clock < now ? clock : now;
            var ends = await storage.Statements.EndAttemptAsync(session, released.ConvertAll(r => Release(r.Orphan, now, due)), ct);
            await CountAsync(
                from end in released.Zip(ends)
                where end.Second != SettleOutcome.LeaseLost
                select (end.First.Orphan.Id, end.Second == SettleOutcome.Canceled ? RollupOutcome.Canceled : RollupOutcome.Released));
        }

        return new Taken(crashed, released);

        async Task CountAsync(IEnumerable<(RunId Id, RollupOutcome Outcome)> ends)
        {
            foreach (var outcome in ends.GroupBy(e => e.Outcome, e => e.Id))
                await storage.Rollups.AddEndedAsync(session, [.. outcome], outcome.Key, now, ct);
        }
    }

    private static RollupOutcome EndOf(RunState next) => next switch
    {
        RunState.Failed => RollupOutcome.Failed,
        RunState.Canceled => RollupOutcome.Canceled,
        _ => RollupOutcome.Rescued,
    };

    /// <summary>Publishes the dead copies of runs that ended here, because their workers are gone.</summary>
    private async Task PublishDeadAsync(RunId[] failed, CancellationToken ct)
    {
        if (failed.Length == 0)
            return;
        await using var db = storage.Read();
        var runs = await db.Runs.AsNoTracking().Where(r => failed.Contains(r.Id) && r.State == RunState.Failed).ToListAsync(ct);
        var lanes = runs.ToLookup(r => r.Lane, StringComparer.Ordinal);
        var members = new Dictionary<string, SecretMembers>(StringComparer.Ordinal);
        foreach (var job in runs.Select(r => r.Job).Distinct(StringComparer.Ordinal))
            members[job] = await secrets.FindAsync(job, ct);
        await _copies.TryEachAsync(
            lanes.Select(lane => lane.Key),
            async lane =>
            {
                foreach (var together in lanes[lane].Chunk(CopiesTogether))
                {
                    await Task.WhenAll(together.Select(run => copies.PublishDeadAsync(
                        new DeadRun(
                            run.Id, run.Job, run.Lane, members[run.Job].Redact(run.Args), run.Attempt, run.Error!, run.ErrorType!,
                            run.FinishedAt!.Value),
                        ct)));
                }
            },
            _ => Task.CompletedTask,
            ct);
    }

    private async Task PassOnAsync(RunId[] ended, CancellationToken ct)
    {
        foreach (var id in ended)
        {
            try
            {
                await gates.PassOnAsync(id, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                LogNotPassedOn(id, e);
            }
        }
    }

    private static List<RescuedRun> Decide(IReadOnlyList<OrphanedRun> orphans)
    {
        // A run on its last chance gets the crash alone: no other such run was executing, and the other runs are not to blame.
        var suspects = orphans.Where(o => o.Crashes == RescuedRun.CrashCap - 1).Select(o => o.Worker).ToHashSet();
        var decided = new List<RescuedRun>(orphans.Count);
        foreach (var orphan in orphans)
        {
            var isBystander = orphan.Crashes < RescuedRun.CrashCap - 1 && suspects.Contains(orphan.Worker);
            var crashes = isBystander ? orphan.Crashes : orphan.Crashes + 1;
            var next = orphan.IsCancelRequested ? RunState.Canceled : crashes >= RescuedRun.CrashCap ? RunState.Failed : RunState.Pending;
            var error = next == RunState.Failed
                ? $"Its worker died {crashes} times while running it; the cap is {RescuedRun.CrashCap}."
                : "Its worker died while running it.";
            decided.Add(new RescuedRun(orphan, next, crashes, error));
        }

        return decided;
    }

    /// <summary>The workers of the orphans that had begun to drain, and that left or that an earlier pass declared gone.</summary>
    private static async Task<IReadOnlyList<WorkerId>> FindDrainedAsync(
        StorageSession session, IReadOnlyList<OrphanedRun> orphans, CancellationToken ct)
    {
        var workers = orphans.Select(o => o.Worker).OfType<WorkerId>().Distinct().ToList();
        if (workers.Count == 0)
            return [];
        return await session.Db.Workers
            .Where(w => workers.Contains(w.Id) && w.Lanes == RegisterWorkers.NoLanes).Select(w => w.Id).ToListAsync(ct);
    }

    /// <summary>The orphans that may be released once more, and how often each will have been released.</summary>
    private static async Task<List<ReleasedRun>> ReleasableAsync(
        StorageSession session, IReadOnlyList<OrphanedRun> drained, CancellationToken ct)
    {
        if (drained.Count == 0)
            return [];
        var ids = drained.Select(o => o.Id).ToList();
        var before = await session.Db.Attempts.Where(
            a => ids.Contains(a.RunId) && a.Outcome == AttemptOutcome.Released && a.ErrorType == DrainedErrorType)
            .GroupBy(a => a.RunId).Select(g => new { g.Key, Times = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Times, ct);
        return [.. drained.Select(o => new ReleasedRun(o, before.GetValueOrDefault(o.Id) + 1)).Where(r => r.Times <= DrainedCap)];
    }

    /// <summary>Declares workers gone if their process is dead, or if they were silent for a whole lease.</summary>
    /// <returns>The workers that were draining.</returns>
    private async Task<HashSet<WorkerId>> DeclareGoneAsync(StorageSession session, Term term, CancellationToken ct)
    {
        var alive = await session.Db.Workers.AsNoTracking().Where(w => w.State != WorkerState.Gone).ToListAsync(ct);
        var silent = _watch.Look(term.Number, alive);
        var drained = new HashSet<WorkerId>();
        foreach (var worker in alive)
        {
            var isDead = new ProcessIdentity(worker.ProcessSpace, worker.ProcessId, worker.ProcessStart).IsCertainlyDead(_self);
            if (!isDead && !silent.Contains(worker.Id))
                continue;
            // If a heartbeat arrived since the row was read, the worker stays alive.
            var gone = await session.Db.Workers.Where(
                w => w.Id == worker.Id && w.State != WorkerState.Gone && (isDead || w.HeartbeatAt == worker.HeartbeatAt))
                .ExecuteUpdateAsync(set => set.SetProperty(w => w.State, WorkerState.Gone), ct);
            if (gone == 0)
                continue;
            if (worker.State == WorkerState.Draining)
                drained.Add(worker.Id);
            LogGone(worker.Name, worker.Id, isDead ? "its process has ended" : "no heartbeat came for a whole lease", worker.HeartbeatAt);
        }

        return drained;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Worker {Worker} ({WorkerId}) is gone: {Reason}. Its last heartbeat was at {HeartbeatAt:O}.")]
    private partial void LogGone(string worker, WorkerId workerId, string reason, DateTimeOffset heartbeatAt);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The run that waits for the end of {RunId} could not be nudged; reconcile finds it.")]
    private partial void LogNotPassedOn(RunId runId, Exception e);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Run {RunId} was taken from a dead worker and is {State} now ({Crashes} crash(es)).")]
    private partial void LogRescued(RunId runId, RunState state, int crashes);
}
