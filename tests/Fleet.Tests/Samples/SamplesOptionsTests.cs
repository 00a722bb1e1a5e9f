using Fleet.Samples;

namespace Fleet.Tests.Samples;

public sealed class SamplesOptionsTests
{
    [Fact]
    public void Check_GoodValues_FindsNothing() => Assert.Empty(Good().Check());

    [Fact]
    public void Check_NoAddresses_MeansThisProcess() => Assert.Empty(new SamplesOptions { Output = "reports" }.Check());

    [Theory]
    [InlineData(" ")]
    [InlineData("records")]
    [InlineData("ftp://example.com/records")]
    [InlineData("http://user:secret@example.com/")]
    public void Check_BadSource_NamesTheSetting(string source)
    {
        var options = Good();
        options.SourceUrl = source;

        Assert.StartsWith("Fleet:Samples:SourceUrl:", Assert.Single(options.Check()), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_NoOutput_NamesTheSetting()
    {
        var options = Good();
        options.Output = " ";

        Assert.StartsWith("Fleet:Samples:Output:", Assert.Single(options.Check()), StringComparison.Ordinal);
    }

    private static SamplesOptions Good() =>
        new() { ApiBase = "http://localhost:8710/", SourceUrl = "https://example.com/records?kind=a", Output = "reports" };
}
