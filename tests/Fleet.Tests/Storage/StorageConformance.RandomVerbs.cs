using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    /// <summary>Whatever verbs a run went through, what a storage offers to find runs by finds exactly those that their rows say.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Finders_AfterRandomVerbs_FindTheRunsThatTheirRowsSay(int seed)
    {
        const int steps = 400;
        var random = new Random(seed);
        var workers = new List<WorkerId> { await One.RegisterAsync(), await One.RegisterAsync() };
        var claims = new List<ClaimedRun>();
        var ids = new List<RunId>();
        for (var step = 0; step < steps; step++)
        {
            switch (random.Next(14))
            {
                case 0 or 1:
                    ids.Add(await One.EnqueueAsync());
                    break;
                case 2:
                    ids.AddRange(
                        await Task.WhenAll(
                            Enumerable.Range(0, 5).Select(
                                i => One.EnqueueAsync(new EnqueueOptions { IdempotencyKey = $"k{random.Next(50)}" }))));
                    break;
                case 3:
                    ids.Add(await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromSeconds(random.Next(1, 20)) }));
                    break;
                case 4:
                    // Half of them take turns, and the gate cancels some of these.
                    var overlap = (OverlapPolicy)Math.Max(0, random.Next(8) - 4);
                    var planned = One.NewRun(schedule: overlap == OverlapPolicy.Allow ? "s" : "t", fireTime: One.Now.AddSeconds(step));
                    ids.Add((await One.InsertAsync(
                        planned with { DueAt = One.Now.AddSeconds(random.Next(10)), Overlap = overlap }))[0].Id);
                    break;
                case 5 or 6 or 7:
                    var waiting = await One.ListAsync(db => db.Runs.Where(r => r.State == RunState.Pending).Select(r => r.Id));
                    var wanted = random.GetItems<RunId>([.. waiting, RunId.New(One.Now)], 4);
                    var worker = Any(workers);
                    claims.AddRange(
                        (await Task.WhenAll(wanted.Select(id => One.TryClaimAsync(worker, id)))).Select(o => o.Run).OfType<ClaimedRun>());
                    break;
                case 8 when claims.Count > 0:
                    await Task.WhenAll(random.GetItems(claims.ToArray(), 4).Select(One.CompleteAsync));
                    break;
                case 9 when claims.Count > 0:
                    await One.FailAsync(Any(claims), random.Next(2) == 0 ? null : TimeSpan.FromSeconds(random.Next(5)));
                    break;
                case 10 when claims.Count > 0:
                    await One.ReleaseAsync(Any(claims), AttemptOutcome.Released, TimeSpan.FromSeconds(random.Next(3)));
                    break;
                case 11 when ids.Count > 0:
                    await (random.Next(2) == 0 ? (Task)One.CancelAsync(Any(ids)) : One.ReplayAsync(Any(ids)));
                    break;
                case 12 when random.Next(4) == 0:
                    await One.ExpireAsync(Any(workers));
                    await One.RescueAsync();
                    workers.Add(await One.RegisterAsync());
                    break;
                case 12:
                    await HeartbeatAsync(Any(workers));
                    await WriteAsync(session => RevokeOccurrences.ExecuteAsync(
                        One.Storage, session, "s", One.Now.AddSeconds(step), "of a test", Somebody.Me, CancellationToken.None));
                    break;
                case 13:
                    Time.Advance(TimeSpan.FromSeconds(random.Next(4)));
                    await StageAsync();
                    await ReconcileAsync();
                    break;
            }

            if (step % 10 == 9)
                await CheckFindersAsync(workers);
        }

        // Nobody is left: what was running is found and taken.
        foreach (var worker in workers)
            await One.Get<RegisterWorkers>().LeaveAsync(worker, CancellationToken.None);
        await One.RescueAsync();
        Assert.Empty(await One.ListAsync(db => db.Runs.Where(r => r.State == RunState.Running)));
        await CheckFindersAsync(workers);

        T Any<T>(List<T> of) => of[random.Next(of.Count)];
    }

    private async Task CheckFindersAsync(IEnumerable<WorkerId> workers)
    {
        var rows = await One.ListAsync(db => db.Runs.AsNoTracking());
        var until = One.Now.AddHours(1);
        Check(r => r.State == RunState.Pending, await One.ListAsync(db => db.Pending.Select(r => r.Id)));
        Check(r => r.State == RunState.Running, await One.ListAsync(db => db.Running.Select(r => r.Id)));
        Check(
            r => r.State == RunState.Succeeded, await One.ListAsync(db => db.Succeeded(DateTimeOffset.MinValue, until).Select(r => r.Id)));
        Check(
            r => r.State is RunState.Failed or RunState.Canceled, await One.ListAsync(db => db.FailedOrCanceled(until).Select(r => r.Id)));
        var alive = (await One.ListAsync(db => db.Workers.Where(w => w.State != WorkerState.Gone).Select(w => w.Id))).ToHashSet();
        foreach (var worker in workers.Where(alive.Contains))
        {
            Check(
                r => r.State == RunState.Running && r.WorkerId == worker,
                (await HeartbeatAsync(worker)).Held!
                    .Select(h => h.LeaseToken == rows.Single(r => r.Id == h.Id).LeaseToken ? h.Id : default));
        }

        // A look that makes them known, and the one after it.
        var before = One.Now.AddSeconds(-3);
        for (var look = 0; look < 2; look++)
        {
            Check(
                r => r.State == RunState.Pending && r.Staged && r.DueAt < before,
                (await One.Storage.ReadWaitingAsync("default", before, 10_000, CancellationToken.None)).Select(r => r.Id));
        }

        void Check(Func<Run, bool> belongs, IEnumerable<RunId> found) =>
            Assert.Equal(rows.Where(belongs).Select(r => r.Id).Order(), found.Order());
    }
}
