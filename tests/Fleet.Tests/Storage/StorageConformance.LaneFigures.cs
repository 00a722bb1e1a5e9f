using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    /// <summary>What the others leave of the rows that are counted, the lane with many runs gets.</summary>
    [Fact]
    public async Task LaneFigures_ManyLanes_EachCountsItsOwn()
    {
        const int lanes = 300;
        await AddLanesAsync([.. Enumerable.Range(0, lanes).Select(i => $"lane-{i:000}")]);
        await One.InsertAsync(
        [
            .. from i in Enumerable.Range(0, lanes)
               from n in Enumerable.Range(0, i % 4)
               select One.NewRun() with { Lane = $"lane-{i:000}", Staged = n % 2 == 0 },
            .. Enumerable.Range(0, CappedCount.Limit + 5).Select(n => One.NewRun() with { Lane = "lane-007", Staged = n % 2 == 0 }),
        ]);

        var figures = (await One.Get<LaneFigures>().ListAsync(CancellationToken.None)).Value;

        Assert.Equal(lanes, figures.Count);
        Assert.All(figures.Index().Where(f => f.Index != 7), f => Assert.Equal(new CappedCount(f.Index % 4), f.Item.Ready));
        Assert.Equal(new CappedCount(CappedCount.Limit, IsAtLeast: true), figures[7].Ready);
    }

    /// <summary>The runs of the list are counted to 100,000 in all, and one query counts up to a hundred lanes.</summary>
    [Fact]
    public async Task LaneFigures_ManyLanesWithManyRuns_SayAtLeast()
    {
        const int lanes = 120;
        await AddLanesAsync([.. Enumerable.Range(0, lanes).Select(i => $"lane-{i:000}")]);
        await One.InsertAsync(
            [.. from i in Enumerable.Range(0, lanes) from n in Enumerable.Range(0, i % 2 == 0 ? 900 : 2) select One.NewRun() with
            {
                Lane = $"lane-{i:000}",
            }]);

        var figures = (await One.Get<LaneFigures>().ListAsync(CancellationToken.None)).Value;

        Assert.All(figures.Index(), f => Assert.Equal(new CappedCount(f.Index % 2 == 0 ? 900 : 2), f.Item.Ready));
        // Every lane counts less than there is, and more than nothing.
        var short1 = await One.Storage.ReadAsync(
            session => One.Storage.Lanes.CountWaitingAsync(
                session, [.. figures.Select(f => f.Row.Name)], One.Now, One.Now, most: 400, CancellationToken.None),
            CancellationToken.None);
        Assert.Equal(figures.Index().Select(f => f.Index % 2 == 0 ? (400, false) : (2, true)), short1.Select(c => (c.Ready, c.IsExact)));
    }

    [Fact]
    public async Task LaneFigures_DueLaterPausedAndUnserved_DemandOnlyWhatCanBeUsed()
    {
        await AddLanesAsync("default", "mail");
        var worker = await One.RegisterAsync();
        await One.StartAsync(worker);
        var later = new[] { 0, 10, 29, 31, 3600 };
        await One.InsertAsync(
        [
            .. from lane in new[] { "default", "mail" }
               from seconds in later
               select One.NewRun() with { Lane = lane, DueAt = One.Now.AddSeconds(seconds) },
        ]);

        var served = await FigureAsync("default");
        var unserved = await FigureAsync("mail");
        await One.Get<PauseLanes>().PauseAsync("default", null, null, Somebody.Me, null, CancellationToken.None);
        Time.Advance(TimeSpan.FromSeconds(2));
        var paused = await FigureAsync("default");

        Assert.Equal((1, 2, 1, 8, 1, 4), Numbers(served));
        Assert.Equal((1, 2, 0, 0, 0, 3), Numbers(unserved));
        // One more is due soon by now.
        Assert.Equal((1, 3, 1, 8, 1, 1), Numbers(paused));
        Assert.Equal((true, 1), (paused.IsPaused, paused.UnconfirmedWorkers));
        Assert.Null(await One.Get<LaneFigures>().FindAsync("none", CancellationToken.None));

        async Task<LaneFigure> FigureAsync(string lane) =>
            (await One.Get<LaneFigures>().FindAsync(lane, CancellationToken.None))!.Value;

        static (int Ready, int Soon, int Running, int Slots, int Workers, int Demand) Numbers(LaneFigure f) =>
            (f.Ready.Value, f.Soon.Value, f.Running.Value, f.Slots, f.Workers, f.Demand.Value);
    }

    private Task<int> AddLanesAsync(params string[] lanes) => One.Storage.WriteAsync(
        async session =>
        {
            foreach (var lane in lanes)
            {
                if (!await session.Db.Lanes.AnyAsync(l => l.Name == lane))
                    session.Db.Lanes.Add(new LaneRow { Name = lane, FirstSeenAt = One.Now });
            }

            return await session.Db.SaveChangesAsync();
        },
        CancellationToken.None);
}
