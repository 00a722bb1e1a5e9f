using CsCheck;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

public sealed class TriggerErrorsTests
{
    [Theory]
    [InlineData("60 * * * *", "cron: the minute field '60' is out of range; allowed is 0-59 with * , - /.")]
    [InlineData("5,60 * * * *", "the minute field '5,60' has '60', which is out of range")]
    [InlineData("5,,6 * * * *", "the minute field '5,,6' has a comma too many")]
    [InlineData("1-2-3 * * * *", "the minute field '1-2-3' has more than one '-'")]
    [InlineData("10-70 * * * *", "the minute field '10-70' has '70', which is out of range")]
    [InlineData("*/60 * * * *", "the minute field '*/60' has the step '60', but a step is a number from 1 to 59")]
    [InlineData("*/0 * * * *", "has the step '0'")]
    [InlineData("*/ * * * *", "has the step ''")]
    [InlineData("* * ?,7 * *", "has '?', which cannot stand in a list; '*' can")]
    [InlineData("*/60,5 * * * *", "has the step '60', but a step is a number from 1 to 59")]
    [InlineData(
        "CRON_TZ=Asia/Tokyo 0 9 * * *",
        "'CRON_TZ=Asia/Tokyo' names a time zone, which has a field of its own; allowed is the expression alone, with zone 'Asia/Tokyo' "
        + "beside it")]
    [InlineData("tz=Asia/Tokyo @daily", "with zone 'Asia/Tokyo' beside it")]
    [InlineData("CRON_TZ=UTC @every 5s", "with zone 'UTC' beside it")]
    [InlineData("005 * * * *", "the minute field '005' is out of range")]
    [InlineData("٥ * * * *", "the minute field '٥' is not a number")]
    [InlineData("* 24 * * *", "the hour field '24' is out of range; allowed is 0-23")]
    [InlineData("* * 0 * *", "the day of month field '0' is out of range; allowed is 1-31")]
    [InlineData("* * 32W * *", "the day of month field '32W' is not a number")]
    [InlineData("* * L,15 * *", "the day of month field 'L,15' has 'L', which cannot stand in a list")]
    [InlineData("* * * 13 *", "the month field '13' is out of range; allowed is 1-12 or JAN-DEC")]
    [InlineData("* * * JANUARY *", "the month field 'JANUARY' is neither a number nor a name such as FEB")]
    [InlineData("* * * * 8", "the day of week field '8' is out of range; allowed is 0-7 or SUN-SAT")]
    [InlineData("* * * * MON#6", "the day of week field 'MON#6' is neither a number nor a name")]
    [InlineData("60 * * * * *", "the second field '60' is out of range")]
    [InlineData("H * * * *", "the minute field 'H' is not a number")]
    [InlineData("* * * *", "'* * * *' has 4 fields; allowed is 5 fields")]
    [InlineData(
        "0 0 12 1 1 * 2027 x",
        "has 8 fields; allowed is 5 fields (minute, hour, day of month, month, day of week), 6 with seconds first, 7 with a year last too")]
    [InlineData("0 0 12 1 1 * 1969", "the year field '1969' is out of range; allowed is 1970-2099 with * , - /")]
    [InlineData("0 0 12 1 1 * 20270", "the year field '20270' is out of range")]
    [InlineData("0 0 12 1 1 * 2030-2028", "the year field '2030-2028' has '2030-2028', which ends before it begins")]
    [InlineData("0 0 12 1 1 * 2030,", "the year field '2030,' has a comma too many")]
    [InlineData("0 0 12 1 1 * */200", "the year field '*/200' has the step '200', but a step is a number from 1 to 130")]
    [InlineData("0 0 12 1 1 * ?", "the year field '?' is not a number")]
    [InlineData("0 0 12 1 1 * next", "the year field 'next' is not a number")]
    [InlineData("", "'' has 0 fields")]
    [InlineData("hello", "'hello' has 1 field;")]
    [InlineData("@dayly", "the macro '@dayly' is not known (did you mean '@daily'?)")]
    [InlineData("@reboot", "the macro '@reboot' is not known")]
    [InlineData("* * * * *\0x", @"the day of week field '*\u0000x' is neither")]
    [InlineData("*\n* * * * *", @"the minute field '*\u000A*' is not a number")]
    [InlineData("\u001b[31m* * * * *", @"the minute field '\u001B[31m*' is not a number")]
    [InlineData("\u202e* * * * *", @"the minute field '\u202E*' is not a number")]
    public void TryParse_WrongCron_NamesTheFieldTheValueAndWhatIsAllowed(string cron, string expected)
    {
        var error = Refused(new TriggerSpec { Cron = cron });
        Assert.Equal("invalid_cron", error.Code);
        Assert.Equal("cron", error.Field);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("cron: ", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Allowed);
    }

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 4,6,9,11 *")]
    [InlineData("0 0 31W FEB *")]
    public void TryParse_DateThatNeverComes_SaysNeverFires(string cron)
    {
        var error = Refused(new TriggerSpec { Cron = cron });
        Assert.Equal(("never_fires", "cron"), (error.Code, error.Field));
        Assert.Contains($"'{cron}' never fires", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_CronTooLong_SaysHowLongAndCutsTheValue()
    {
        var error = Refused(new TriggerSpec { Cron = string.Join(',', Enumerable.Repeat("1", 129)) + " * * * *" });
        Assert.Contains("the expression has 265 characters; allowed is at most 256 characters", error.Message, StringComparison.Ordinal);
        Assert.Equal(100, error.Value!.Length);
    }

    [Theory]
    [InlineData("every", "-5m", "every: the period '-5m' is negative; allowed is 1 s to 3650 days")]
    [InlineData("every", "500ms", "is too short")]
    [InlineData("every", "0s", "is too short")]
    [InlineData("every", "3651d", "is too long")]
    [InlineData("every", "soon", "'soon' is not a duration")]
    [InlineData("cron", "@every", "cron: the period '' is not a duration")]
    [InlineData("cron", "@every 0.5s", "cron: the period '0.5s' is too short")]
    public void TryParse_WrongPeriod_SaysWhyAndWhatIsAllowed(string field, string text, string expected)
    {
        var error = Refused(field == "every" ? new TriggerSpec { Every = text } : new TriggerSpec { Cron = text });
        Assert.Equal(($"invalid_{field}", field), (error.Code, error.Field));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Europe/Berln", "Did you mean 'Europe/Berlin'?")]
    [InlineData("Berlin", "Did you mean 'Europe/Berlin'?")]
    [InlineData("America/NewYork", "Did you mean 'America/New_York'?")]
    [InlineData("UTZ", "Did you mean 'UTC'?")]
    [InlineData("Mars/Olympus_Mons", null)]
    [InlineData("", null)]
    [InlineData("localtime", null)]
    [InlineData("../../etc/passwd", null)]
    [InlineData("a\0b", null)]
    public void TryParse_UnknownZone_NamesItAndSuggests(string zone, string? hint)
    {
        var error = Refused(new TriggerSpec { Cron = "* * * * *", Zone = zone });
        Assert.Equal(("unknown_zone", "zone"), (error.Code, error.Field));
        Assert.Contains("is not a known time zone; allowed is an IANA time zone id", error.Message, StringComparison.Ordinal);
        Assert.Equal(zone.Replace("\0", "\\u0000", StringComparison.Ordinal), error.Value);
        if (hint is null)
            Assert.DoesNotContain("Did you mean", error.Message, StringComparison.Ordinal);
        else
            Assert.EndsWith(hint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_NoneOrSeveralGiven_SaysExactlyOne()
    {
        Assert.Contains("trigger: it is missing; allowed is exactly one", Refused(new TriggerSpec()).Message, StringComparison.Ordinal);
        var error = Refused(new TriggerSpec { Cron = "* * * * *", At = DateTimeOffset.UnixEpoch });
        Assert.Equal(("invalid_trigger", "trigger"), (error.Code, error.Field));
        Assert.Contains("cron and at are given together; allowed is exactly one", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_AnyText_NeverThrowsAndNeverEchoesControlCharacters() =>
        Gen.Select(
            Gen.OneOf(
                Gen.String[Gen.Char["0123456789*/,-?LW# @MONJAeveryhs\t\0\n"], 0, 30],
                Gen.String,
                Gen.String[0, 2000]),
            Gen.Int[0, 2]).Sample(
            (text, kind) =>
            {
                var spec = kind switch
                {
                    0 => new TriggerSpec { Cron = text },
                    1 => new TriggerSpec { Every = text },
                    _ => new TriggerSpec { Cron = "* * * * *", Zone = text },
                };
                return Trigger.TryParse(spec, out _, out var error)
                    || (!error.Message.Any(char.IsControl) && error.Value?.Length <= 100 && !error.Value.Any(char.IsControl));
            },
            iter: 2_000);

    private static InputError Refused(TriggerSpec spec)
    {
        Assert.False(Trigger.TryParse(spec, out var trigger, out var error));
        Assert.Null(trigger);
        return error;
    }
}
