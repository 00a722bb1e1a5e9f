using System.Globalization;
using Cronos;
using CsCheck;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

public sealed class CronTriggerTests
{
    [Theory]
    [InlineData("*/15 * * * *", "2026-11-22T12:00Z", "2026-11-22T12:15Z")]
    [InlineData("*/15 * * * *", "2026-11-22T12:14:59.9999999Z", "2026-11-22T12:15Z")]
    [InlineData("  */10   * * * *\t* ", "2026-11-22T12:00:01Z", "2026-11-22T12:00:10Z")]
    [InlineData("0 9 * * MON-FRI", "2026-11-20T09:00Z", "2026-11-23T09:00Z")]
    [InlineData("0 0 ? jan *", "2026-11-22T12:00Z", "2027-01-01T00:00Z")]
    [InlineData("0 0 L * *", "2028-02-01T00:00Z", "2028-02-29T00:00Z")]
    [InlineData("0 0 L-3W * ?", "2026-11-22T12:00Z", "2026-11-27T00:00Z")]
    [InlineData("0 0 15W * *", "2026-11-22T12:00Z", "2026-12-15T00:00Z")]
    [InlineData("0 0 * * FRIL", "2026-11-22T12:00Z", "2026-11-27T00:00Z")]
    [InlineData("0 0 * * MON#1", "2026-11-22T12:00Z", "2026-12-07T00:00Z")]
    [InlineData("0 22-1 * * *", "2026-11-22T23:30Z", "2026-11-23T00:00Z")]
    [InlineData("0 0 29 2 *", "2026-11-22T12:00Z", "2028-02-29T00:00Z")]
    [InlineData("0 0 12 * * ? 2028", "2026-11-22T12:00Z", "2028-01-01T12:00Z")]
    [InlineData("0 0 0 29 2 ? 2030-2099", "2026-11-22T12:00Z", "2032-02-29T00:00Z")]
    [InlineData("0 0 0 1 1 * 2025,2027", "2026-11-22T12:00Z", "2027-01-01T00:00Z")]
    [InlineData("0 0 0 1 1 * 2026/3", "2026-11-22T12:00Z", "2029-01-01T00:00Z")]
    [InlineData("0 0 0 1 1 * *", "2026-11-22T12:00Z", "2027-01-01T00:00Z")]
    [InlineData("@yearly", "2026-11-22T12:00Z", "2027-01-01T00:00Z")]
    [InlineData("@annually", "2026-11-22T12:00Z", "2027-01-01T00:00Z")]
    [InlineData("@monthly", "2026-11-22T12:00Z", "2026-12-01T00:00Z")]
    [InlineData("@weekly", "2026-11-22T12:00Z", "2026-11-29T00:00Z")]
    [InlineData("@daily", "2026-11-22T12:00Z", "2026-11-23T00:00Z")]
    [InlineData("@Midnight", "2026-11-22T12:00Z", "2026-11-23T00:00Z")]
    [InlineData("@hourly", "2026-11-22T12:00Z", "2026-11-22T13:00Z")]
    [InlineData("@every_minute", "2026-11-22T12:00Z", "2026-11-22T12:01Z")]
    [InlineData("@every_second", "2026-11-22T12:00Z", "2026-11-22T12:00:01Z")]
    public void Next_Expression_ReturnsTheFireTime(string cron, string after, string expected) =>
        Assert.Equal(Time(expected), Parse(cron).Next(Time(after)));

    [Theory]
    // Spring: what the clock skips fires when it has jumped, once.
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00")]
    [InlineData(
        "Europe/Berlin", "*/30 * * * *", "2026-03-29T01:00+01:00", "2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00",
        "2026-03-29T03:30+02:00")]
    [InlineData("America/New_York", "30 2 * * *", "2026-03-07T12:00-05:00", "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00")]
    [InlineData(
        "Europe/Dublin", "*/30 * * * *", "2026-03-29T00:00Z", "2026-03-29T00:30Z", "2026-03-29T02:00+01:00", "2026-03-29T02:30+01:00")]
    [InlineData("Africa/Casablanca", "30 2 * * *", "2026-03-21T12:00Z", "2026-03-22T03:00+01:00", "2026-03-23T02:30+01:00")]
    [InlineData("America/Sao_Paulo", "0 0 * * *", "2018-11-03T12:00-03:00", "2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00")]
    [InlineData("Africa/Cairo", "30 0 * * *", "2026-04-23T12:00+02:00", "2026-04-24T01:00+03:00", "2026-04-25T00:30+03:00")]
    // A whole day that never was: Samoa went from the 29th of December straight to the 31st.
    [InlineData(
        "Pacific/Apia", "0 12 * * *", "2011-12-29T06:00-10:00", "2011-12-29T12:00-10:00", "2011-12-31T00:00+14:00",
        "2011-12-31T12:00+14:00")]
    [InlineData(
        "Pacific/Apia", "0 */12 * * *", "2011-12-29T06:00-10:00", "2011-12-29T12:00-10:00", "2011-12-31T00:00+14:00",
        "2011-12-31T12:00+14:00")]
    // Autumn: times of day fire in the first pass, intervals in both.
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00")]
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-10-25T02:10+01:00", "2026-10-26T02:30+01:00")]
    [InlineData(
        "Europe/Berlin", "30 * * * *", "2026-10-25T01:30+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00",
        "2026-10-25T03:30+01:00")]
    [InlineData("Europe/Berlin", "0 3 * * *", "2026-10-25T02:10+02:00", "2026-10-25T03:00+01:00")]
    [InlineData(
        "America/New_York", "*/30 1 * * *", "2026-11-01T00:00-04:00", "2026-11-01T01:00-04:00", "2026-11-01T01:30-04:00",
        "2026-11-01T01:00-05:00", "2026-11-01T01:30-05:00", "2026-11-02T01:00-05:00")]
    [InlineData("America/New_York", "0 1 * * *", "2026-10-31T12:00-04:00", "2026-11-01T01:00-04:00", "2026-11-02T01:00-05:00")]
    [InlineData(
        "Australia/Lord_Howe", "*/15 1 * * *", "2026-04-05T01:30+11:00", "2026-04-05T01:45+11:00", "2026-04-05T01:30+10:30",
        "2026-04-05T01:45+10:30", "2026-04-06T01:00+10:30")]
    [InlineData("America/Sao_Paulo", "30 23 * * *", "2019-02-16T12:00-02:00", "2019-02-16T23:30-02:00", "2019-02-17T23:30-03:00")]
    [InlineData("Africa/Cairo", "30 23 * * *", "2026-10-29T12:00+03:00", "2026-10-29T23:30+03:00", "2026-10-30T23:30+02:00")]
    [InlineData(
        "Africa/Cairo", "*/30 23 * * *", "2026-10-29T12:00+03:00", "2026-10-29T23:00+03:00", "2026-10-29T23:30+03:00",
        "2026-10-29T23:00+02:00", "2026-10-29T23:30+02:00")]
    [InlineData(
        "Europe/Dublin", "*/30 1 * * *", "2026-10-25T00:00+01:00", "2026-10-25T01:00+01:00", "2026-10-25T01:30+01:00", "2026-10-25T01:00Z",
        "2026-10-25T01:30Z")]
    public void Next_ClockIsMoved_FiresAsDocumented(string zone, string cron, string after, params string[] expected)
    {
        var trigger = Parse(cron, zone);
        var times = new List<DateTimeOffset>();
        for (var next = trigger.Next(Time(after)); times.Count < expected.Length; next = trigger.Next(next.Value))
            times.Add(next!.Value);

        Assert.Equal(expected.Select(Time), times);
        Assert.Equal(expected.Select(time => Time(time).Offset), times.Select(time => time.Offset));
    }

    /// <summary>All offsets in use are multiples of a quarter of an hour, so this interval must not notice any change.</summary>
    [Fact]
    public void Next_EveryQuarterInAnyZone_NeverSkipsNorGoesBack()
    {
        var quarter = TimeSpan.FromMinutes(15);
        var changes = 0;
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones())
        {
            var trigger = Parse("*/15 * * * *", zone.Id);
            for (var day = Time("2024-01-01T00:00Z"); day < Time("2029-01-01T00:00Z"); day = day.AddDays(1))
            {
                if (zone.GetUtcOffset(day) == zone.GetUtcOffset(day.AddDays(1)))
                    continue;

                changes++;
                var last = day.AddHours(-1);
                while (last < day.AddDays(1))
                {
                    var next = trigger.Next(last)!.Value;
                    Assert.True(next == last + quarter, $"{zone.Id}: {last:O} is followed by {next:O}");
                    Assert.Equal(zone.GetUtcOffset(next), next.Offset);
                    last = next;
                }
            }
        }

        Assert.True(changes > 500, "no zone data on this machine");
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-29T01:00Z", "2026-10-25T01:00Z")]
    [InlineData("America/New_York", "2026-03-08T07:00Z", "2026-11-01T06:00Z")]
    public void Next_AroundChangesThatCronosReadsWell_AgreesWithCronos(string id, string spring, string autumn)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(id);
        var start = Gen.Select(
            Gen.OneOfConst(Time(spring), Time(autumn)), Gen.Int[-180, 180], (change, minutes) => change.AddMinutes(minutes));
        Gen.Select(SimpleCronField.Any(0, 59), SimpleCronField.Any(0, 4), start)
            .Sample(
                (minute, hour, after) =>
                {
                    var cron = $"{minute} {hour} * * *";
                    var (trigger, cronos) = (Parse(cron, id), CronExpression.Parse(cron));
                    var ours = after;
                    for (var i = 0; i < 20; i++)
                    {
                        var theirs = cronos.GetNextOccurrence(ours, zone)!.Value;
                        var next = trigger.Next(ours)!.Value;
                        Assert.True(next.EqualsExact(theirs), $"{cron} after {ours:O}: {next:O}, Cronos says {theirs:O}");
                        ours = next;
                    }
                },
                iter: 1_000);
    }

    [Fact]
    public void Next_RandomExpression_AgreesWithAMatcherThatTriesEveryMinute() =>
        Gen.Select(
            SimpleCronField.Any(0, 59), SimpleCronField.Any(0, 23), SimpleCronField.Any(1, 28), SimpleCronField.Any(1, 12),
            SimpleCronField.Any(0, 6), Instant)
            .Sample(
                (minute, hour, day, month, weekday, after) =>
                {
                    var cron = $"{minute} {hour} {day} {month} {weekday}";
                    var end = after.AddDays(30);
                    var expected = MinuteMatcher.Next([minute, hour, day, month, weekday], after, end);
                    var next = Parse(cron).Next(after);
                    Assert.True((next <= end ? next : null) == expected, $"{cron} after {after:O}: {next:O}, expected {expected:O}");
                },
                iter: 2_000);

    [Fact]
    public void Between_OneYear_FiresOnEachOfItsDaysAndNeverAgain()
    {
        var trigger = Parse("0 0 12 * * ? 2025", "Europe/Berlin");

        var times = trigger.Between(Time("2000-01-01T00:00Z"), Time("2060-01-01T00:00Z")).ToList();

        Assert.Equal(365, times.Count);
        Assert.Equal((Time("2025-01-01T12:00+01:00"), Time("2025-12-31T12:00+01:00")), (times[0], times[^1]));
        Assert.Null(trigger.Next(times[^1]));
    }

    /// <summary>Years are those of the wall, also where it is ahead of UTC.</summary>
    [Fact]
    public void Next_RandomYears_AreThoseOfTheSameExpressionWithoutThem()
    {
        var part = Gen.Select(Gen.Int[1970, 2099], Gen.Int[0, 12], Gen.Int[1, 9]).Select(
            (year, length, step) =>
                (Text: $"{year}-{Math.Min(year + length, 2099)}/{step}",
                    Years: Enumerable.Range(year, length + 1).Where(y => y <= 2099 && (y - year) % step == 0)));
        Gen.Select(
            part.List[1, 3], SimpleCronField.Any(1, 12), Gen.OneOfConst("UTC", "Pacific/Kiritimati", "America/New_York"),
            Gen.Int[1969, 2098]).Sample(
            (parts, month, zone, from) =>
            {
                var years = parts.SelectMany(p => p.Years).ToHashSet();
                var cron = $"0 30 0 1 {month} ?";
                var (start, end) = (Time($"{from}-06-15T00:00Z"), Time($"{Math.Min(from + 20, 2100)}-06-15T00:00Z"));
                var expected = Parse(cron, zone).Between(start, end).Where(time => years.Contains(time.Year));
                Assert.Equal(expected, Parse($"{cron} {string.Join(',', parts.Select(p => p.Text))}", zone).Between(start, end));
            },
            iter: 500);
    }

    /// <summary>Every text of up to four of the characters that mean something, in each of the fields, and longer forms.</summary>
    [Theory]
    [InlineData("{0} * * * * *", "0-59")]
    [InlineData("0 {0} * * * *", "0-59")]
    [InlineData("0 0 {0} * * *", "0-23")]
    [InlineData("0 0 0 {0} * *", "1-31")]
    [InlineData("0 0 0 * {0} *", "1-12")]
    [InlineData("0 0 0 * * {0}", "0-6")]
    public void TryParse_AnyField_AcceptsWhatCronosReads(string expression, string all)
    {
        string[] longer =
        [
            "L-30", "L-31", "L-030", "L-3W", "L-03W", "L-003W", "015W", "FRIL", "MON#1", "MON#01", "MON#6", "02#04", "002#4", "02#004",
            "00007L",
            "JAN", "jan-MAR", "mon-fri/2", "FRI-MON", "JANL", "01-05/02", "001-05", "1-005", "1/002", "1,2-5,0007",
        ];
        List<string> differences = [];
        foreach (var field in Texts("0123678*/,-?LW#", 4).Concat(longer))
        {
            var cron = string.Format(CultureInfo.InvariantCulture, expression, field);
            // Cronos reads no * in a list, which crontab does.
            var spelledOut = field.Contains(',', StringComparison.Ordinal)
                ? string.Join(',', field.Split(',').Select(part => part.StartsWith('*') ? all + part[1..] : part))
                : field;
            var isRead = CronExpression.TryParse(
                string.Format(CultureInfo.InvariantCulture, expression, spelledOut), CronFormat.IncludeSeconds,
                out var cronos) && cronos.GetNextOccurrence(DateTime.UnixEpoch) is not null;
            var accepted = Trigger.TryParse(new TriggerSpec { Cron = cron }, out _, out var error);
            if (accepted != isRead || error?.Message.Contains("calendar library", StringComparison.Ordinal) == true)
                differences.Add($"{cron}: {error?.Message ?? "accepted"}");
        }

        Assert.Empty(differences);
    }

    private static IEnumerable<string> Texts(string characters, int upTo)
    {
        List<string> texts = [""];
        for (var length = 1; length <= upTo; length++)
        {
            texts = [.. texts.SelectMany(text => characters.Select(character => text + character))];
            foreach (var text in texts)
                yield return text;
        }
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Pacific/Kiritimati")]
    public void Next_EndsOfTime_NeverThrows(string zone)
    {
        foreach (var cron in new[] { "* * * * * *", "0 0 1 1 *", "0 0 29 2 MON#5", "59 23 31 12 *" })
        {
            var trigger = Parse(cron, zone);
            Assert.Null(trigger.Next(DateTimeOffset.MaxValue));
            Assert.NotNull(trigger.Next(DateTimeOffset.MinValue));
            for (var days = 0; days < 800; days++)
                trigger.Next(DateTimeOffset.MaxValue.AddDays(-days));
        }
    }

    [Fact]
    public void Description_Cron_ShowsExpressionAndZone()
    {
        Assert.Equal("cron 0 0 * * * (Europe/Berlin)", Parse(" 0  0 * * *", "europe/berlin").Description);
        Assert.Equal("cron @daily (UTC)", Parse("@daily").Description);
        Assert.Equal("cron", Parse("@daily").Kind);
    }

    [Fact]
    public void Between_HugeWindow_IsLazy() =>
        Assert.Equal(
            [Time("2026-01-01T00:00:01Z"), Time("2026-01-01T00:00:02Z")],
            Parse("* * * * * *").Between(Time("2026-01-01T00:00Z"), DateTimeOffset.MaxValue).Take(2));

    private static Gen<DateTimeOffset> Instant =>
        Gen.Long[0, 5L * 365 * 86_400_000].Select(ms => new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(ms));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static Trigger Parse(string cron, string? zone = null)
    {
        Assert.True(Trigger.TryParse(new TriggerSpec { Cron = cron, Zone = zone }, out var trigger, out var error), error?.Message);
        return trigger;
    }

    /// <summary>Cron for people with time: looks at every minute.</summary>
    private static class MinuteMatcher
    {
        private static readonly int[] Firsts = [0, 0, 1, 1, 0];

        public static DateTimeOffset? Next(string[] fields, DateTimeOffset after, DateTimeOffset end)
        {
            var sets = fields.Select((field, i) => SimpleCronField.Values(field, Firsts[i])).ToArray();
            for (var t = new DateTimeOffset(after.Ticks - (after.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero)
                .AddMinutes(1); t <= end; t = t.AddMinutes(1))
            {
                if (sets[0].Contains(t.Minute) && sets[1].Contains(t.Hour) && sets[2].Contains(t.Day)
                    && sets[3].Contains(t.Month) && sets[4].Contains((int)t.DayOfWeek))
                    return t;
            }

            return null;
        }
    }
}
