using Fleet.Core.Jobs;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Engine.Workers;

public sealed class WorkerLanesTests
{
    [Theory]
    [InlineData(true, WorkerLanes.MaxSlots)]
    [InlineData(false, WorkerLanes.MaxSlotsEmbedded)]
    public void Slots_NobodySetThem_MayGrow(bool reachesOtherProcesses, int most)
    {
        var lanes = Lanes(new WorkerOptions(), new ScriptedTransport { ReachesOtherProcesses = reachesOtherProcesses });

        Assert.Equal(WorkerLanes.SlotsAtFirst, lanes.Slots["default"]);
        Assert.Equal(most, lanes.MostOf("default"));
    }

    [Fact]
    public void Slots_DefaultSlotsSet_AreFixed()
    {
        var lanes = Lanes(new WorkerOptions { DefaultSlots = 8 });

        Assert.Equal(8, lanes.Slots["default"]);
        Assert.Equal(8, lanes.MostOf("default"));
    }

    [Fact]
    public void Slots_OfNamedLane_AreFixed()
    {
        var lanes = Lanes(new WorkerOptions { Lanes = { ["mail"] = 3 } });

        Assert.Equal(["mail"], lanes.Slots.Keys);
        Assert.Equal(3, lanes.MostOf("mail"));
    }

    [Fact]
    public void Lanes_MisspeltInTheConfiguration_AreTold()
    {
        using var services = new ServiceCollection().AddFleetJobs(jobs => jobs.Add<RuledJob>().Add<ScriptedJob>())
            .AddSingleton<JobRegistry>().BuildServiceProvider();
        var registry = services.GetRequiredService<JobRegistry>();

        var lanes = Lanes(new WorkerOptions { Lanes = { ["narow"] = 3, ["default"] = 1, ["others"] = 1 } }, registry: registry);

        var (lane, jobs) = Assert.Single(lanes.NotServed);
        Assert.Equal(("narrow", "test.ruled"), (lane, Assert.Single(jobs)));
        Assert.Equal([("narow", "narrow")], lanes.Doubtful);
        Assert.Empty(Lanes(new WorkerOptions(), registry: registry).NotServed);
        Assert.Empty(Lanes(new WorkerOptions { Lanes = { ["narrow"] = 1, ["default"] = 1 } }, registry: registry).Doubtful);
    }

    private static WorkerLanes Lanes(WorkerOptions options, ScriptedTransport? transport = null, JobRegistry? registry = null) =>
        new(Options.Create(options), registry ?? new JobRegistry([]), transport ?? new ScriptedTransport());
}
