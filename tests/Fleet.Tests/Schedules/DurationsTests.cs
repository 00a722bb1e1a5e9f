using CsCheck;
using Fleet.Core.Text;

namespace Fleet.Tests.Schedules;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("15s", "00:00:15")]
    [InlineData("5m", "00:05:00")]
    [InlineData("2h", "02:00:00")]
    [InlineData("1d", "1.00:00:00")]
    [InlineData("2w", "14.00:00:00")]
    [InlineData("250ms", "00:00:00.250")]
    [InlineData("1h30m", "01:30:00")]
    [InlineData("1.5h", "01:30:00")]
    [InlineData(" 5m ", "00:05:00")]
    [InlineData("0s", "00:00:00")]
    [InlineData("-5m", "-00:05:00")]
    [InlineData("PT5M", "00:05:00")]
    [InlineData("PT0.5S", "00:00:00.5")]
    [InlineData("P1DT2H3M4S", "1.02:03:04")]
    [InlineData("P2W", "14.00:00:00")]
    [InlineData("-PT5M", "-00:05:00")]
    [InlineData("00:05:00", "00:05:00")]
    [InlineData("1.12:00:00", "1.12:00:00")]
    [InlineData("36:00:00", "1.12:00:00")]
    [InlineData("00:00:01.5", "00:00:01.5")]
    [InlineData("-00:00:05", "-00:00:05")]
    public void TryParse_Duration_ReturnsItsLength(string text, string expected)
    {
        Assert.True(Durations.TryParse(text, out var value));
        Assert.Equal(TimeSpan.Parse(expected), value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("-")]
    [InlineData("--5m")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("5x")]
    [InlineData("5 m")]
    [InlineData("30m1h")]
    [InlineData("1h1h")]
    [InlineData("1.2.3s")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("P1M")]
    [InlineData("P1Y")]
    [InlineData("PT5")]
    [InlineData("P5S")]
    [InlineData("00:05")]
    [InlineData("00:60:00")]
    [InlineData("00:00:60")]
    [InlineData("1.24:00:00")]
    [InlineData("00:00:05:00")]
    [InlineData(":::")]
    [InlineData("::")]
    [InlineData("-00:-00:05")]
    [InlineData("٥m")]
    [InlineData("99999999999w")]
    [InlineData("99999999999999999999999999999w")]
    [InlineData("9999999999.00:00:00")]
    [InlineData("PT79228162514264337593543950335S")]
    public void TryParse_NotADuration_ReturnsFalse(string? text) => Assert.False(Durations.TryParse(text, out _));

    [Fact]
    public void TryParse_MegabyteOfDigits_ReturnsFalse() => Assert.False(Durations.TryParse(new string('9', 1 << 20) + "s", out _));

    [Fact]
    public void TryParse_AnyText_NeverThrows() =>
        Gen.String[Gen.Char["0123456789.:-+PTWDHMSwdhms \0é"], 0, 40].Sample(
            text => Durations.TryParse(text, out var value) || value == TimeSpan.Zero, iter: 20_000);
}
