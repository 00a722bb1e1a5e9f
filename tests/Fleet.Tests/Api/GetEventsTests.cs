using System.Net;
using System.Text;
using System.Text.Json;
using Fleet.Client;
using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>GET /api/v1/events and /findings, over a real connection.</summary>
[Collection(ApiFleet.Shared)]
public sealed class GetEventsTests(ApiFleet api)
{
    private const string Path = "/api/v1/events";

    [Fact]
    public async Task Events_Headers_KeepProxiesFromHoldingThemBack()
    {
        using var stream = await OpenAsync(api.Http);

        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-store", stream.Response.Headers.CacheControl?.ToString());
        Assert.Equal("no", Assert.Single(stream.Response.Headers.GetValues("X-Accel-Buffering")));
        Assert.Empty(stream.Response.Content.Headers.ContentEncoding);
        Assert.Equal("retry: 2000", (await stream.NextAsync())[0]);
    }

    [Fact]
    public async Task Events_TwoListeners_GetTheSameBytes()
    {
        using var one = await OpenAsync(api.Http);
        using var other = await OpenAsync(api.Http);
        var first = await one.NextAsync("figures");
        await other.NextAsync("figures");

        // Those that both have seen, by their ids.
        var (ofOne, ofOther) = (await one.CollectAsync(3), await other.CollectAsync(3));

        var common = ofOne.Keys.Intersect(ofOther.Keys).ToList();
        Assert.NotEmpty(common);
        Assert.All(common, id => Assert.Equal(ofOne[id], ofOther[id]));
        Assert.Contains("\"running\":", first[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_LastEventId_GoesOnWhereItWas()
    {
        string id;
        using (var before = await OpenAsync(api.Http))
            id = (await before.NextAsync("figures"))[0]["id: ".Length..];
        var run = await api.EnqueueAsync("""{"job":"diag.echo","args":{},"delay":"1h"}""");

        using var after = await OpenAsync(api.Http, lastEventId: id);
        // Runs of other tests may change, too.
        while (!(await after.NextAsync("changes"))[2].Contains(run.ToString(), StringComparison.Ordinal))
        {
        }

        Assert.DoesNotContain(after.Seen, frame => frame.Contains("event: resync"));
        using var foreign = await OpenAsync(api.Http, lastEventId: "a-1");
        Assert.Contains("\"reason\":", (await foreign.NextAsync("resync"))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_OfARun_TellItsStatesToItsEnd()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}""");

        var states = new List<string>();
        await foreach (var run in new LiveEventStream(() => api.Http, TimeProvider.System).FollowAsync(id).WithCancellation(Limit.Token))
            states.Add(run.State);

        Assert.Equal("failed", states[^1]);
    }

    [Theory]
    [InlineData("?topics=all", 400, "invalid_topics")]
    [InlineData("?topics=figures,", 400, "invalid_topics")]
    [InlineData("?run=x", 400, "invalid_run")]
    [InlineData("?run=00000000-0000-7000-8000-000000000000", 404, "not_found")]
    [InlineData("?run=019a0000-0000-7000-8000-000000000000", 404, "not_found")]
    [InlineData("?since=1h", 400, "unknown_parameter")]
    public async Task Events_BadInput_IsRefused(string query, int status, string code)
    {
        var answer = await api.SendAsync("GET", Path + query);

        Assert.Equal((status, code), (answer.Status, answer["code"]));
    }

    [Fact]
    public async Task Events_MoreRunsThanAllowed_AreRefused()
    {
        var ids = string.Join(',', Enumerable.Range(0, 21).Select(_ => RunId.New(TimeProvider.System.GetUtcNow())));

        Assert.Equal("invalid_run", (await api.SendAsync("GET", $"{Path}?run={ids}"))["code"]);
    }

    [Fact]
    public async Task Findings_RunsWithoutAWorker_AreTold()
    {
        await api.EnqueueAsync("""{"job":"diag.echo","args":{},"lane":"unmanned"}""");
        await api.Fleet.Storage.WriteAsync(
            async session =>
            {
                var run = session.Db.Runs.Single(r => r.Lane == "unmanned");
                run.DueAt = run.DueAt.AddMinutes(-1);
                session.Db.Update(run);
                return await session.Db.SaveChangesAsync();
            },
            CancellationToken.None);

        JsonElement finding = default;
        await Waiting.UntilAsync(async () =>
        {
            finding = (await api.SendAsync("GET", "/api/v1/findings")).Items.FirstOrDefault(
                f => f.GetProperty("sentence").GetString()!.Contains("Lane unmanned:", StringComparison.Ordinal));
            return finding.ValueKind == JsonValueKind.Object;
        });
        Assert.Equal(
            ("error", "lane_without_worker", "lanes"),
            (finding.GetProperty("severity").GetString(), finding.GetProperty("code").GetString(),
                finding.GetProperty("link").GetString()));
        using var stream = await OpenAsync(api.Http, topics: "figures");
        while (!(await stream.NextAsync("figures"))[2].Contains("Lane unmanned:", StringComparison.Ordinal))
        {
        }
    }

    [Fact]
    public async Task Stop_WhileARunDrains_EndsTheStream()
    {
        var script = new Script(call => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Token));
        var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:Drain=00:00:04"]);
        using var stream = await OpenAsync(fleet.Http);
        await stream.NextAsync("figures");
        var run = await fleet.Client.EnqueueAsync(new Scripted("wait"));
        await Waiting.UntilAsync(() => fleet.IsAsync(run, RunState.Running));

        var stop = Task.Run(async () => await fleet.StopAsync());
        while (await stream.TryNextAsync() is not null)
        {
        }

        // The handler still runs: the stream did not wait for it.
        Assert.True(await fleet.IsAsync(run, RunState.Running));
        Assert.False(stop.IsCompleted);
        await stop;
        await fleet.DisposeAsync();
    }

    private static CancellationTokenSource Limit => new(Waiting.Limit);

    private static async Task<RawStream> OpenAsync(HttpClient http, string? topics = null, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(http.BaseAddress!, Path + (topics is null ? "" : $"?topics={topics}")));
        if (lastEventId is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new RawStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8));
    }

    /// <summary>The stream as it comes, without a client that understands it.</summary>
    private sealed class RawStream(HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public HttpResponseMessage Response => response;

        public List<string[]> Seen { get; } = [];

        public async Task<string[]> NextAsync() => await TryNextAsync() ?? throw new EndOfStreamException();

        public async Task<string[]> NextAsync(string name)
        {
            while (true)
            {
                if (await NextAsync() is var frame && frame.Contains($"event: {name}"))
                    return frame;
            }
        }

        /// <summary>The lines of the next frame; null at the end.</summary>
        public async Task<string[]?> TryNextAsync()
        {
            var lines = new List<string>();
            while (true)
            {
                // A connection that is broken off throws; it is no end.
                var line = await reader.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(Waiting.Limit);
                if (line is null)
                    return null;
                if (line.Length > 0)
                {
                    lines.Add(line);
                    continue;
                }

                Seen.Add([.. lines]);
                return [.. lines];
            }
        }

        /// <summary>So many events by their ids.</summary>
        public async Task<Dictionary<string, string>> CollectAsync(int count)
        {
            var events = new Dictionary<string, string>(StringComparer.Ordinal);
            while (events.Count < count)
            {
                if (await NextAsync() is [var id, _, _] frame)
                    events[id] = string.Join('\n', frame);
            }

            return events;
        }

        public void Dispose()
        {
            reader.Dispose();
            response.Dispose();
        }
    }
}
