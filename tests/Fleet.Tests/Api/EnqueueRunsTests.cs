using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Diagnostics;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

public sealed class EnqueueRunsTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    [Fact]
    public async Task Enqueue_AllOptions_AnswersTheIdAndStoresThem()
    {
        var body = """
            {"job":"diag.echo","args":{"a":[1,{"b":null}]},"lane":"narrow","delay":"PT1H",
             "tags":["x","ü"],"maxAttempts":7,"idempotencyKey":"all"}
            """;

        var answer = await api.SendAsync("POST", "/api/v1/runs", body);

        Assert.Equal((202, $"/api/v1/runs/{answer.Id}"), (answer.Status, answer.Location));
        var run = await api.SendAsync("GET", answer.Location!);
        Assert.Equal(200, run.Status);
        Assert.Equal(
            ("diag.echo", "narrow", "pending", "0", "7", "all", """{"a":[1,{"b":null}]}""", """["x","ü"]"""),
            (run["job"], run["lane"], run["state"], run["attempt"], run["maxAttempts"], run["idempotencyKey"], run["args"], run["tags"]));
        Assert.Equal(
            TimeSpan.FromHours(1),
            run.Json.GetProperty("dueAt").GetDateTimeOffset() - run.Json.GetProperty("createdAt").GetDateTimeOffset());
    }

    [Theory]
    [InlineData("00:00:30")]
    [InlineData("PT30S")]
    public async Task Enqueue_Delay_IsUnderstoodInBothForms(string delay)
    {
        var id = await api.EnqueueAsync($$"""{"job":"diag.echo","delay":"{{delay}}"}""");

        var run = (await api.Fleet.FindAsync(id))!;
        Assert.Equal(TimeSpan.FromSeconds(30), run.DueAt - run.CreatedAt);
    }

    [Fact]
    public async Task Enqueue_RunAtInThePast_IsDueNow()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","runAt":"2001-01-01T00:00:00+05:00"}""");

        var run = (await api.Fleet.FindAsync(id))!;
        Assert.Equal(run.CreatedAt, run.DueAt);
        Assert.Equal(RunState.Succeeded, (await api.Fleet.WaitAsync(id)).State);
    }

    [Fact]
    public async Task Enqueue_ArgsAtTheLimit_IsAccepted()
    {
        var text = new string('x', (256 * 1024) - """{"a":""}""".Length);

        var id = await api.EnqueueAsync($$"""{"job":"diag.echo","args":{"a":"{{text}}" },"delay":"PT1H"}""");

        Assert.Equal(256 * 1024, (await api.Fleet.FindAsync(id))!.Args.Length);
    }

    [Fact]
    public async Task Enqueue_Alias_StoresTheJobsName()
    {
        var id = await api.EnqueueAsync("""{"job":"test.old","delay":"PT1H","args":{"word":""}}""");

        Assert.Equal("test.ruled", (await api.Fleet.FindAsync(id))!.Job);
    }

    [Fact]
    public async Task EnqueueBatch_Accepted_AnswersTheIdsInOrder()
    {
        var runs = string.Join(",", Enumerable.Range(0, 1000).Select(i => $$"""{"job":"diag.echo","args":{"n":{{i}} },"delay":"PT1H"}"""));

        var answer = await api.SendAsync("POST", "/api/v1/runs/batch", $$"""{"runs":[{{runs}}]}""");

        Assert.Equal(202, answer.Status);
        var ids = answer.Json.GetProperty("ids").EnumerateArray().Select(e => e.GetString()!).ToList();
        Assert.Equal(1000, ids.Distinct(StringComparer.Ordinal).Count());
        foreach (var i in new[] { 0, 1, 500, 999 })
            Assert.Equal($"{{\"n\":{i}}}", (await api.SendAsync("GET", "/api/v1/runs/" + ids[i]))["args"]);
    }

    [Fact]
    public async Task EnqueueBatch_OneKeyConflicts_StoresNone()
    {
        await api.EnqueueAsync("""{"job":"diag.echo","args":{"n":1},"idempotencyKey":"batch"}""");
        var before = await api.CountAsync();

        var answer = await api.SendAsync(
            "POST", "/api/v1/runs/batch", """{"runs":[{"job":"diag.echo"},{"job":"diag.echo","args":{"n":2},"idempotencyKey":"batch"}]}""");

        Assert.Equal((409, "idempotency_conflict"), (answer.Status, answer["code"]));
        Assert.Equal(before, await api.CountAsync());
    }

    [Fact]
    public async Task Enqueue_HundredAtOnceWithOneKey_MakeOneRun()
    {
        const string body = """{"job":"diag.echo","args":{"order":4711}}""";
        var before = await api.CountAsync();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => api.SendAsync("POST", "/api/v1/runs", body, key: "order-4711")));

        Assert.All(answers, a => Assert.Equal(202, a.Status));
        var id = Assert.Single(answers.Select(a => a.Id).Distinct());
        Assert.Equal(before.Runs + 1, (await api.CountAsync()).Runs);
        Assert.Equal(RunState.Succeeded, (await api.Fleet.WaitAsync(id)).State);
        Assert.Equal(id, (await api.SendAsync("POST", "/api/v1/runs", body, key: "order-4711")).Id);

        foreach (var other in new[] { """{"job":"diag.echo","args":{"order":4712}}""", """{"job":"diag.ledger","args":{"key":"x"}}""",
            """{"job":"diag.echo","args":{"order":4711},"maxAttempts":2}""" })
        {
            var conflict = await api.SendAsync("POST", "/api/v1/runs", other, key: "order-4711");
            Assert.Equal((409, "idempotency_conflict", "Idempotency-Key"), (conflict.Status, conflict["code"], conflict["field"]));
            Assert.Contains($"{id}", conflict["detail"], StringComparison.Ordinal);
        }

        Assert.Equal(before.Runs + 1, (await api.CountAsync()).Runs);
    }

    [Fact]
    public async Task Enqueue_HundredAtOnceWithOneKeyAndTwoBodies_OneBodyWins()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(
            i => api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","args":{"n":""" + $"{i % 2}}}}}", key: "contested")));

        Assert.Equal(50, answers.Count(a => a.Status == 202));
        Assert.Equal(50, answers.Count(a => a.Status == 409));
        Assert.Single(answers.Where(a => a.Status == 202).Select(a => a.Id).Distinct());
    }

    /// <summary>As docs/api.md says: by a tag, or by the ids.</summary>
    [Fact]
    public async Task EnqueueBatch_ThenCountedByItsTag_TellsWhenItHasEnded()
    {
        var since = TimeProvider.System.GetUtcNow().AddSeconds(-1).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var batch = await api.SendAsync(
            "POST", "/api/v1/runs/batch",
            """
            {"runs":[{"job":"diag.echo","tags":["batch-7"]},{"job":"diag.fail","args":{"retryable":false},"tags":["batch-7"]},
                {"job":"diag.echo","tags":["batch-7"],"delay":"1h"}]}
            """);
        string[] ids = [.. batch.Json.GetProperty("ids").EnumerateArray().Select(id => id.GetString()!)];

        var counted = await CountAsync($"tag:batch-7 since:{since}", scheduled: 1);
        Assert.Equal((1, 1), (Of(counted, "succeeded"), Of(counted, "failed")));
        Assert.True(counted.GetProperty("scanned").GetProperty("complete").GetBoolean());
        Assert.Equal(200, (await api.SendAsync("POST", $"/api/v1/runs/{ids[2]}/cancel")).Status);
        Assert.Equal(1, Of(await CountAsync($"id:{string.Join(',', ids)}", scheduled: 0), "canceled"));

        // Once nothing is ready or running.
        async Task<JsonElement> CountAsync(string query, int scheduled)
        {
            JsonElement found = default;
            await Waiting.UntilAsync(async () =>
            {
                found = (await api.SendAsync("GET", $"/api/v1/runs/count?q={Uri.EscapeDataString(query)}&by=state")).Json;
                return Of(found, "ready") + Of(found, "running") == 0 && Of(found, "scheduled") == scheduled;
            });
            return found;
        }

        static int Of(JsonElement counted, string state) =>
            counted.GetProperty("states").GetProperty(state).GetProperty("value").GetInt32();
    }

    [Fact]
    public async Task Enqueue_QueueIsFull_AnswersRetryAfterAndLosesNothing()
    {
        const int capacity = 10_000;
        var gate = new StorageGate<IReadOnlyList<EnqueueOutcome>>();
        await using var fleet = await EmbeddedFleet.StartAsync(gate.AddTo);
        var tomorrow = new EnqueueOptions { Delay = TimeSpan.FromDays(1) };
        using var closed = gate.Close();

        // One that the flusher holds in its hands, and as many behind it as there is room for.
        var accepted = new List<Task<RunId>> { fleet.Client.EnqueueAsync(new Fail(), tomorrow) };
        await gate.ArrivedAsync();
        while (accepted.Count <= capacity && accepted[^1].Exception is null)
            accepted.Add(fleet.Client.EnqueueAsync(new Fail(), tomorrow));
        using var content = new StringContent("""{"job":"diag.echo","delay":"PT24H"}""", new MediaTypeHeaderValue("application/json"));
        var refused = await Answer.ReadAsync(await fleet.Http.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), content));
        await Assert.ThrowsAsync<FleetBusyException>(() => fleet.Client.EnqueueAsync(new Fail(), tomorrow));
        closed.Dispose();

        Assert.Equal(
            (429, "too_many_requests", "1", "application/problem+json"),
            (refused.Status, refused["code"], refused.RetryAfter, refused.ContentType));
        var ids = await Task.WhenAll(accepted);
        await using var db = fleet.Storage.Read();
        Assert.Equal(capacity + 1, ids.Distinct().Count());
        Assert.Equal(capacity + 1, await db.Runs.CountAsync());
        using var again = new StringContent("""{"job":"diag.echo","delay":"PT24H"}""", new MediaTypeHeaderValue("application/json"));
        Assert.Equal(202, (await Answer.ReadAsync(await fleet.Http.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), again))).Status);
    }
}
