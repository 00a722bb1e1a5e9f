using Fleet.Cli;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Tests.Api;
using Fleet.Tests.Cli;

namespace Fleet.Tests.Schedules;

/// <summary>What fires when, by day and hour of a zone: the calculation, the endpoint and <c>fleet calendar</c>.</summary>
public sealed class CalendarTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    /// <summary>02:30 does not exist on 29 March 2026 in Berlin; the run starts at 03:00.</summary>
    [Fact]
    public void Of_DayOnWhichTheClockJumps_IsMarkedAndHasTheHourThatTheClockShows()
    {
        var calendar = Make("30 2 * * *", "2026-03-28T00:00:00+01:00", "2026-03-30T23:00:00+02:00", TimeSpan.FromMinutes(15));

        Assert.Equal(["2026-03-28", "2026-03-29", "2026-03-30"], calendar.Days.Select(d => $"{d.Date:yyyy-MM-dd}"));
        Assert.Equal([2, 3, 2], calendar.Days.Select(d => d.Starts.ToList().FindIndex(s => s > 0)));
        Assert.Equal([null, 60, null], calendar.Days.Select(d => (d.ClockChange?.After - d.ClockChange?.Before)?.TotalMinutes));
        Assert.Equal(0.25, calendar.Days[0].Slots[2], 6);
    }

    /// <summary>The clock shows 02:00 to 03:00 twice: the hour has the starts of both, and the mean of their slots.</summary>
    [Fact]
    public void Of_DayOnWhichTheClockIsSetBack_HasBothHoursInOne()
    {
        var calendar = Make("every:10m", "2026-10-25T00:00:00+02:00", "2026-10-25T23:59:00+01:00", TimeSpan.FromMinutes(5));

        var day = Assert.Single(calendar.Days);
        Assert.Equal((12, 6), (day.Starts[2], day.Starts[5]));
        Assert.Equal((0.5, 0.5), (Math.Round(day.Slots[2], 6), Math.Round(day.Slots[5], 6)));
        Assert.Equal(-60, (day.ClockChange!.Value.After - day.ClockChange.Value.Before).TotalMinutes);
    }

    /// <summary>Kathmandu is 5:45 ahead: its hours begin in the middle of those of UTC.</summary>
    [Fact]
    public void Of_ZoneBetweenWholeHours_CountsByItsClock()
    {
        var simulation = Simulate("every:1h", "2026-01-05T00:00:00Z", "2026-01-05T23:59:00Z", TimeSpan.Zero);

        var calendar = Calendar.Of(simulation, TimeZoneInfo.FindSystemTimeZoneById("Asia/Kathmandu"));

        Assert.Equal(simulation.Firings, calendar.Days.Sum(d => d.Starts.Sum()));
        Assert.Equal("2026-01-05", $"{calendar.Days[0].Date:yyyy-MM-dd}");
        Assert.Equal(0, calendar.Days[0].Starts[4]);
        Assert.Equal(1, calendar.Days[0].Starts[6]);
    }

    /// <summary>Two weeks, of which one Monday has a second run: the week has the mean.</summary>
    [Fact]
    public void Of_TwoWeeks_WeekIsTheMeanAndBeginsOnMonday()
    {
        var calendar = Make("0 9 * * 1", "2026-06-01T00:00:00+02:00", "2026-06-14T23:59:59+02:00", TimeSpan.FromMinutes(30));

        Assert.Equal(14, calendar.Days.Count);
        Assert.Equal(DayOfWeek.Monday, calendar.Week[0].Day);
        Assert.Equal(DayOfWeek.Sunday, calendar.Week[6].Day);
        Assert.Equal((1, 0.5), (calendar.Week[0].Starts[9], calendar.Week[0].Slots[9]));
        Assert.Equal(1, calendar.Week.Sum(d => d.Starts.Sum()));
    }

    [Fact]
    public async Task GetCalendar_OverHttpAndInTheCli_HasTheSameDays()
    {
        await api.SendAsync("PUT", "/api/v1/schedules/calendar", """{"job":"diag.echo","cron":"30 2 * * *","zone":"Europe/Berlin"}""");
        const string Range = "from=2026-03-28T00:00:00%2B01:00&until=2026-03-30T22:00:00Z&zone=Europe/Berlin";

        var answer = await api.SendAsync("GET", $"/api/v1/calendar?{Range}");
        var (exit, output, error) = await FleetCommand.RunAsync(
            "calendar", "--from", "2026-03-28T00:00:00+01:00", "--days", "3", "--zone", "Europe/Berlin", "-o", "table",
            "--server", $"{api.Http.BaseAddress}");

        Assert.Equal(200, answer.Status);
        var change = answer.Json.GetProperty("days")[1].GetProperty("clockChange");
        Assert.Equal("2026-03-29T03:00:00+02:00", change.GetProperty("at").GetString());
        Assert.Equal(7, answer.Json.GetProperty("week").GetArrayLength());
        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("Sun 03-29", output, StringComparison.Ordinal);
        Assert.Contains("the clock moves +60 min to 03:00", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zone=Nowhere", "zone")]
    [InlineData("until=1971-01-01T00:00:00Z", "until")]
    public async Task GetCalendar_BadInput_NamesTheParameter(string query, string field)
    {
        var answer = await api.SendAsync("GET", $"/api/v1/calendar?{query}");

        Assert.Equal((400, field), (answer.Status, answer["field"]));
    }

    [Fact]
    public async Task Calendar_BadOptions_AreUsage()
    {
        foreach (var args in new[] { new[] { "--days", "0" }, ["--days", "3", "--from", "soon"] })
        {
            var (exit, output, _) = await FleetCommand.RunAsync(["calendar", .. args, "--server", $"{api.Http.BaseAddress}"]);
            Assert.Equal(((int)ExitCode.Usage, ""), (exit, output));
        }
    }

    private static Calendar Make(string trigger, string from, string until, TimeSpan mean) =>
        Calendar.Of(Simulate(trigger, from, until, mean), Berlin);

    private static Simulation Simulate(string text, string from, string until, TimeSpan mean)
    {
        var spec = text.StartsWith("every:", StringComparison.Ordinal)
            ? new TriggerSpec { Every = text["every:".Length..], Anchor = DateTimeOffset.UnixEpoch }
            : new TriggerSpec { Cron = text, Zone = Berlin.Id };
        Assert.True(Trigger.TryParse(spec, out var trigger, out var error), error?.Message);
        var range = new PreviewRange(Parse(from), Parse(until));
        return SimulateFirings.Execute([new SimulatedSchedule("s", trigger, "default", mean, spec.Cron, spec.Zone)], range);
    }

    private static DateTimeOffset Parse(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
