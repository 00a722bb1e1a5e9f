using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using static Fleet.Tests.Schedules.SimulateSchedulesTests;

namespace Fleet.Tests.Schedules;

public sealed class ClockEffectsTests
{
    [Theory]
    // Spring: 02:00 to 03:00 is skipped.
    [InlineData(
        "Europe/Berlin", "30 2 * * *", "2026-03-28", "the clock skips 02:30; it fires at 03:00, when the clock has jumped",
        "2026-03-29T03:00+02:00")]
    [InlineData(
        "America/New_York", "15,45 2 * * *", "2026-03-07", "the clock skips 02:15, 02:45; it fires at 03:00, when the clock has jumped",
        "2026-03-08T03:00-04:00")]
    [InlineData(
        "Europe/Berlin", "*/10 * * * *", "2026-03-28",
        "the clock skips 02:00, 02:10, 02:20 and 3 more; it fires at 03:00, when the clock has jumped", "2026-03-29T03:00+02:00")]
    [InlineData(
        "Europe/Berlin", "10 59 2 * * *", "2026-03-28", "the clock skips 02:59:10; it fires at 03:00, when the clock has jumped",
        "2026-03-29T03:00+02:00")]
    [InlineData(
        "America/Sao_Paulo", "0 0 * * *", "2018-11-03", "the clock skips 00:00; it fires at 01:00, when the clock has jumped",
        "2018-11-04T01:00-02:00")]
    [InlineData(
        "Pacific/Apia", "0 12 * * *", "2011-12-29", "the clock skips 12:00; it fires at 2011-12-31 00:00, when the clock has jumped",
        "2011-12-31T00:00+14:00")]
    // Autumn: the hour before the change is shown twice.
    [InlineData(
        "Europe/Berlin", "30 2 * * *", "2026-10-24", "the clock shows 02:30 twice; it fires the first time only", "2026-10-25T02:30+02:00")]
    [InlineData(
        "America/New_York", "0 1 * * *", "2026-10-31", "the clock shows 01:00 twice; it fires the first time only",
        "2026-11-01T01:00-04:00")]
    [InlineData(
        "Europe/Berlin", "30 * * * *", "2026-10-24", "the clock shows 02:30 twice; it fires both times", "2026-10-25T02:30+02:00",
        "2026-10-25T02:30+01:00")]
    [InlineData("America/New_York", "*/30 1 * * *", "2026-10-31", "the clock shows 01:00, 01:30 twice; it fires both times",
        "2026-11-01T01:00-04:00", "2026-11-01T01:30-04:00", "2026-11-01T01:00-05:00", "2026-11-01T01:30-05:00")]
    [InlineData(
        "Australia/Lord_Howe", "45 1 * * *", "2026-04-04", "the clock shows 01:45 twice; it fires the first time only",
        "2026-04-05T01:45+11:00")]
    // Where summer time is the standard one.
    [InlineData(
        "Europe/Dublin", "30 1 * * *", "2026-03-28", "the clock skips 01:30; it fires at 02:00, when the clock has jumped",
        "2026-03-29T02:00+01:00")]
    public void Summarize_TheClockIsMoved_SaysWhatBecomesOfTheTimes(
        string zone, string cron, string day, string description, params string[] fireTimes)
    {
        var effect = Assert.Single(Summarize(zone, cron, Days(day, 3)));

        Assert.Equal(description, effect.Description);
        Assert.Equal(fireTimes.Select(Time), effect.FireTimes);
        Assert.Equal(fireTimes.Select(f => Time(f).Offset), effect.FireTimes.Select(f => f.Offset));
    }

    [Theory]
    [InlineData("Europe/Berlin", "30 3 * * *", "2026-03-28")]
    [InlineData("Europe/Berlin", "0 3 * * *", "2026-03-28")]
    [InlineData("Europe/Berlin", "59 1 * * *", "2026-03-28")]
    [InlineData("Europe/Berlin", "0 3 * * *", "2026-10-24")]
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-06-01")]
    [InlineData("Europe/Berlin", "30 2 * * MON", "2026-03-28")]
    [InlineData("Europe/Berlin", "@every 1m", "2026-03-28")]
    [InlineData(null, "30 2 * * *", "2026-03-28")]
    [InlineData("UTC", "30 2 * * *", "2026-03-28")]
    [InlineData("Asia/Tokyo", "30 2 * * *", "2026-03-28")]
    public void Summarize_NotAffected_IsEmpty(string? zone, string cron, string day) => Assert.Empty(Summarize(zone, cron, Days(day, 3)));

    [Fact]
    public void Summarize_TriggerThatLeavesTheTimeOut_IsNotAffected() =>
        // The expression names a skipped time, and yet nothing fires when the clock has jumped.
        Assert.Empty(ClockEffects.Summarize(Parse("30 5 * * *", "Europe/Berlin"), "30 2 * * *", "Europe/Berlin", Days("2026-03-28", 3)));

    [Fact]
    public void Summarize_Interval_IsNotAffected()
    {
        Assert.True(Trigger.TryParse(new TriggerSpec { Every = "30m", Zone = "Europe/Berlin" }, out var trigger, out _));

        Assert.Empty(ClockEffects.Summarize(trigger, null, "Europe/Berlin", Days("2026-03-28", 3)));
    }

    [Fact]
    public void Summarize_AYear_HasBothEffects()
    {
        var effects = Summarize("Europe/Berlin", "30 2 * * *", Days("2026-01-01", 365));

        Assert.Equal([ClockEffectKind.Skipped, ClockEffectKind.Once], effects.Select(e => e.Kind));
        Assert.Equal(["2026-03-29T01:00Z", "2026-10-25T01:00Z"], effects.Select(e => $"{e.Change.At:yyyy-MM-dd'T'HH:mm'Z'}"));
        Assert.All(effects, e => Assert.Equal(TimeSpan.FromHours(1), e.Change.By));
    }

    [Fact]
    public void Summarize_EverySecond_CountsAllAndListsAFew()
    {
        var effect = Assert.Single(Summarize("Europe/Berlin", "* * * * * *", Days("2026-10-24", 3)));

        Assert.Equal(
            (ClockEffectKind.Twice, 3600, ClockEffect.MaxShown, ClockEffect.MaxShown),
            (effect.Kind, effect.Count, effect.WallTimes.Count, effect.FireTimes.Count));
    }

    [Theory]
    // Only the second of the two passes, only the first, and between the two.
    [InlineData("2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00", true)]
    [InlineData("2026-10-25T01:00+02:00", "2026-10-25T02:45+02:00", true)]
    [InlineData("2026-10-25T02:31+02:00", "2026-10-25T02:29+01:00", false)]
    public void Summarize_RangeWithinTheRepeatedHour_HasWhatFiresInIt(string after, string until, bool expected) =>
        Assert.Equal(expected, Summarize("Europe/Berlin", "30 * * * *", new PreviewRange(Time(after), Time(until))).Count == 1);

    [Fact]
    public void ByFireTime_TimesYearsApart_AreRemarkedOneByOne()
    {
        var trigger = Parse("30 2 29 3 *", "Europe/Berlin");
        var times = trigger.Between(Time("2020-01-01T00:00Z"), Time("2038-01-01T00:00Z")).ToList();

        var effects = ClockEffects.ByFireTime(trigger, "30 2 29 3 *", "Europe/Berlin", times);

        // The last Sunday of March is the 29th in these years.
        Assert.Equal([2020, 2026, 2037], effects.Keys.Select(t => t.Year).Order());
        Assert.All(effects.Keys, t => Assert.Contains(t, times));
    }

    [Fact]
    public void ByFireTime_BothPasses_AreRemarkedAtEach()
    {
        var trigger = Parse("30 * * * *", "Europe/Berlin");
        var times = trigger.Between(Time("2026-10-25T00:00+02:00"), Time("2026-10-25T05:00+01:00")).ToList();

        var effects = ClockEffects.ByFireTime(trigger, "30 * * * *", "Europe/Berlin", times);

        Assert.Equal(["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"], effects.Keys.Order().Select(t => $"{t:yyyy-MM-dd'T'HH:mmzzz}"));
    }

    private static IReadOnlyList<ClockEffect> Summarize(string? zone, string cron, PreviewRange range) =>
        ClockEffects.Summarize(Parse(cron, zone), cron, zone, range);

    private static PreviewRange Days(string day, int count) => new(Time(day + "T00:00Z"), Time(day + "T00:00Z").AddDays(count));
}
