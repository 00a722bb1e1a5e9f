using Fleet.Samples;

namespace Fleet.Tests.Samples;

public sealed class RetryDeadLettersTests
{
    [Theory]
    [InlineData("*", true)]
    [InlineData("orders.*", true)]
    [InlineData("orders.import", true)]
    [InlineData("orders.impor?", true)]
    [InlineData("*.import", true)]
    [InlineData("orders", false)]
    [InlineData("Orders.Import", false)]
    [InlineData("orders?import?", false)]
    [InlineData("mail.*", false)]
    public void Matches_JobPattern(string pattern, bool expected) =>
        Assert.Equal(expected, new RetryDeadLetters(pattern).Matches("orders.import", "any"));

    [Theory]
    [InlineData(null, null, true)]
    [InlineData(null, "boom", true)]
    [InlineData("timed out", "The call TIMED OUT.", true)]
    [InlineData("timed out", "boom", false)]
    [InlineData("timed out", null, false)]
    public void Matches_ErrorText(string? contains, string? error, bool expected) =>
        Assert.Equal(expected, new RetryDeadLetters("*", contains).Matches("orders.import", error));

    [Fact]
    public void Check_Defaults_AreAllowed() => Assert.Null(new RetryDeadLetters("*").Check());

    [Fact]
    public void Check_OutOfRange_NamesTheArgument()
    {
        Assert.StartsWith("job:", new RetryDeadLetters("").Check(), StringComparison.Ordinal);
        Assert.StartsWith("maxReplays:", new RetryDeadLetters("*", MaxReplays: 0).Check(), StringComparison.Ordinal);
        Assert.StartsWith("minAgeSeconds:", new RetryDeadLetters("*", MinAgeSeconds: -1).Check(), StringComparison.Ordinal);
        Assert.StartsWith("limit:", new RetryDeadLetters("*", Limit: 10_001).Check(), StringComparison.Ordinal);
    }
}
