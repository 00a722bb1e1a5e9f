using Fleet.Core.Text;

namespace Fleet.Tests.Schedules;

public sealed class NearestTests
{
    private static readonly string[] Jobs = ["report.daily", "report.weekly", "mail.send", "drain", "a"];

    [Theory]
    [InlineData("report.dayly", "report.daily")]
    [InlineData("REPORT.DAILY", "report.daily")]
    [InlineData("reportdaily", "report.daily")]
    [InlineData("weekly", "report.weekly")]
    [InlineData("mail.sned", "mail.send")]
    [InlineData("drian", "drain")]
    [InlineData("drain", "drain")]
    public void To_Mistyped_ReturnsTheCandidate(string value, string expected) => Assert.Equal(expected, Nearest.To(value, Jobs));

    [Theory]
    [InlineData("")]
    [InlineData("b")]
    [InlineData("invoice.create")]
    public void To_NothingNear_ReturnsNull(string value) => Assert.Null(Nearest.To(value, Jobs));

    [Fact]
    public void To_HugeValue_ReturnsNull() => Assert.Null(Nearest.To(new string('r', 1 << 20), Jobs));
}
