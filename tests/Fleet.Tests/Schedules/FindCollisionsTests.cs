using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

/// <summary>Which schedules an edited one would fire together with.</summary>
public sealed class FindCollisionsTests
{
    private static readonly DateTimeOffset Start = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly PreviewRange Day = new(Start.AddTicks(-1), Start.AddDays(1));

    [Fact]
    public void Execute_OthersInTheSameMinuteAndLane_AreNamedWithTheSlotsThatAreExpected()
    {
        var found = FindCollisions.Execute(
            Make("edited", "30 2 * * *", 60), [
                Make("backup", "30 2 * * *", 600), Make("long", "0 2 * * *", 3600), Make("other-lane", "30 2 * * *", 60, "other"),
                Make("other-minute", "31 2 * * *", 60),
            ],
            Day, slots: 2);

        var collision = Assert.Single(found.Worst);
        Assert.Equal((1, 2, "a", null), (found.Count, found.Slots, found.Lane, found.TruncatedAt));
        // The run of "long" began half an hour before, and still executes.
        Assert.Equal(
            (Start.AddHours(2.5), 2, 3, 0), (collision.Minute, collision.Starts, collision.ExpectedSlots, collision.MoreSchedules));
        Assert.Equal([KeyValuePair.Create("backup", 1)], collision.Schedules);
    }

    [Fact]
    public void Execute_MoreThanAreListed_TheWorstComeFirstAndAllAreCounted()
    {
        var others = Enumerable.Range(0, 12).Select(i => Make($"at-five-{i:00}", "0 5 * * *", 0)).Prepend(Make("hourly", "0 * * * *", 1));

        var found = FindCollisions.Execute(Make("edited", "*/30 * * * *", 1), [.. others], Day, slots: 1);

        Assert.Equal((25, FindCollisions.MaxListed), (found.Count, found.Worst.Count));
        Assert.Equal((Start.AddHours(5), 14, 3), (found.Worst[0].Minute, found.Worst[0].Starts, found.Worst[0].MoreSchedules));
        // Of equal ones, the earlier.
        Assert.Equal([0, 1, 2, 3, 4, 6, 7, 8, 9], found.Worst.Skip(1).Select(c => (int)(c.Minute - Start).TotalHours));
    }

    [Fact]
    public void Execute_TooManyFireTimes_SaysHowFarItLooked()
    {
        var found = FindCollisions.Execute(Make("edited", "* * * * *", 0), [Make("b", "* * * * *", 0)], Day, slots: 1, maxFirings: 10);

        Assert.Equal((5, Start.AddMinutes(5)), (found.Count, found.TruncatedAt));
    }

    private static SimulatedSchedule Make(string id, string cron, int seconds, string lane = "a") =>
        Trigger.TryParse(new TriggerSpec { Cron = cron }, out var trigger, out var error)
            ? new SimulatedSchedule(id, trigger, lane, TimeSpan.FromSeconds(seconds))
            : throw new InvalidRunException(error);
}
