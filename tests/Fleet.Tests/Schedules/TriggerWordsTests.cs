using System.Globalization;
using System.Text.RegularExpressions;
using CsCheck;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

/// <summary>The words of a trigger say exactly when it fires.</summary>
public sealed class TriggerWordsTests
{
    private static readonly string[] Weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    private static readonly string[] Months = ["", .. CultureInfo.InvariantCulture.DateTimeFormat.MonthNames.Take(12)];

    private static readonly string[] Ordinals = ["first", "second", "third", "fourth", "fifth"];

    private static readonly string[] SpecialDays = ["L", "L-3", "l-1", "LW", "L-2W", "15W", "1w", "31W"];

    private static readonly string[] SpecialWeekdays = ["FRIL", "5L", "0L", "7l", "MON#1", "2#3", "sun#5", "7#2"];

    [Theory]
    [InlineData("0 3 * * *", "at 03:00 every day, UTC")]
    [InlineData("@daily", "at 00:00 every day, UTC")]
    [InlineData("@yearly", "at 00:00 on day 1 of January, UTC")]
    [InlineData("@weekly", "at 00:00 on Sunday, UTC")]
    [InlineData("@hourly", "at minute 0 of every hour")]
    [InlineData("@every_minute", "every minute")]
    [InlineData("@every_second", "every second")]
    [InlineData("@every 90s", "every 1 minute 30 seconds")]
    [InlineData("@every 1h", "every hour")]
    [InlineData("*/15 * * * *", "every 15 minutes")]
    [InlineData("*/7 * * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour")]
    [InlineData("5/20 * * * *", "at minutes 5, 25 and 45 of every hour")]
    [InlineData("*/15 9-17 * * MON-FRI", "every 15 minutes from 09:00 to 17:59, on Monday to Friday, UTC")]
    [InlineData("10,30 9-17 * * *", "at minutes 10 and 30, from 09:00 to 17:59, UTC")]
    [InlineData("* 22-1 * * 1", "every minute in hours 0, 1, 22 and 23, on Monday, UTC")]
    [InlineData("15 */2 * * *", "every 2 hours from 00:15, UTC")]
    [InlineData("30 2,14 * * *", "at 02:30 and 14:30 every day, UTC")]
    [InlineData("15 30 2 * * *", "at 02:30:15 every day, UTC")]
    [InlineData("*/10 * * * * *", "every 10 seconds")]
    [InlineData("*/10 5 * * * *", "every 10 seconds in minute 5 of every hour")]
    [InlineData("30 5 * * * *", "at second 30 of minute 5 of every hour")]
    [InlineData("1-5 */15 8 * * *", "at seconds 1 to 5 of minutes 0, 15, 30 and 45, from 08:00 to 08:59, UTC")]
    [InlineData("0 0 1,15 * *", "at 00:00 on days 1 and 15 of the month, UTC")]
    [InlineData("0 0 L * *", "at 00:00 on the last day of the month, UTC")]
    [InlineData("0 0 L-3 FEB *", "at 00:00 on the day 3 days before the last day of February, UTC")]
    [InlineData("0 0 LW * *", "at 00:00 on the last weekday (Monday to Friday) of the month, UTC")]
    [InlineData("0 0 15W 1-3 *", "at 00:00 on the weekday (Monday to Friday) nearest to day 15 of January to March, UTC")]
    [InlineData("0 0 * * FRIL", "at 00:00 on the last Friday of the month, UTC")]
    [InlineData("0 0 ? * MON#1", "at 00:00 on the first Monday of the month, UTC")]
    [InlineData("0 0 13 * FRI", "at 00:00 on day 13 of the month, if it is a Friday, UTC")]
    [InlineData("0 0 * 7,8 *", "at 00:00 every day in July and August, UTC")]
    [InlineData("*/5 * * 12 SUN", "every 5 minutes, on Sunday in December, UTC")]
    [InlineData("0 0 0 1 1 ? 2027", "at 00:00 on day 1 of January, in 2027, UTC")]
    [InlineData("0 0 0 1 1 ? 2027-2029,2035", "at 00:00 on day 1 of January, in 2027 to 2029 and 2035, UTC")]
    public void Of_Cron_SaysWhen(string cron, string words) => Assert.Equal(words, TriggerWords.Of(new TriggerSpec { Cron = cron }));

    [Fact]
    public void Of_EveryPartOfATrigger_SaysIt()
    {
        var start = new DateTimeOffset(2026, 12, 1, 1, 0, 0, TimeSpan.FromHours(1));

        Assert.Equal(
            "at 03:00 every day, Europe/Berlin, up to 30 seconds later, from 2026-12-01 00:00:00 UTC, until 2026-12-31 00:00:00 UTC, "
                + "not on 12-25, 2026-12-26..2026-12-28, at most 10 times",
            TriggerWords.Of(
                new TriggerSpec
                {
                    Cron = "0 3 * * *",
                    Zone = "Europe/Berlin",
                    Jitter = "30s",
                    StartsAt = start,
                    EndsAt = start.AddDays(30),
                    Exclude = ["12-25", "2026-12-26..2026-12-28"],
                },
                10));
        Assert.Equal(
            "every 5 minutes, counted from 2026-12-01 00:00:00 UTC, not on 4 excluded dates or ranges",
            TriggerWords.Of(new TriggerSpec { Every = "PT5M", Anchor = start, Exclude = ["01-01", "01-02", "01-03", "01-04"] }));
        Assert.Equal("once at 2026-12-01 00:00:00.5 UTC", TriggerWords.Of(new TriggerSpec { At = start.AddMilliseconds(500) }));
        Assert.Equal(
            "at minute 0 of every hour, Asia/Kolkata", TriggerWords.Of(new TriggerSpec { Cron = "@hourly", Zone = "Asia/Kolkata" }));
    }

    [Theory]
    [InlineData("61 * * * *")]
    [InlineData("nonsense")]
    public void Of_WhatCannotBeRead_IsTheExpression(string cron) => Assert.Equal(cron, TriggerWords.Of(new TriggerSpec { Cron = cron }));

    [Fact]
    public void Of_RandomExpression_AReaderOfTheWordsKnowsWhenItFires()
    {
        var cron = Gen.Select(
            Gen.OneOf(Gen.Const("0"), SimpleCronField.Any(0, 59)), SimpleCronField.Any(0, 59), SimpleCronField.Any(0, 23),
            Gen.OneOf(Gen.Const("*"), SimpleCronField.Any(1, 31), Gen.OneOfConst(SpecialDays)),
            Gen.OneOf(Gen.Const("*"), SimpleCronField.Any(1, 12)),
            Gen.OneOf(Gen.Const("*"), SimpleCronField.Any(0, 6), Gen.OneOfConst(SpecialWeekdays)))
            .Select((second, minute, hour, day, month, weekday) => $"{second} {minute} {hour} {day} {month} {weekday}");
        Gen.Select(cron, Gen.Int[0, 4 * 365 * 24 * 60]).Sample(
            (cron, minutes) =>
            {
                if (!Trigger.TryParse(new TriggerSpec { Cron = cron }, out var trigger, out _))
                    return;
                var after = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minutes);
                var words = TriggerWords.Of(new TriggerSpec { Cron = cron });
                var read = new Reader(words);
                foreach (var at in trigger.Between(after, DateTimeOffset.MaxValue).Take(20))
                    Assert.True(read.Matches(at.DateTime), $"'{cron}' fires at {at:u}; the words are '{words}'");
                // The minutes around a fire time are where words that say too much would match.
                var first = trigger.Next(after)!.Value;
                for (var i = -120; i <= 120; i++)
                {
                    foreach (var at in new[] { first.AddSeconds(i), first.AddMinutes(i), first.AddHours(i), first.AddDays(i) })
                    {
                        var fires = trigger.Next(at.AddTicks(-1)) == at;
                        Assert.True(fires == read.Matches(at.DateTime), $"'{cron}' at {at:u}: {fires}; the words are '{words}'");
                    }
                }
            },
            iter: 2000);
    }

    /// <summary>Reads the words, and knows nothing of cron.</summary>
    private sealed class Reader
    {
        private readonly List<Func<DateTime, bool>> _parts = [];
        private string _rest;

        public Reader(string words)
        {
            _rest = words.EndsWith(", UTC", StringComparison.Ordinal) ? words[..^5] : words;
            if (Take(@"at ((?:\d\d:\d\d(?::\d\d)?(?:, | and )?)+)") is { } times)
            {
                var clock = Split(times[0]).Select(t => TimeOnly.Parse(t, CultureInfo.InvariantCulture)).ToHashSet();
                _parts.Add(at => clock.Contains(TimeOnly.FromDateTime(at)));
            }
            else
            {
                Seconds();
                Hours();
            }

            Date();
            Assert.Equal(("", words), (_rest, words));
        }

        public bool Matches(DateTime at) => _parts.All(part => part(at));

        private void Seconds()
        {
            if (Take(@"every (\d+) hours from 00:(\d\d)") is { } everyHours)
                _parts.Add(at => at.Second == 0 && at.Minute == Number(everyHours[1]) && at.Hour % Number(everyHours[0]) == 0);
            else if (Take(@"every (\d+) minutes") is { } everyMinutes)
                _parts.Add(at => at.Second == 0 && at.Minute % Number(everyMinutes[0]) == 0);
            else if (Take("every minute") is not null)
                _parts.Add(at => at.Second == 0);
            else if (Take(@"at minutes? ([\d, tonda]*\d)") is { } minutes)
                _parts.Add(at => at.Second == 0 && Numbers(minutes[0]).Contains(at.Minute));
            else if (Take(@"at seconds? ([\d, tonda]*\d) of every minute") is { } seconds)
                _parts.Add(at => Numbers(seconds[0]).Contains(at.Second));
            else if (Take(@"at seconds? ([\d, tonda]*\d) of minutes? ([\d, tonda]*\d)") is { } both)
                _parts.Add(at => Numbers(both[0]).Contains(at.Second) && Numbers(both[1]).Contains(at.Minute));
            else if (Take(@"every (?:(\d+) seconds|second)") is { } every)
                _parts.Add(at => every[0].Length == 0 || at.Second % Number(every[0]) == 0);
            if (Take(@" in minutes? ([\d, tonda]*\d)") is { } within)
                _parts.Add(at => Numbers(within[0]).Contains(at.Minute));
        }

        private void Hours()
        {
            if (Take(@",? from (\d\d):00 to (\d\d):59") is { } range)
                _parts.Add(at => at.Hour >= Number(range[0]) && at.Hour <= Number(range[1]));
            else if (Take(@",? in hours? ([\d, tonda]*\d)") is { } hours)
                _parts.Add(at => Numbers(hours[0]).Contains(at.Hour));
            else
                Take(" of every hour");
        }

        private void Date()
        {
            Take(",? every day");
            if (Take(@",? on days? ([\d, tonda]*\d)") is { } days)
                _parts.Add(at => Numbers(days[0]).Contains(at.Day));
            else if (Take(@",? on the day (\d+) days? before the last day") is { } before)
                _parts.Add(at => at.Day == LastDay(at) - Number(before[0]));
            else if (Take(@",? on the last day") is not null)
                _parts.Add(at => at.Day == LastDay(at));
            else if (Take(@",? on the last weekday \(Monday to Friday\)") is not null)
                _parts.Add(at => at.Day == Nearest(at, LastDay(at)));
            else if (Take(@",? on the weekday \(Monday to Friday\) nearest to (\d+) days? before the last day") is { } nearLast)
                _parts.Add(at => at.Day == Nearest(at, LastDay(at) - Number(nearLast[0])));
            else if (Take(@",? on the weekday \(Monday to Friday\) nearest to day (\d+)") is { } near)
                _parts.Add(at => at.Day == Nearest(at, Number(near[0])));
            else if (Take(@",? on (the \w+ \w+day)(?= of)") is { } nth)
                Weekday(nth[0]);
            else if (Take(@",? on ((?:[A-Z]\w+day(?: to | and |, )?)+)") is { } weekdays)
                Weekday(weekdays[0]);
            if (Take(@" (?:of|in) ((?:[A-Z][a-z]+(?: to | and |, )?)+)(?=$|, if)") is { } months)
            {
                var list = Values(months[0], Months);
                _parts.Add(at => list.Contains(at.Month));
            }

            Take(" of the month");
            if (Take(", if it is a (.*)") is { } plain)
                Weekday(plain[0]);
            else if (Take(", if it is (the .*) of the month") is { } special)
                Weekday(special[0]);
        }

        private void Weekday(string text)
        {
            if (text.Split(' ') is ["the", var which, var day])
            {
                _parts.Add(at => Weekdays[(int)at.DayOfWeek] == day
                    && (which == "last" ? at.Day > LastDay(at) - 7 : Array.IndexOf(Ordinals, which) == (at.Day - 1) / 7));
                return;
            }

            // Sunday is the last day of the week in the words.
            var list = Values(text, [.. Weekdays.Skip(1), Weekdays[0]]);
            _parts.Add(at => list.Contains(((int)at.DayOfWeek + 6) % 7));
        }

        private string[]? Take(string pattern)
        {
            var match = Regex.Match(_rest, @"\A(?:" + pattern + ")", RegexOptions.None, TimeSpan.FromSeconds(1));
            if (!match.Success)
                return null;
            _rest = _rest[match.Length..];
            return [.. match.Groups.Cast<Group>().Skip(1).Select(group => group.Value)];
        }

        private static HashSet<int> Values(string text, string[] names) => [.. Split(text).SelectMany(part => part.Split(" to ") switch
        {
            [var from, var to] => Enumerable.Range(Array.IndexOf(names, from), Array.IndexOf(names, to) - Array.IndexOf(names, from) + 1),
            _ => [Array.IndexOf(names, part)],
        })];

        private static HashSet<int> Numbers(string text) => Values(text, [.. Enumerable.Range(0, 60).Select(i => $"{i}")]);

        private static string[] Split(string text) => text.Split([", ", " and ", " or "], StringSplitOptions.RemoveEmptyEntries);

        private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

        private static int LastDay(DateTime at) => DateTime.DaysInMonth(at.Year, at.Month);

        private static int Nearest(DateTime at, int day)
        {
            if (day < 1 || day > LastDay(at))
                return 0;
            var isWeekday = (int candidate) =>
                new DateTime(at.Year, at.Month, candidate).DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
            return Enumerable.Range(1, LastDay(at)).Where(isWeekday).MinBy(candidate => Math.Abs(candidate - day));
        }
    }
}
