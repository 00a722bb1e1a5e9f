namespace Fleet.Tests.Api;

/// <summary>Dead letters over HTTP.</summary>
public sealed class GetDeadLettersTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Dead = "/api/v1/dead-letters";

    [Fact]
    public async Task List_FailedAndOtherRuns_ShowsTheFailedOnes()
    {
        var first = await FailAsync();
        var second = await FailAsync();
        await api.Fleet.WaitAsync(await api.EnqueueAsync("""{"job":"diag.echo","tags":["die"]}"""));

        var page = await api.SendAsync("GET", $"{Dead}?q=tag:die&limit=1");
        var next = await api.SendAsync("GET", $"{Dead}?q=tag:die&limit=1&cursor={page["next"]}");
        var other = await api.SendAsync("GET", $"/api/v1/runs?q=tag:die&cursor={page["next"]}");

        Assert.Equal($"{second}", Assert.Single(page.Items).GetProperty("id").GetString());
        Assert.Equal($"{first}", Assert.Single(next.Items).GetProperty("id").GetString());
        Assert.Equal((400, "cursor_of_another_query"), (other.Status, other["code"]));
    }

    [Theory]
    [InlineData("q=state:failed", "invalid_query", "leave out 'state:'")]
    [InlineData("q=jbo:a", "invalid_query", "did you mean 'job'?")]
    [InlineData("state=failed", "unknown_parameter", "no such parameter")]
    [InlineData("cursor=x", "invalid_cursor", "'next'")]
    [InlineData("limit=501", "invalid_limit", "1–500")]
    public async Task List_WrongParameter_IsRefused(string query, string code, string hint)
    {
        var refused = await api.SendAsync("GET", $"{Dead}?{query}");

        Assert.Equal((400, code), (refused.Status, refused["code"]));
        Assert.Contains(hint, refused["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ADeadLetter_HasArgsErrorStackAndLog()
    {
        var id = await FailAsync();

        var dead = await api.SendAsync("GET", $"{Dead}/{id}");

        var run = dead.Json.GetProperty("run");
        Assert.Equal("fail", run.GetProperty("args").GetProperty("word").GetString());
        Assert.Equal("Said to fail.", run.GetProperty("error").GetString());
        Assert.Contains(" at ", run.GetProperty("attempts")[0].GetProperty("stack").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, dead.Json.GetProperty("log").GetArrayLength());
    }

    [Fact]
    public async Task Get_ARunThatIsNotDead_SaysWhatItIs()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"1h"}""");

        var other = await api.SendAsync("GET", $"{Dead}/{id}");
        var none = await api.SendAsync("GET", $"{Dead}/{RunId.New(DateTimeOffset.UnixEpoch)}");

        Assert.Equal((404, "not_dead"), (other.Status, other["code"]));
        Assert.Contains("pending", other["detail"], StringComparison.Ordinal);
        Assert.Equal((404, "not_found"), (none.Status, none["code"]));
    }

    private async Task<RunId> FailAsync()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"},"tags":["die"]}""");
        await api.Fleet.WaitAsync(id);
        return id;
    }
}
