using Fleet.Samples;

namespace Fleet.Tests.Samples;

public sealed class RunReportTests
{
    private static readonly DateTimeOffset From = new(2026, 1, 31, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a;b", "\"a;b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\r\nlines", "\"two\r\nlines\"")]
    public void CsvText_SpecialCharacters_AreQuoted(string value, string cell) => Assert.Equal(cell, RunReport.CsvText(value));

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("  =1+1", "'  =1+1")]
    [InlineData("＝1", "'＝1")]
    [InlineData("\t=1", "\"'\t=1\"")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"")]
    public void CsvText_LooksLikeFormula_GetsApostrophe(string value, string cell) => Assert.Equal(cell, RunReport.CsvText(value));

    [Fact]
    public void ToCsv_OneJob_HasHeadingAndLine()
    {
        var csv = Report("=cmd()").ToCsv();

        Assert.Equal(
            "job,pending,running,succeeded,failed,canceled,success_rate,mean_seconds,p95_seconds,last_error\r\n"
            + "report.daily,0,0,3,1,0,0.75,1.5,2,'=cmd()\r\n",
            csv);
    }

    [Fact]
    public void ToHtml_ErrorWithMarkup_IsEscaped()
    {
        var html = Report("<script>alert('x')</script> & \"more\"").ToHtml();

        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;", html, StringComparison.Ordinal);
    }

    [Fact]
    public void ToHtml_TitleWithMarkup_IsEscaped() =>
        Assert.DoesNotContain("<b>", (Report(null) with { Title = "<b>" }).ToHtml(), StringComparison.Ordinal);

    [Fact]
    public void ToHtml_NoRuns_SaysSo() =>
        Assert.Contains("No runs.", (Report(null) with { Lines = [] }).ToHtml(), StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(19, 19)]
    [InlineData(20, 19)]
    [InlineData(100, 95)]
    public void P95_OneToN_IsNearestRank(int n, double expected) =>
        Assert.Equal(expected, RunReport.P95([.. Enumerable.Range(1, n).Select(i => (double)i)]));

    [Fact]
    public void P95_NoValues_IsNull() => Assert.Null(RunReport.P95([]));

    [Fact]
    public void SuccessRate_OnlyCanceled_IsNull() =>
        Assert.Null(new JobLine("a", new Dictionary<RunState, int> { [RunState.Canceled] = 2 }, null, null, null).SuccessRate);

    private static RunReport Report(string? error) => new(
        "Runs",
        From,
        From.AddDays(1),
        [new JobLine("report.daily", new Dictionary<RunState, int> { [RunState.Succeeded] = 3, [RunState.Failed] = 1 }, 1.5, 2, error)]);
}
