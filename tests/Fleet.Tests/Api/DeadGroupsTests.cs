using System.Text.Json;
using Fleet.Core.Text;

namespace Fleet.Tests.Api;

/// <summary>Groups of dead letters over HTTP, and what people do to them.</summary>
public sealed class DeadGroupsTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Dead = "/api/v1/dead-letters";

    [Fact]
    public async Task Group_OfDeadLetters_TellsOfThemAndOfTheirArgs()
    {
        for (var i = 0; i < 5; i++)
        {
            await RunAsync("fail");
            await RunAsync("echo");
        }

        var (list, group) = (await api.SendAsync("GET", $"{Dead}/groups?job=test.scripted"), await GroupAsync("?args=true"));

        Assert.Contains(list.Items, g => g.GetProperty("fingerprint").GetString() == group.GetProperty("fingerprint").GetString());
        Assert.Equal("Said to fail.", group.GetProperty("error").GetString());
        Assert.Contains(" at ", group.GetProperty("stack").GetString(), StringComparison.Ordinal);
        Assert.Equal("test.scripted", group.GetProperty("jobs")[0].GetProperty("job").GetString());
        Assert.Equal(24, group.GetProperty("trend").GetArrayLength());
        var args = group.GetProperty("args");
        Assert.True(args.GetProperty("enough").GetBoolean());
        var difference = Assert.Single(args.GetProperty("differences").EnumerateArray());
        Assert.Equal(("word", "fail"), (difference.GetProperty("path").GetString(), difference.GetProperty("value").GetString()));
        Assert.Equal(0, difference.GetProperty("succeeded").GetInt32());
    }

    [Fact]
    public async Task Mute_AGroup_LeavesItOutOfTheListsUntilItIsUnmuted()
    {
        var id = await RunAsync("fail");
        var group = (await GroupAsync()).GetProperty("fingerprint").GetString();

        const string body = """{"until":"2030-01-01T00:00:00Z","reason":"known"}""";
        Assert.Equal(200, (await api.SendAsync("POST", $"{Dead}/groups/{group}/mute", body)).Status);
        Assert.Empty((await api.SendAsync("GET", $"{Dead}/groups?job=test.scripted")).Items);
        Assert.Empty((await api.SendAsync("GET", $"{Dead}?q=tag:grouped")).Items);
        Assert.NotEmpty((await api.SendAsync("GET", $"{Dead}?q=tag:grouped&muted=true")).Items);
        Assert.NotEmpty((await api.SendAsync("GET", $"{Dead}?q=fingerprint:{group}")).Items);
        var muted = Assert.Single((await api.SendAsync("GET", $"{Dead}/groups?job=test.scripted&muted=true")).Items);
        Assert.Equal("known", muted.GetProperty("mute").GetProperty("reason").GetString());
        var letter = await api.SendAsync("GET", $"{Dead}/{id}");
        Assert.Equal("known", letter.Json.GetProperty("mute").GetProperty("reason").GetString());

        Assert.Equal(204, (await api.SendAsync("POST", $"{Dead}/groups/{group}/unmute", "{}")).Status);
        Assert.NotEmpty((await api.SendAsync("GET", $"{Dead}?q=tag:grouped")).Items);
        Assert.Equal((404, "not_found"), Of(await api.SendAsync("POST", $"{Dead}/groups/{group}/unmute", "{}")));
    }

    [Theory]
    [InlineData("{}", "missing_field", "until")]
    [InlineData("""{"until":"2001-01-01T00:00:00Z"}""", "invalid_instant", "until")]
    [InlineData("""{"until":"soon"}""", "invalid_instant", "until")]
    [InlineData("""{"untilNewVersion":"yes"}""", "wrong_type", "untilNewVersion")]
    public async Task Mute_WithoutAnEndToCome_IsRefused(string body, string code, string field)
    {
        var refused = await api.SendAsync("POST", $"{Dead}/groups/v1:0000000000000000/mute", body);

        Assert.Equal((400, code, field), (refused.Status, refused["code"], refused["field"]));
    }

    [Fact]
    public async Task Replay_WithOtherArgs_AnswersWhatDiffersAndKeepsThoseBefore()
    {
        var id = await RunAsync("fail");

        var refused = await api.SendAsync("POST", $"{Dead}/{id}/replay", """{"args":{"word":5}}""");
        var both = await api.SendAsync("POST", $"{Dead}/{id}/replay", """{"args":{},"patch":{}}""");
        var tried = await api.SendAsync("POST", $"{Dead}/{id}/replay?dryRun=true", """{"patch":{"word":"echo"}}""");
        Assert.Equal("failed", (await api.SendAsync("GET", $"/api/v1/runs/{id}"))["state"]);
        var done = await api.SendAsync("POST", $"{Dead}/{id}/replay", """{"patch":{"word":"echo"}}""");
        await api.Fleet.WaitAsync(id);

        Assert.Equal((400, "invalid_argument", "args.word"), (refused.Status, refused["code"], refused["field"]));
        Assert.Equal((400, "args_and_patch"), Of(both));
        Assert.Equal((200, 202), (tried.Status, done.Status));
        foreach (var answer in new[] { tried, done })
        {
            var change = Assert.Single(answer.Json.GetProperty("diff").EnumerateArray());
            Assert.Equal(
                ("word", "fail", "echo"),
                (
                    change.GetProperty("path").GetString(), change.GetProperty("before").GetString(),
                    change.GetProperty("after").GetString()));
        }

        var run = (await api.SendAsync("GET", $"/api/v1/runs/{id}")).Json;
        Assert.Equal("succeeded", run.GetProperty("state").GetString());
        Assert.Equal("fail", run.GetProperty("lineage")[0].GetProperty("fromArgs").GetProperty("word").GetString());
        Assert.Equal((404, "not_dead"), Of(await api.SendAsync("POST", $"{Dead}/{id}/replay", "{}")));
    }

    [Fact]
    public async Task Discard_NeedsAReason_AndLeavesTheRunFailed()
    {
        var id = await RunAsync("fail");

        Assert.Equal((400, "missing_field"), Of(await api.SendAsync("POST", $"{Dead}/{id}/discard", """{"reason":" "}""")));
        Assert.Equal(200, (await api.SendAsync("POST", $"{Dead}/{id}/discard", """{"reason":"of no use"}""")).Status);

        var gone = await api.SendAsync("GET", $"{Dead}/{id}");
        var run = await api.SendAsync("GET", $"/api/v1/runs/{id}");
        Assert.Equal((404, "not_dead"), Of(gone));
        Assert.Contains("of no use", gone["detail"], StringComparison.Ordinal);
        Assert.Equal(("failed", "of no use"), (run["state"], run["discardReason"]));
    }

    [Fact]
    public async Task Import_OfAnExport_MakesOneRunEach()
    {
        var id = await RunAsync("fail", """["exported"]""");
        var items = (await api.SendAsync("GET", $"{Dead}/export?q=tag:exported")).Json.GetProperty("items").GetRawText();

        var tried = await api.SendAsync("POST", $"{Dead}/import?dryRun=true", $$"""{"runs":{{items}}}""");
        var first = await api.SendAsync("POST", $"{Dead}/import", $$"""{"runs":{{items}}}""");
        var again = await api.SendAsync("POST", $"{Dead}/import", $$"""{"runs":{{items}}}""");
        var bad = await api.SendAsync("POST", $"{Dead}/import", """{"runs":[{"id":"x","job":"test.scripted","args":{"word":1}}]}""");

        Assert.Equal((200, 1, 0), (tried.Status, Int(tried, "imported"), Int(tried, "known")));
        Assert.Equal((202, 1, 0), (first.Status, Int(first, "imported"), Int(first, "known")));
        Assert.Equal((202, 0, 1), (again.Status, Int(again, "imported"), Int(again, "known")));
        Assert.Equal(first.Json.GetProperty("ids")[0].GetString(), again.Json.GetProperty("ids")[0].GetString());
        Assert.NotEqual($"{id}", first.Json.GetProperty("ids")[0].GetString());
        Assert.Equal(
            ["runs[0].id", "runs[0].args.word"],
            bad.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!));
    }

    private static (int, string?) Of(Answer answer) => (answer.Status, answer["code"]);

    private static int Int(Answer answer, string name) => answer.Json.GetProperty(name).GetInt32();

    private async Task<JsonElement> GroupAsync(string query = "")
    {
        var letter = (await api.SendAsync("GET", $"{Dead}?q=tag:grouped&muted=true&limit=1")).Items[0];
        var print = letter.GetProperty("fingerprint").GetString()!;
        Assert.True(Fingerprint.IsWellFormed(print));
        return (await api.SendAsync("GET", $"{Dead}/groups/{print}{query}")).Json;
    }

    private async Task<RunId> RunAsync(string word, string tags = """["grouped"]""")
    {
        var id = await api.EnqueueAsync($$"""{"job":"test.scripted","args":{"word":"{{word}}"},"tags":{{tags}}}""");
        await api.Fleet.WaitAsync(id);
        return id;
    }
}
