using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Jobs;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    private const string NewArgs = """{"order":"a","boxes":2,"customer":"c"}""";

    private const string OldArgs = """{"order":"a"}""";

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
        Assert.Empty(await One.Get<ArgsSchemas>().CheckAsync(read, NewArgs));
        // A worker checks the messages on its lane: by its own version first.
        Assert.Empty(
            await old.Get<ArgsSchemas>().CheckAsync((await old.Get<JobCatalog>().FindAsync("ship", CancellationToken.None))!, NewArgs));
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
            "Job ship: args.customer is new and required, and runs enqueued before lack it. Runs that a program of another version "
            + "enqueues wait or fail here. Give it a default or make it nullable.",
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
                {
                    var seen = Verbs.Noon.AddDays(i);
                    scope.Db.Jobs.Add(new JobRow { Name = "ship", Version = $"v{i}", Lane = "default", FirstSeenAt = seen, SeenAt = seen });
                }

                return await scope.Db.SaveChangesAsync();
            },
            CancellationToken.None);

        await StartWorkerAsync(Open(jobs => jobs.Add<ShipNewJob>()));

        var versions = (await One.ListAsync(db => db.Jobs.Where(j => j.Name == "ship"))).Select(j => j.Version).ToArray();
        Assert.Equal(PublishJobs.MaxOutdated + 2, versions.Length);
        Assert.Equal(Enumerable.Range(20, 10).Select(i => $"v{i}"), versions.Where(v => v.StartsWith('v')).Order(StringComparer.Ordinal));
    }

    /// <summary>What a worker does when it starts.</summary>
    private async Task<WorkerId> StartWorkerAsync(Verbs process)
    {
        Time.Advance(TimeSpan.FromMinutes(1));
        await process.Get<PublishJobs>().ExecuteAsync(Somebody.Me, CancellationToken.None);
        return await process.RegisterAsync();
    }

    /// <summary>The job as a process sees it that does not have it.</summary>
    private async Task<JobInfo> FindShipAsync()
    {
        Time.Advance(TimeSpan.FromMinutes(1));
        return (await One.Get<JobCatalog>().FindAsync("ship", CancellationToken.None))!;
    }

    private async Task<InputError?> CheckAsync(string args) =>
        await One.Get<ArgsSchemas>().CheckAsync(await FindShipAsync(), args) is [var first, ..] ? first : null;
}
