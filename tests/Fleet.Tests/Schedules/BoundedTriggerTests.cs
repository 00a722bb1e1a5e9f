using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

/// <summary>Start, end, excluded dates and jitter, and the way back in time.</summary>
public sealed class BoundedTriggerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Next_StartAndEnd_AreFireTimesThemselves()
    {
        var trigger = Parse(new TriggerSpec { Every = "1h", StartsAt = Noon, EndsAt = Noon.AddHours(2) });

        Assert.Equal([Noon, Noon.AddHours(1), Noon.AddHours(2)], trigger.Between(Noon.AddYears(-1), Noon.AddYears(1)));
        Assert.Null(trigger.Next(Noon.AddHours(2)));
        Assert.Equal(Noon.AddHours(2), trigger.Previous(DateTimeOffset.MaxValue));
        Assert.Null(trigger.Previous(Noon));
    }

    [Theory]
    [InlineData("2026-03-29")]
    [InlineData("03-29")]
    [InlineData("2026-03-29..2026-03-29")]
    public void Next_ExcludedDate_IsADateOfTheZone(string exclude)
    {
        // The day has 23 hours in Berlin, from 23:00Z to 22:00Z.
        var trigger = Parse(new TriggerSpec { Every = "30m", Zone = "Europe/Berlin", Exclude = [exclude] });
        var dayBefore = new DateTimeOffset(2026, 3, 28, 22, 0, 0, TimeSpan.Zero);

        var times = trigger.Between(dayBefore, dayBefore.AddHours(25)).ToList();

        Assert.Equal([dayBefore.AddMinutes(30), dayBefore.AddHours(24), dayBefore.AddHours(24.5), dayBefore.AddHours(25)], times);
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-10-25")]
    [InlineData("America/Sao_Paulo", "2018-11-04")]
    [InlineData("America/Sao_Paulo", "2018-02-17")]
    [InlineData("Africa/Cairo", "2026-04-24")]
    [InlineData("Pacific/Apia", "2011-12-29")]
    [InlineData("Australia/Lord_Howe", "2026-04-05")]
    [InlineData("Asia/Tehran", "2022-09-21")]
    public void Next_ExcludedDateOnWhichTheClockIsChanged_LeavesOutThatDateAndNoOther(string zone, string date)
    {
        var zoneInfo = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var day = DateOnly.Parse(date, System.Globalization.CultureInfo.InvariantCulture);
        var all = Parse(new TriggerSpec { Every = "10m", Zone = zone });
        var trigger = Parse(new TriggerSpec { Every = "10m", Zone = zone, Exclude = [date] });
        var from = new DateTimeOffset(day.AddDays(-2).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

        var expected = all.Between(from, from.AddDays(5))
            .Where(t => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(t, zoneInfo).DateTime) != day).ToList();

        Assert.NotEqual(all.Between(from, from.AddDays(5)).Count(), expected.Count);
        Assert.Equal(expected, trigger.Between(from, from.AddDays(5)));
    }

    [Fact]
    public void Next_RangeOverNewYear_LeavesOutAllOfIt()
    {
        var trigger = Parse(new TriggerSpec { Cron = "0 9 * * *", Exclude = ["2026-12-24..2027-01-02"] });

        Assert.Equal(
            [new DateTimeOffset(2026, 12, 23, 9, 0, 0, TimeSpan.Zero), new DateTimeOffset(2027, 1, 3, 9, 0, 0, TimeSpan.Zero)],
            trigger.Between(new(2026, 12, 22, 10, 0, 0, TimeSpan.Zero), new(2027, 1, 3, 10, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void Next_EveryDateExcluded_EndsWithoutAFireTime()
    {
        var everyDay = Enumerable.Range(0, 366)
            .Select(i => new DateTime(2000, 1, 1).AddDays(i).ToString("MM-dd", System.Globalization.CultureInfo.InvariantCulture))
            .ToArray();

        Assert.Null(Parse(new TriggerSpec { Every = "1s", Exclude = everyDay }).Next(Noon));
    }

    [Fact]
    public void Next_Jitter_MovesAllFireTimesOfAScheduleAlikeAndSpreadsSchedules()
    {
        var spec = new TriggerSpec { Cron = "0 0 * * *", Jitter = "10m" };
        var midnight = Noon.AddHours(12);
        var delays = new List<TimeSpan>();
        for (var i = 0; i < 500; i++)
        {
            var trigger = Parse(spec, $"s{i}");
            var first = trigger.Next(Noon)!.Value;
            Assert.Equal(first.AddDays(1), trigger.Next(first));
            Assert.Equal(first, trigger.Previous(first.AddDays(1)));
            delays.Add(first - midnight);
        }

        Assert.All(delays, d => Assert.InRange(d, TimeSpan.Zero, TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1)));
        // Each tenth of the period gets its share: 50 of 500, give or take.
        Assert.All(delays.GroupBy(d => (int)d.TotalMinutes), minute => Assert.InRange(minute.Count(), 25, 80));
        Assert.Equal(10, delays.Select(d => (int)d.TotalMinutes).Distinct().Count());
        // Fixed for ever: another number here would move the fire times of every schedule that is stored.
        Assert.Equal(TimeSpan.FromMilliseconds(JitterOfNightly), Parse(spec, "nightly").Next(Noon)!.Value - midnight);
    }

    [Theory]
    [InlineData("endsAt", "invalid_window")]
    [InlineData("exclude[1]", "invalid_exclude")]
    [InlineData("jitter", "invalid_jitter")]
    public void TryParse_Wrong_NamesTheFieldTheValueAndWhatIsAllowed(string field, string code)
    {
        var spec = field switch
        {
            "endsAt" => new TriggerSpec { Every = "1h", StartsAt = Noon, EndsAt = Noon },
            "jitter" => new TriggerSpec { Every = "1h", Jitter = "2d" },
            _ => new TriggerSpec { Every = "1h", Exclude = ["2026-01-01", "2026-02-30"] },
        };

        Assert.False(Trigger.TryParse(spec, out _, out var error));
        Assert.Equal((code, field), (error.Code, error.Field));
        Assert.StartsWith($"{field}: '{error.Value}' is not allowed; allowed is {error.Allowed}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-1-1")]
    [InlineData("13-01")]
    [InlineData("2026-12-31..2026-12-30")]
    [InlineData("2026-01-01..2027-01-02")]
    [InlineData("2026-01-01..")]
    [InlineData("MON")]
    public void TryParse_ExcludeThatIsNoDate_IsRefused(string entry) =>
        Assert.False(Trigger.TryParse(new TriggerSpec { Every = "1h", Exclude = [entry] }, out _, out _));

    [Fact]
    public void Previous_RareFireTimes_AreFoundFarBack()
    {
        var leapDay = Parse(new TriggerSpec { Cron = "0 0 29 2 *" });
        Assert.Equal(new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.Zero), leapDay.Previous(Noon));
        Assert.Equal(new DateTimeOffset(1896, 2, 29, 0, 0, 0, TimeSpan.Zero), leapDay.Previous(new(1904, 2, 29, 0, 0, 0, TimeSpan.Zero)));

        var once = Parse(new TriggerSpec { At = Noon });
        Assert.Equal(Noon, once.Previous(Noon.AddTicks(1)));
        Assert.Null(once.Previous(Noon));

        var interval = Parse(new TriggerSpec { Every = "7d", Anchor = Noon });
        Assert.Equal(Noon.AddDays(-7), interval.Previous(Noon));
    }

    private const int JitterOfNightly = 10_666;

    private static Trigger Parse(TriggerSpec spec, string id = "s")
    {
        Assert.True(Trigger.TryParse(spec, id, out var trigger, out var error), error?.Message);
        return trigger;
    }
}
