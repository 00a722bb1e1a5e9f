using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Jobs;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    private const string OldArgs = """{"order":"a"}""";

    private const string NewArgs = """{"order":"a","boxes":2,"customer":"c"}""";

    [Fact]
    public async Task JobCatalog_OldProgramStartsBesideTheNewOne_ArgsOfBothAreAcceptedAndTheNewestIsShown()
    {
        var (old, next) = (Open(jobs => jobs.Add<ShipOldJob>()), Open(jobs => jobs.Add<ShipNewJob>()));
        await StartWorkerAsync(old);
        await StartWorkerAsync(next);
        await old.Get<RegisterWorkers>().LeaveAsync(await StartWorkerAsync(old), CancellationToken.None);

        Assert.Equal("parcels", (await FindShipAsync()).Lane);
        Assert.Null(await CheckAsync(OldArgs));
        Assert.Null(await CheckAsync(NewArgs));
        Assert.Equal("args.order", (await CheckAsync("""{"order":5}"""))!.Field);
        Assert.NotNull(await One.Get<JobCatalog>().FindAsync("ship.old", CancellationToken.None));
    }

    [Fact]
    public async Task JobCatalog_OldProgramIsGone_ItsArgsAreRefused()
    {
        var (old, next) = (Open(jobs => jobs.Add<ShipOldJob>()), Open(jobs => jobs.Add<ShipNewJob>()));
        var first = await StartWorkerAsync(old);
        await StartWorkerAsync(next);
        await old.Get<RegisterWorkers>().LeaveAsync(first, CancellationToken.None);

        Assert.Null(await CheckAsync(NewArgs));
        var refused = await CheckAsync(OldArgs);
        Assert.Equal("missing_argument", refused!.Code);
    }

    [Fact]
    public async Task JobCatalog_RolledBack_TheOldVersionIsShown()
    {
        var (old, next) = (Open(jobs => jobs.Add<ShipOldJob>()), Open(jobs => jobs.Add<ShipNewJob>()));
        var first = await StartWorkerAsync(old);
        await old.Get<RegisterWorkers>().LeaveAsync(first, CancellationToken.None);
        var second = await StartWorkerAsync(next);
        await StartWorkerAsync(old);
        await next.Get<RegisterWorkers>().DrainAsync(second, CancellationToken.None);

        Assert.Equal("default", (await FindShipAsync()).Lane);
        Assert.Equal("unknown_argument", (await CheckAsync(NewArgs))!.Code);
        Assert.Null(await CheckAsync(OldArgs));
    }

    [Fact]
    public async Task JobCatalog_NoWorkerLeft_JobsStayKnownByTheirLastAndTheirNewestVersion()
    {
        var (old, next) = (Open(jobs => jobs.Add<ShipOldJob>()), Open(jobs => jobs.Add<ShipNewJob>()));
        foreach (var process in new[] { old, next, old })
            await process.Get<RegisterWorkers>().LeaveAsync(await StartWorkerAsync(process), CancellationToken.None);

        var job = await FindShipAsync();

        Assert.Equal(("default", 0), (job.Lane, One.Get<JobCatalog>().CountWorkers(job)));
        Assert.Null(await CheckAsync(OldArgs));
        Assert.Null(await CheckAsync(NewArgs));
    }

    [Fact]
    public async Task JobCatalog_ArgsOfAVersionThatCameAfterTheTableWasRead_AreAccepted()
    {
        var (old, next) = (Open(jobs => jobs.Add<ShipOldJob>()), Open(jobs => jobs.Add<ShipNewJob>()));
        await StartWorkerAsync(old);
        var read = await FindShipAsync();
        await StartWorkerAsync(next);

        // Half of the time for which the table is trusted, so only the refusal makes it be read again.
        Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Null(await One.Get<ArgsSchemas>().CheckAsync(read, NewArgs));
        // A worker checks the messages on its lane: by its own version first.
        Assert.Null(await old.Get<ArgsSchemas>().CheckAsync((await old.Get<JobCatalog>().FindAsync("ship", CancellationToken.None))!, NewArgs));
    }

    [Fact]
    public async Task CountWorkers_OfAJob_CountsActiveWorkersOfItsLane()
    {
        var old = Open(jobs => jobs.Add<ShipOldJob>());
        await StartWorkerAsync(old);
        var second = await StartWorkerAsync(old);

        Assert.Equal(2, One.Get<JobCatalog>().CountWorkers(await FindShipAsync()));
        await old.Get<RegisterWorkers>().LeaveAsync(second, CancellationToken.None);
        Assert.Equal(1, One.Get<JobCatalog>().CountWorkers(await FindShipAsync()));
        // The new version's lane is one that none of the workers serves.
        await StartWorkerAsync(Open(jobs => jobs.Add<ShipNewJob>()));
        Assert.Equal(0, One.Get<JobCatalog>().CountWorkers(await FindShipAsync()));
    }

    [Fact]
    public async Task PublishJobs_ArgsThatRunsOfAnotherVersionLack_IsSaidAtTheStart()
    {
        var next = Open(jobs => jobs.Add<ShipNewJob>());
        await StartWorkerAsync(Open(jobs => jobs.Add<ShipOldJob>()));

        await StartWorkerAsync(next);

        Assert.Equal(
            "Job ship: args.customer is new and required, and runs enqueued before lack it. Runs that a program of another version enqueues wait or fail here. Give it a default or make it nullable.",
            Assert.Single(next.Log.Warnings("args.customer")));
        Assert.Contains("args.boxes is required now", Assert.Single(next.Log.Warnings("args.boxes")), StringComparison.Ordinal);
        Assert.Empty(next.Log.Warnings("express"));
    }

    [Fact]
    public async Task PublishJobs_ManyVersions_KeepsThoseOfWorkersAndTheLastTen()
    {
        await StartWorkerAsync(Open(jobs => jobs.Add<ShipOldJob>()));
        await One.Storage.WriteAsync(
            async scope =>
            {
                for (var i = 0; i < 30; i++)
                    scope.Db.Jobs.Add(new JobRow { Name = "ship", Version = $"v{i}", Lane = "default", FirstSeenAt = Verbs.Noon.AddDays(i), SeenAt = Verbs.Noon.AddDays(i) });
                return await scope.Db.SaveChangesAsync();
            },
            CancellationToken.None);

        await StartWorkerAsync(Open(jobs => jobs.Add<ShipNewJob>()));

        var versions = (await One.ListAsync(db => db.Jobs.Where(j => j.Name == "ship"))).Select(j => j.Version).ToArray();
        Assert.Equal(PublishJobs.MostOutdated + 2, versions.Length);
        Assert.Equal(Enumerable.Range(20, 10).Select(i => $"v{i}"), versions.Where(v => v.StartsWith('v')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ReleaseRuns_UnservedAgainAndAgain_TakesOneRowAndNoAttempt()
    {
        var worker = await One.RegisterAsync();
        var id = await One.EnqueueAsync();
        var (first, begun) = (await One.StartAsync(worker), One.Now);
        await One.FailAsync(first, TimeSpan.Zero);
        for (var i = 0; i < 3; i++)
        {
            // Another run beside it: each counts its own.
            await Task.WhenAll(new[] { id, first.Id }.Select(async run => await One.ReleaseAsync(await One.ClaimAsync(worker, run), AttemptOutcome.Unserved)));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        var row = await One.ReadAsync(first.Id);
        Assert.Equal((RunState.Pending, false, 1, ReleaseRuns.UnservedType, "drain"), (row.State, row.Staged, row.Attempt, row.ErrorType, row.Error));
        var attempts = await One.AttemptsAsync(first.Id);
        Assert.Equal([(1, AttemptOutcome.Failed, 1), (2, AttemptOutcome.Unserved, 3)], attempts.Select(a => (a.Number, a.Outcome, a.Times)));
        Assert.Equal((begun, begun.AddSeconds(2)), (attempts[1].StartedAt, attempts[1].EndedAt));
        Assert.Equal(3, Assert.Single(await One.AttemptsAsync(id)).Times);

        // Ends that count keep a row each, and what comes after them starts anew.
        await One.FailAsync(await One.ClaimAsync(worker, id), TimeSpan.Zero);
        await One.ReleaseAsync(await One.ClaimAsync(worker, id), AttemptOutcome.Unserved);
        await One.ReleaseAsync(await One.ClaimAsync(worker, id));
        await One.ReleaseAsync(await One.ClaimAsync(worker, id));
        Assert.Equal(
            [(AttemptOutcome.Unserved, 3), (AttemptOutcome.Failed, 1), (AttemptOutcome.Unserved, 1), (AttemptOutcome.Released, 1), (AttemptOutcome.Released, 1)],
            (await One.AttemptsAsync(id)).Select(a => (a.Outcome, a.Times)));
    }

    [Fact]
    public async Task WakeUnserved_WorkerThatKnowsTheJob_MakesThoseRunsDueAndNoOthers()
    {
        var worker = await One.RegisterAsync();
        var (unserved, failed) = (await One.StartAsync(worker), await One.StartAsync(worker));
        var elsewhere = await One.StartAsync(worker, new EnqueueOptions { Lane = "parcels" });
        await One.ReleaseAsync(unserved, AttemptOutcome.Unserved, TimeSpan.FromMinutes(5));
        await One.ReleaseAsync(elsewhere, AttemptOutcome.Unserved, TimeSpan.FromMinutes(5));
        await One.FailAsync(failed, TimeSpan.FromMinutes(5));
        var delayed = await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromMinutes(5) });
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, await One.Get<WakeUnserved>().ExecuteAsync(["default"], ["ship"], CancellationToken.None));
        Assert.Equal(1, await One.Get<WakeUnserved>().ExecuteAsync(["default"], ["ship", "note"], CancellationToken.None));

        var row = await One.ReadAsync(unserved.Id);
        Assert.Equal((RunState.Pending, One.Now, false), (row.State, row.DueAt, row.Staged));
        foreach (var other in new[] { failed.Id, delayed, elsewhere.Id })
            Assert.True((await One.ReadAsync(other)).DueAt > One.Now, $"{other}");
    }

    /// <summary>What a worker does when it starts.</summary>
    private async Task<WorkerId> StartWorkerAsync(Verbs process)
    {
        Time.Advance(TimeSpan.FromMinutes(1));
        await process.Get<PublishJobs>().ExecuteAsync(CancellationToken.None);
        return await process.RegisterAsync();
    }

    /// <summary>The job as a process sees it that does not have it.</summary>
    private async Task<JobInfo> FindShipAsync()
    {
        Time.Advance(TimeSpan.FromMinutes(1));
        return (await One.Get<JobCatalog>().FindAsync("ship", CancellationToken.None))!;
    }

    private async Task<InputError?> CheckAsync(string args) => await One.Get<ArgsSchemas>().CheckAsync(await FindShipAsync(), args);
}
