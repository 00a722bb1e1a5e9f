using System.Text.Json;

namespace Fleet.Tests.Api;

/// <summary>Search of runs over HTTP. What each term finds is tested with the storages.</summary>
public sealed class SearchRunsTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Runs = "/api/v1/runs";

    [Theory]
    [InlineData("tag:north%20args.n=2")]
    [InlineData("tag:north+args.n=2")]
    [InlineData("job:diag.*%20tag:%22north%22%20args.n=2%20since:1h")]
    public async Task List_Query_FindsTheRunAndSaysThatItLookedAtAll(string query)
    {
        await EnqueueAsync("north", 1);
        var second = await EnqueueAsync("north", 2);

        var page = await api.SendAsync("GET", $"{Runs}?q={query}&limit=500");

        Assert.Contains(second.ToString(), page.Items.Select(IdOf));
        Assert.True(page.Json.GetProperty("scanned").GetProperty("complete").GetBoolean());
        Assert.Equal(JsonValueKind.Null, page.Json.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task List_ParameterAndQuery_BothMustMatch()
    {
        var both = await EnqueueAsync("west", 1, lane: "west-lane");
        await EnqueueAsync("west", 2);

        var page = await api.SendAsync("GET", $"{Runs}?q=tag:west&lane=west-lane");

        Assert.Equal($"{both}", IdOf(Assert.Single(page.Items)));
    }

    [Fact]
    public async Task List_CursorOfAnotherQuery_IsRefused()
    {
        await EnqueueAsync("east", 1);
        await EnqueueAsync("east", 2);
        var cursor = (await api.SendAsync("GET", $"{Runs}?q=tag:east&limit=1"))["next"];

        Assert.Equal(200, (await api.SendAsync("GET", $"{Runs}?q=%20tag:east%20&limit=2&cursor={cursor}")).Status);
        foreach (var other in new[] { "", "q=tag:east%20job:a&", "q=tag:north&", "lane=a&" })
        {
            var refused = await api.SendAsync("GET", $"{Runs}?{other}cursor={cursor}");
            Assert.Equal((400, "cursor_of_another_query", "cursor"), (refused.Status, refused["code"], refused["field"]));
        }
    }

    [Fact]
    public async Task List_Items_CarryNoLongTexts()
    {
        await EnqueueAsync("slim", 1);

        var item = Assert.Single((await api.SendAsync("GET", $"{Runs}?q=tag:slim%20args.n=1")).Items);

        Assert.Empty(item.EnumerateObject().Select(m => m.Name).Intersect(["args", "output", "error", "stack"], StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("forged")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task List_ForgedCursor_IsRefused(string cursor)
    {
        var refused = await api.SendAsync("GET", $"{Runs}?cursor={cursor}");

        Assert.Equal((400, "invalid_cursor", "cursor"), (refused.Status, refused["code"], refused["field"]));
    }

    [Theory]
    [InlineData("/api/v1/runs?q=jbo:a", "did you mean 'job'?")]
    [InlineData("/api/v1/runs/count?q=jbo:a", "did you mean 'job'?")]
    [InlineData("/api/v1/runs/count?q=state:faild", "did you mean 'failed'?")]
    [InlineData("/api/v1/runs/count?by=job", "one of state")]
    [InlineData("/api/v1/runs/count?limit=5", "there is no such parameter")]
    public async Task ListAndCount_UnknownName_IsRefusedWithTheNearest(string path, string hint)
    {
        var refused = await api.SendAsync("GET", path);

        Assert.Equal(400, refused.Status);
        Assert.Contains(hint, refused["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Count_ByState_SaysHowManyThereAreOfEach()
    {
        var done = await EnqueueAsync("counted", 1);
        await EnqueueAsync("counted", 2, delay: "1h");
        await api.Fleet.WaitAsync(done);

        var plain = await api.SendAsync("GET", $"{Runs}/count?q=tag:counted");
        var divided = await api.SendAsync("GET", $"{Runs}/count?q=tag:counted&by=state");

        Assert.Equal(("2", "eq", ""), (plain["value"], plain["relation"], plain["states"] ?? ""));
        Assert.True(plain.Json.GetProperty("scanned").GetProperty("complete").GetBoolean());
        var states = divided.Json.GetProperty("states").EnumerateObject()
            .ToDictionary(s => s.Name, s => s.Value.GetProperty("value").GetInt32(), StringComparer.Ordinal);
        Assert.Equal(["ready", "scheduled", "running", "succeeded", "failed", "canceled"], states.Keys);
        Assert.Equal((0, 1, 1), (states["ready"], states["scheduled"], states["succeeded"]));
    }

    private static string? IdOf(JsonElement item) => item.GetProperty("id").GetString();

    private Task<RunId> EnqueueAsync(string tag, int n, string lane = "default", string delay = "0s") =>
        api.EnqueueAsync($$"""{"job":"diag.echo","args":{"n":{{n}}},"tags":["{{tag}}"],"lane":"{{lane}}","delay":"{{delay}}"}""");
}
