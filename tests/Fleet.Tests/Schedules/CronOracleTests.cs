using System.Globalization;
using CsCheck;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

/// <summary>Fire times against somebody who looks at the clock on the wall every second. <c>FLEET_CRON_CASES</c> sets how many random
/// expressions, zones and times; the suite's short form is 2,000.</summary>
public sealed class CronOracleTests
{
    private static readonly int Cases = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_CRON_CASES") ?? "2000", CultureInfo.InvariantCulture);

    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Africa/Cairo", "Africa/Casablanca",
        "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Chatham",
    ];

    /// <summary>When clocks are moved: zone and instant, of the years 2018 to 2027.</summary>
    private static readonly (
        string Zone, DateTimeOffset At)[] Changes = [.. Zones.SelectMany(zone => ChangesOf(zone).Select(at => (zone, at)))];

    [Fact]
    public void Between_RandomExpressionZoneAndTime_IsWhatTheClockOnTheWallShows()
    {
        var anywhere = Gen.Select(Gen.OneOfConst(Zones), Gen.Int[0, 10 * 365 * 24 * 60])
            .Select((zone, minutes) => (zone, new DateTimeOffset(2018, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minutes)));
        var start = Gen.OneOf(
            anywhere,
            Gen.Select(Gen.OneOfConst(Changes), Gen.Int[-100, 20])
            .Select((change, minutes) => (change.Zone, change.At.AddMinutes(minutes))));
        var cron = Gen.Select(Field(0, 59), Field(0, 59), Field(0, 23), Rarely(1, 31), Rarely(1, 12), Rarely(0, 6)).Select(
            (second, minute, hour, day, month, weekday) => $"{second} {minute} {hour} {day} {month} {weekday}");
        Gen.Select(cron, start, Gen.Int[0, 7200]).Sample(
            (cron, start, split) =>
            {
                var (zone, after) = start;
                var until = after.AddHours(2);
                Assert.True(
                    Trigger.TryParse(new TriggerSpec { Cron = cron, Zone = zone }, out var trigger, out var error)
                    || error.Code == "never_fires", error?.Message);
                if (trigger is null)
                    return;

                var expected = new Watcher(cron, TimeZoneInfo.FindSystemTimeZoneById(zone)).Between(after, until).ToList();
                var times = trigger.Between(after, until).ToList();

                Assert.True(expected.SequenceEqual(times), $"'{cron}' in {zone} after {after:O}: {Show(times)}, expected {Show(expected)}");
                for (var i = 1; i < times.Count; i++)
                    Assert.Equal(times[i - 1], trigger.Previous(times[i]));
                // Between two fire times, the previous one and the next one are neighbours.
                var anywhere = after.AddSeconds(split);
                if (trigger.Previous(anywhere) is { } previous)
                    Assert.Equal((true, trigger.Next(anywhere.AddTicks(-1))), (previous < anywhere, trigger.Next(previous)));
                Assert.Equal(
                    times, trigger.Between(after, after.AddSeconds(split)).Concat(trigger.Between(after.AddSeconds(split), until)));
            },
            iter: Cases);
    }

    private static string Show(List<DateTimeOffset> times) =>
        $"{times.Count} [{string.Join(", ", times.Take(5).Select(t => t.ToString("HH:mm:sszzz", CultureInfo.InvariantCulture)))}]";

    private static IEnumerable<DateTimeOffset> ChangesOf(string id)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(id);
        for (var hour = new DateTimeOffset(2018, 1, 1, 0, 0, 0, TimeSpan.Zero); hour.Year < 2028; hour = hour.AddHours(1))
        {
            if (zone.GetUtcOffset(hour) != zone.GetUtcOffset(hour.AddHours(-1)))
                yield return hour;
        }
    }

    private static Gen<string> Field(int first, int last) =>
        Gen.OneOf(Gen.Const($"{first}"), SimpleCronField.Any(first, last), SimpleCronField.Any(first, last));

    private static Gen<string> Rarely(int first, int last) => Gen.OneOf(Gen.Const("*"), Gen.Const("?"), Gen.Const("*"), Field(first, last));

    /// <summary>Looks every second, and knows what the page says about clocks that are moved, and nothing else.</summary>
    private sealed class Watcher
    {
        private static readonly int[] Firsts = [0, 0, 0, 1, 1, 0];

        private readonly TimeZoneInfo _zone;
        private readonly HashSet<int>[] _fields;
        private readonly bool _isInterval;

        public Watcher(string cron, TimeZoneInfo zone)
        {
            var texts = cron.Split(' ').Select(text => text == "?" ? "*" : text).ToArray();
            _zone = zone;
            _fields = [.. texts.Select((text, i) => SimpleCronField.Values(text, Firsts[i]))];
            _isInterval = texts.Take(3).Any(text => text.Contains('*') || text.Contains('-'));
        }

        public IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until)
        {
            // The latest that the wall has shown in the last day. Clocks are moved at whole minutes, and we begin at one.
            var last = after.UtcDateTime;
            var shown = Wall(last);
            for (var minute = last.AddDays(-1); minute < last; minute = minute.AddMinutes(1))
                shown = Later(shown, Wall(minute).AddSeconds(59));

            for (var utc = last.AddSeconds(1); utc <= until.UtcDateTime; utc = utc.AddSeconds(1))
            {
                var wall = Wall(utc);
                var skipped = wall - Wall(utc.AddSeconds(-1)) - TimeSpan.FromSeconds(1);
                // Ahead: what was skipped fires now, once. Back: what was shown before fires again only where it means "again and again".
                var fires = skipped > TimeSpan.Zero
                    ? Enumerable.Range(0, (int)skipped.TotalSeconds + 1).Any(i => Matches(wall.AddSeconds(-i)))
                    : Matches(wall) && (_isInterval || wall > shown);
                shown = Later(shown, wall);
                if (fires)
                    yield return new DateTimeOffset(utc, TimeSpan.Zero);
            }
        }

        private DateTime Wall(DateTime utc) => utc + _zone.GetUtcOffset(utc);

        private static DateTime Later(DateTime a, DateTime b) => a > b ? a : b;

        private bool Matches(DateTime wall) =>
            _fields[0].Contains(wall.Second) && _fields[1].Contains(wall.Minute) && _fields[2].Contains(wall.Hour)
            && _fields[3].Contains(wall.Day) && _fields[4].Contains(wall.Month) && _fields[5].Contains((int)wall.DayOfWeek);
    }
}
