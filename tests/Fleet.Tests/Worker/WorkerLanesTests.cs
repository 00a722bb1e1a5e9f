using Fleet.Core.Jobs;
using Fleet.Worker;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Worker;

public sealed class WorkerLanesTests
{
    [Fact]
    public void Slots_NobodySetThem_MayGrow()
    {
        var lanes = Lanes(new WorkerOptions());

        Assert.Equal(WorkerLanes.SlotsAtFirst, lanes.Slots["default"]);
        Assert.Equal(WorkerLanes.MostSlots, lanes.MostOf("default"));
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

    private static WorkerLanes Lanes(WorkerOptions options) => new(Options.Create(options), new JobRegistry([]));
}
