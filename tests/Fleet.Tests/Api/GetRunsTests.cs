using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>GET /api/v1/runs and what belongs to one run.</summary>
[Collection(ApiFleet.Shared)]
public sealed class GetRunsTests(ApiFleet api)
{
    [Fact]
    public async Task ListRuns_Pages_ShowEachRunOnceNewestFirst()
    {
        var ids = new List<string>();
        for (var i = 0; i < 23; i++)
            ids.Add($"{await api.EnqueueAsync("""{"job":"diag.echo","lane":"paged","delay":"PT1H"}""")}");

        var seen = new List<string>();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = await api.SendAsync("GET", "/api/v1/runs?lane=paged&limit=5" + (cursor is null ? "" : "&cursor=" + cursor));
            Assert.Equal(200, page.Status);
            seen.AddRange(page.Items.Select(r => r.GetProperty("id").GetString()!));
            cursor = page["next"] is { Length: > 0 } next ? next : null;
            // Runs that come meanwhile belong before the first page.
            if (++pages == 2)
                await api.EnqueueAsync("""{"job":"diag.echo","lane":"paged","delay":"PT1H"}""");
        }
        while (cursor is not null && pages < 20);

        Assert.Equal(5, pages);
        Assert.Equal(ids.OrderDescending(StringComparer.Ordinal), seen);
    }

    [Fact]
    public async Task ListRuns_Filters_ShowWhatMatches()
    {
        var failed = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"},"lane":"narrow"}""");
        var done = await api.EnqueueAsync("""{"job":"test.scripted","lane":"narrow","args":{"word":""}}""");
        await api.Fleet.WaitAsync(failed);
        await api.Fleet.WaitAsync(done);

        async Task<List<string>> ListAsync(string query) =>
            [.. (await api.SendAsync("GET", "/api/v1/runs?limit=500&" + query)).Items.Select(r => r.GetProperty("id").GetString()!)];

        var dead = await ListAsync("state=failed&job=test.scripted&lane=narrow");
        Assert.Contains($"{failed}", dead);
        Assert.DoesNotContain($"{done}", dead);
        Assert.Contains($"{done}", await ListAsync("state=succeeded"));
        Assert.Empty(await ListAsync("job=test.needy&lane=narrow"));
        Assert.Empty(await ListAsync("lane=nowhere"));
    }

    [Fact]
    public async Task GetRun_Ended_NamesItsWorkersAsPeopleDo()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"},"maxAttempts":1}""");
        await api.Fleet.WaitAsync(id);

        var run = await api.SendAsync("GET", $"/api/v1/runs/{id}");

        var name = $"{Environment.MachineName}/{Environment.ProcessId}";
        Assert.Equal(name, run["workerName"]);
        Assert.Equal(name, run.Json.GetProperty("attempts")[0].GetProperty("workerName").GetString());
    }

    [Fact]
    public async Task GetRunLogs_OfARun_AreShownInPages()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"talk"}}""");
        await Waiting.UntilAsync(async () => (await api.SendAsync("GET", $"/api/v1/runs/{id}/logs")).Items.Count == 3);

        var first = await api.SendAsync("GET", $"/api/v1/runs/{id}/logs?limit=2");
        var last = first.Items[^1].GetProperty("id").GetInt64();
        var second = await api.SendAsync("GET", $"/api/v1/runs/{id}/logs?after={last}");

        Assert.Equal(["one", "two"], first.Items.Select(l => l.GetProperty("message").GetString()));
        Assert.Equal("error", Assert.Single(second.Items).GetProperty("level").GetString());
    }
}
