using Fleet.Core.Live;
using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Live;

/// <summary>What is told about two looks at the database.</summary>
public sealed class FindChangesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Compare_FirstLook_TellsNothing() =>
        Assert.True(FindChanges.Compare(null, LookAt([Make("a")]), null, Figures(ready: 5), schedules: false).IsEmpty);

    [Fact]
    public void Compare_Nothing_IsEmpty()
    {
        var run = Make("a");

        Assert.True(FindChanges.Compare(LookAt([run]), LookAt([run]), Figures(1), Figures(1), schedules: false).IsEmpty);
        Assert.True(FindChanges.Compare(LookAt([run]), LookAt([run]), null, null, schedules: true).Schedules);
    }

    [Fact]
    public void Compare_RunOfAnotherState_IsNamedWithJobLaneAndState()
    {
        var (run, other) = (Make("a"), Make("b"));

        var changes = FindChanges.Compare(
            LookAt([run, other]), LookAt([run with { State = RunState.Running, Attempt = 1 }, other]), Figures(2), Figures(1), false);

        Assert.Equal([run.Id], changes.Runs);
        Assert.Equal(["a"], changes.Jobs);
        Assert.Equal(["lane-of-a", "mail"], changes.Lanes);
        // That one run less is ready is explained by it.
        Assert.False(changes.MoreRuns);
        Assert.Equal([RunState.Pending, RunState.Running], changes.States);
    }

    [Fact]
    public void Compare_NumbersThatNoKnownRunExplains_SayThatThereAreMore()
    {
        var changes = FindChanges.Compare(LookAt([]), LookAt([]), Figures(ready: 2), Figures(ready: 1), schedules: false);

        Assert.True(changes.MoreRuns);
        Assert.Equal([RunState.Pending], changes.States);
        Assert.Equal(["mail"], changes.Lanes);
    }

    [Fact]
    public void Compare_RunThatIsNotSeenAnyMore_HasEnded()
    {
        var run = Make("a") with { State = RunState.Running };

        var changes = FindChanges.Compare(LookAt([], [run]), LookAt([]), null, null, schedules: false);

        Assert.Equal([run.Id], changes.Runs);
        Assert.Empty(changes.States);
    }

    [Fact]
    public void Compare_NewestRunThatIsMissing_WasDeleted()
    {
        var (stays, goes) = (Make("a"), Make("b") with { State = RunState.Failed });

        var changes = FindChanges.Compare(LookAt([stays, goes]), LookAt([stays]), null, null, schedules: false);

        Assert.Equal([goes.Id], changes.Runs);
        Assert.Equal([RunState.Failed], changes.States);
    }

    [Fact]
    public void Compare_NewestRunThatNewerOnesPushedOut_IsNotNamed()
    {
        var old = Make("old") with { Id = RunId.New(Noon.AddSeconds(-1)) };
        var newer = Enumerable.Range(0, FindChanges.MaxRuns - 1).Select(i => Make("a")).ToArray();

        var changes = FindChanges.Compare(LookAt([old, .. newer]), LookAt([.. newer, Make("new")]), null, null, schedules: false);

        Assert.Equal(["new"], changes.Jobs);
    }

    [Fact]
    public void Compare_AFloodOfRuns_IsBounded()
    {
        var flood = Enumerable.Range(0, FindChanges.MaxRuns).Select(i => Make($"job-{i}")).ToArray();

        var changes = FindChanges.Compare(LookAt([Make("before")]), LookAt(flood, flood), Figures(1), Figures(9), schedules: false);

        Assert.True(changes.MoreRuns);
        Assert.All([changes.Runs.Count, changes.Jobs.Count, changes.Lanes.Count], count => Assert.Equal(LiveChanges.MaxNamed, count));
        Assert.Equal(changes.Runs.OrderDescending(), changes.Runs);
    }

    [Fact]
    public void Compare_Workers_ThatComeGoOrDrain_AreNamed()
    {
        var (stays, drains, goes, comes) = (Worker("a"), Worker("b"), Worker("c"), Worker("d"));
        var before = Figures(0) with { Workers = [stays, drains, goes] };
        var after = Figures(0) with { Workers = [stays, drains with { State = WorkerState.Draining }, comes] };

        var changes = FindChanges.Compare(LookAt([]), LookAt([]), before, after, schedules: false);

        Assert.Equal(new[] { drains, goes, comes }.Select(w => w.Id.ToString()).Order(StringComparer.Ordinal), changes.Workers);
    }

    private static WatchedRun Make(string job) => new(RunId.New(Noon), job, $"lane-of-{job}", RunState.Pending, 0, IsStopping: false);

    private static LiveWorker Worker(string name) =>
        new(WorkerId.New(Noon), name, WorkerState.Active, new Dictionary<string, int>(), Noon, Noon, Noon);

    private static Look LookAt(WatchedRun[] newest, WatchedRun[]? running = null) => new()
    {
        Newest = newest.ToDictionary(r => r.Id),
        Running = (running ?? []).ToDictionary(r => r.Id),
    };

    private static LiveFigures Figures(int ready) => new()
    {
        At = Noon,
        Scheduled = new(0),
        Ready = new(ready),
        Running = new(0),
        Failed = new(0),
        OldestReadyAt = null,
        Lanes = [new LiveLane("mail", new(ready), new(0), new(0), 1, null)],
        Workers = [],
        Leader = null,
    };
}
