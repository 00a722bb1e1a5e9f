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
        Assert.All(page.Items, item => Assert.Equal(2, item.GetProperty("args").GetProperty("n").GetInt32()));
        Assert.True(page.Json.GetProperty("scanned").GetProperty("complete").GetBoolean());
        Assert.Equal(JsonValueKind.Null, page.Json.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task List_ParameterAndQuery_BothMustMatch()
    {
        await EnqueueAsync("west", 1, lane: "west-lane");
        await EnqueueAsync("west", 2);

        var page = await api.SendAsync("GET", $"{Runs}?q=tag:west&lane=west-lane");

        Assert.Equal(1, Assert.Single(page.Items).GetProperty("args").GetProperty("n").GetInt32());
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

    private static string? IdOf(JsonElement item) => item.GetProperty("id").GetString();

    private Task<RunId> EnqueueAsync(string tag, int n, string lane = "default") =>
        api.EnqueueAsync($$"""{"job":"diag.echo","args":{"n":{{n}}},"tags":["{{tag}}"],"lane":"{{lane}}"}""");
}
