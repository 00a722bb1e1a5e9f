using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

public sealed class SimulateSchedulesTests
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);
    private static readonly PreviewRange Week = new(Monday, Monday.AddDays(7));

    [Fact]
    public void Simulate_TwoSchedulesInOneMinute_AreCalledOutTogether()
    {
        var simulation = Simulate(Week, Cron("report", "30 3 * * *"), Cron("clean", "30 3 * * MON"), Cron("sync", "0 5 * * *"));

        Assert.Equal((15, null), (simulation.Firings, simulation.TruncatedAt));
        var busiest = simulation.Busiest[0];
        Assert.Equal((Monday.AddHours(3.5), 2, 0), (busiest.Minute, busiest.Starts, busiest.MoreSchedules));
        Assert.Equal([KeyValuePair.Create("clean", 1), KeyValuePair.Create("report", 1)], busiest.Schedules);
        // The rest has one start each: the earliest come first.
        Assert.Equal(Monday.AddHours(5), simulation.Busiest[1].Minute);
        Assert.Equal(SimulateFirings.ListedMinutes, simulation.Busiest.Count);
        Assert.Equal([7, 1, 7], simulation.Schedules.Select(s => s.Count));
        Assert.Equal(Enumerable.Range(0, 5).Select(day => Monday.AddDays(day).AddHours(5)), simulation.Schedules[2].Next);
    }

    [Fact]
    public void Simulate_FireTimesAtTheEdges_BelongToWhatTheyEnd()
    {
        var simulation = Simulate(new PreviewRange(Monday, Monday.AddHours(1)), Cron("s", "0 * * * *"));

        Assert.Equal([Monday.AddHours(1)], simulation.Schedules[0].Next);
        Assert.Equal((61, 1), (simulation.Load.Starts.Length, simulation.Load.Starts[60]));
    }

    [Fact]
    public void Simulate_NinetySeconds_LoadTheMinuteTheyStartInAndTheNext()
    {
        var load = Simulate(Week, Cron("s", "15 0 1 * * *", TimeSpan.FromSeconds(90))).Load;

        Assert.Equal([0, 45, 45, 0], load.BusySeconds.Slice(59, 4).ToArray());
        Assert.Equal([0, 1, 0, 0], load.Starts.Slice(59, 4).ToArray());
    }

    [Fact]
    public void Simulate_LongRuns_FillWholeMinutesAndAddUp()
    {
        var load = Simulate(
            Week, Cron("a", "30 0 1 * * *", TimeSpan.FromMinutes(3)), Cron("b", "0 2 1 * * *", TimeSpan.FromSeconds(60)),
            Cron("c", "0 3 1 * * *", TimeSpan.FromSeconds(20))).Load;

        Assert.Equal([0, 30, 60, 120, 50, 0], load.BusySeconds.Slice(59, 6).ToArray());
    }

    [Fact]
    public void Simulate_RunPastTheEnd_IsCutThere()
    {
        var load = Simulate(new PreviewRange(Monday, Monday.AddMinutes(2)), Cron("s", "1 0 * * *", TimeSpan.FromHours(5))).Load;

        Assert.Equal([0, 60, 60], load.BusySeconds.ToArray());
    }

    [Fact]
    public void Simulate_RangeFromWithinAMinute_MapsWholeMinutes()
    {
        var load = Simulate(
            new PreviewRange(Monday.AddSeconds(30), Monday.AddSeconds(90)), Cron("s", "*/20 * * * * *", TimeSpan.FromSeconds(5))).Load;

        Assert.Equal((Monday, 2), (load.First, load.Starts.Length));
        Assert.Equal([1, 2], load.Starts.ToArray());
        Assert.Equal([5, 10], load.BusySeconds.ToArray());
    }

    [Fact]
    public void Simulate_UnknownDuration_StartsAndAddsNoLoad()
    {
        var load = Simulate(Week, Cron("s", "0 1 * * *")).Load;

        Assert.Equal((1, 0d), (load.Starts[60], load.BusySeconds[60]));
    }

    [Fact]
    public void Simulate_Lanes_TellTheSlotsThatLetNoneWait()
    {
        var simulation = Simulate(
            Week,
            Cron("a", "0 * * * *", TimeSpan.FromMinutes(10), lane: "reports"),
            Cron("b", "5 6 * * *", TimeSpan.FromMinutes(10), lane: "reports"),
            Cron("c", "9 6 * * *", TimeSpan.FromMinutes(1), lane: "reports"),
            Cron("d", "10 6 * * *", TimeSpan.FromMinutes(1), lane: "reports"),
            Cron("e", "0 6 * * *"),
            Cron("f", "0 6 * * *"));

        Assert.Equal(["default", "reports"], simulation.Lanes.Select(l => l.Lane));
        // Two at the same instant, of which nobody knows how long they take.
        Assert.Equal((14, 0d, 2, Monday.AddHours(6)), Of(simulation.Lanes[0]));
        // a, b and c overlap at 6:09; a has ended when d starts.
        Assert.Equal((168 + 21, (168 * 600d) + (7 * 720), 3, Monday.AddHours(6).AddMinutes(9)), Of(simulation.Lanes[1]));

        static (int, double, int, DateTimeOffset) Of(LaneLoad lane) => (lane.Firings, lane.BusySeconds, lane.MostAtOnce, lane.MostAtOnceAt);
    }

    [Fact]
    public void Simulate_MoreThanTheCap_SaysUpToWhereItIsComplete()
    {
        SimulatedSchedule[] schedules = [Cron("often", "* * * * *"), Cron("seldom", "3 * * * *")];

        var simulation = SimulateFirings.Execute(schedules, Week, maxFirings: 10);

        // 00:01, :02, :03 twice, :04 … :09: everything before 00:10 is counted, of every schedule.
        Assert.Equal((10, Monday.AddMinutes(10)), (simulation.Firings, simulation.TruncatedAt));
        Assert.Equal([9, 1], simulation.Schedules.Select(s => s.Count));
        Assert.Null(SimulateFirings.Execute(schedules, new PreviewRange(Monday, Monday.AddMinutes(9)), maxFirings: 10).TruncatedAt);
    }

    [Fact]
    public void Simulate_ManySchedulesInAMinute_NamesTheFirstAndCountsTheRest()
    {
        var busiest = Simulate(
            Week, [.. Enumerable.Range(10, 14).Select(i => Cron($"s{i}", "0 3 25 11 *")), Cron("often", "*/20 0 3 25 11 *")]).Busiest[0];

        Assert.Equal((17, 5, BusyMinute.MaxSchedules), (busiest.Starts, busiest.MoreSchedules, busiest.Schedules.Count));
        Assert.Equal((KeyValuePair.Create("often", 3), KeyValuePair.Create("s10", 1)), (busiest.Schedules[0], busiest.Schedules[1]));
    }

    [Fact]
    public void Simulate_Nothing_IsEmpty()
    {
        var simulation = Simulate(Week);

        Assert.Equal((0, null, 0, 0), (simulation.Firings, simulation.TruncatedAt, simulation.Busiest.Count, simulation.Lanes.Count));
        Assert.Equal((7 * 24 * 60) + 1, simulation.Load.Starts.Length);
    }

    [Fact]
    public void Simulate_ClockChangePastTheTruncation_IsNotCalledOut()
    {
        var berlin = new SimulatedSchedule("s", Parse("30 2 * * *", "Europe/Berlin"), "default", null, "30 2 * * *", "Europe/Berlin");
        var range = new PreviewRange(Time("2026-10-20T00:00Z"), Time("2026-10-30T00:00Z"));

        Assert.Single(SimulateFirings.Execute([berlin], range).Schedules[0].ClockEffects);
        Assert.Empty(SimulateFirings.Execute([berlin], range, maxFirings: 3).Schedules[0].ClockEffects);
    }

    private static Simulation Simulate(PreviewRange range, params SimulatedSchedule[] schedules) =>
        SimulateFirings.Execute(schedules, range);

    private static SimulatedSchedule Cron(string id, string cron, TimeSpan? mean = null, string lane = "default") =>
        new(id, Parse(cron, null), lane, mean, cron);

    internal static Trigger Parse(string cron, string? zone) =>
        Trigger.TryParse(new TriggerSpec { Cron = cron, Zone = zone }, out var trigger, out var error)
            ? trigger
            : throw new InvalidOperationException(error.Message);

    internal static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
