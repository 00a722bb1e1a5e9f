using System.Text.Json;
using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

public sealed class ReadAndControlTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    [Fact]
    public async Task List_Pages_ShowEachRunOnceNewestFirst()
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
    public async Task List_Filters_ShowWhatMatches()
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
    public async Task Get_Run_ShowsLogsInPages()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"talk"}}""");
        await Waiting.UntilAsync(async () => (await api.SendAsync("GET", $"/api/v1/runs/{id}/logs")).Items.Count == 3);

        var first = await api.SendAsync("GET", $"/api/v1/runs/{id}/logs?limit=2");
        var last = first.Items[^1].GetProperty("id").GetInt64();
        var second = await api.SendAsync("GET", $"/api/v1/runs/{id}/logs?after={last}");

        Assert.Equal(["one", "two"], first.Items.Select(l => l.GetProperty("message").GetString()));
        Assert.Equal("error", Assert.Single(second.Items).GetProperty("level").GetString());
    }

    [Fact]
    public async Task CancelAndReplay_ThroughTheLifeOfARun_AnswerWhatTheyDid()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");
        var path = $"/api/v1/runs/{id}";

        var tooEarly = await api.SendAsync("POST", path + "/replay");
        Assert.Equal((409, "not_replayable"), (tooEarly.Status, tooEarly["code"]));
        var canceled = await api.SendAsync("POST", path + "/cancel", """{"reason":"no longer needed"}""");
        Assert.Equal((200, "canceled"), (canceled.Status, canceled["result"]));
        Assert.Equal(("canceled", "no longer needed"), await StateAsync(path));
        Assert.Equal("person", (await api.SendAsync("GET", path))["cancelCause"]);
        var twice = await api.SendAsync("POST", path + "/cancel");
        Assert.Equal((409, "already_ended"), (twice.Status, twice["code"]));

        var replayed = await api.SendAsync("POST", path + "/replay");
        Assert.Equal((202, id), (replayed.Status, replayed.Id));
        Assert.Equal(RunState.Succeeded, (await api.Fleet.WaitAsync(id)).State);
        Assert.Equal(("succeeded", ""), await StateAsync(path));
        var again = await api.SendAsync("POST", path + "/replay");
        Assert.Equal((409, "not_replayable"), (again.Status, again["code"]));
        var lineage = (await api.SendAsync("GET", path)).Json.GetProperty("lineage");
        Assert.Equal(
            ("canceled", "no longer needed"),
            (lineage[0].GetProperty("fromState").GetString(), lineage[0].GetProperty("fromError").GetString()));
    }

    [Fact]
    public async Task Cancel_Running_IsRequestedAndShown()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"wait"}}""");
        await Waiting.UntilAsync(() => api.Fleet.IsAsync(id, RunState.Running));

        var answer = await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel");

        Assert.Equal((200, "requested"), (answer.Status, answer["result"]));
        Assert.Equal(RunState.Canceled, (await api.Fleet.WaitAsync(id)).State);
        Assert.Equal(
            "canceled",
            (await api.SendAsync("GET", $"/api/v1/runs/{id}")).Json.GetProperty("attempts")[0].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Schedule_ThroughItsLife_AnswersWhatItIs()
    {
        const string path = "/api/v1/schedules/nightly.report";
        const string body = """
            {"job":"diag.echo","args":{"a":1},"cron":"30 2 * * *","zone":"Europe/Berlin",
             "lane":"default","tags":["t"],"maxAttempts":2}
            """;

        var created = await api.SendAsync("PUT", path, body);
        Assert.Equal(
            (201, "nightly.report", "30 2 * * *", "Europe/Berlin", "running", "api"),
            (created.Status, created["id"], created["cron"], created["zone"], created["status"], created["source"]));
        Assert.NotNull(created["nextFireAt"]);
        Assert.Equal(200, (await api.SendAsync("PUT", path, body)).Status);
        var changed = await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"PT24H"}""");
        Assert.Equal((200, "PT24H", ""), (changed.Status, changed["every"], changed["cron"]));
        Assert.Contains(
            "nightly.report", (await api.SendAsync("GET", "/api/v1/schedules")).Items.Select(s => s.GetProperty("id").GetString()));

        var paused = await api.SendAsync("POST", path + "/pause", """{"reason":"holiday"}""");
        Assert.Equal((200, "paused", "holiday", ""), (paused.Status, paused["status"], paused["statusReason"], paused["nextFireAt"]));
        var triggered = await api.SendAsync("POST", path + "/trigger");
        Assert.Equal(202, triggered.Status);
        Assert.Equal(RunState.Succeeded, (await api.Fleet.WaitAsync(triggered.Id)).State);
        Assert.Equal("nightly.report", (await api.SendAsync("GET", $"/api/v1/runs/{triggered.Id}"))["scheduleId"]);
        Assert.Equal(
            $"{triggered.Id}",
            Assert.Single((await api.SendAsync("GET", "/api/v1/runs?schedule=nightly.report")).Items).GetProperty("id").GetString());
        var resumed = await api.SendAsync("POST", path + "/resume");
        Assert.Equal((200, "running"), (resumed.Status, resumed["status"]));
        Assert.NotEqual("", resumed["nextFireAt"]);

        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
        Assert.Equal(404, (await api.SendAsync("GET", path)).Status);
        Assert.Equal(404, (await api.SendAsync("DELETE", path)).Status);
    }

    [Fact]
    public async Task Schedule_DueSoon_MakesRuns()
    {
        Assert.Equal(
            201, (await api.SendAsync("PUT", "/api/v1/schedules/ticking", """{"job":"diag.echo","args":{"tick":true},"every":"1s"}"""))
            .Status);

        await Waiting.UntilAsync(
            async () => (await api.SendAsync("GET", "/api/v1/runs?schedule=ticking&state=succeeded")).Items.Count >= 2);

        var runs = (await api.SendAsync("GET", "/api/v1/runs?schedule=ticking&state=succeeded")).Items;
        Assert.All(runs, r => Assert.Equal(r.GetProperty("dueAt").GetDateTimeOffset(), r.GetProperty("fireTime").GetDateTimeOffset()));
        Assert.Equal(runs.Count, runs.Select(r => r.GetProperty("fireTime").GetString()).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(204, (await api.SendAsync("DELETE", "/api/v1/schedules/ticking")).Status);
    }

    [Fact]
    public async Task Jobs_Listed_HaveASchemaAndAnExampleThatIsAccepted()
    {
        var jobs = (await api.SendAsync("GET", "/api/v1/jobs")).Items;

        foreach (var name in new[] { "diag.echo", "diag.sleep", "diag.flaky", "diag.fail", "diag.crash", "diag.ledger", "test.ruled" })
        {
            var job = jobs.Single(j => j.GetProperty("name").GetString() == name);
            Assert.Equal(JsonValueKind.Object, job.GetProperty("schema").ValueKind);
            var example = job.GetProperty("example");
            Assert.Equal(name, example.GetProperty("job").GetString());
            var one = await api.SendAsync("GET", "/api/v1/jobs/" + name);
            Assert.Equal((200, job.GetRawText()), (one.Status, one.Text));
            if (name != "diag.crash")
                await api.EnqueueAsync(example.GetRawText());
        }

        var ruled = (await api.SendAsync("GET", "/api/v1/jobs/test.ruled")).Json;
        Assert.Equal(
            ("narrow", 2, "00:00:05", "test.old"),
            (ruled.GetProperty("lane").GetString(), ruled.GetProperty("maxAttempts").GetInt32(), ruled.GetProperty("timeout").GetString(),
                ruled.GetProperty("aliases")[0].GetString()));
    }

    [Fact]
    public async Task Lanes_Listed_CountTheirWork()
    {
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"counted","delay":"PT1H"}""");
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"counted","delay":"PT1H"}""");

        var lanes = (await api.SendAsync("GET", "/api/v1/lanes"))
            .Items.ToDictionary(l => l.GetProperty("name").GetString()!, StringComparer.Ordinal);

        Assert.Equal((2, 0, 0), Numbers(lanes["counted"]));
        Assert.Equal(64, Numbers(lanes["default"]).Slots);
        Assert.Equal(64, Numbers(lanes["narrow"]).Slots);

        static (int Pending, int Running, int Slots) Numbers(JsonElement lane) =>
            (lane.GetProperty("pending").GetInt32(), lane.GetProperty("running").GetInt32(), lane.GetProperty("slots").GetInt32());
    }

    [Theory]
    [InlineData("/health/live", false)]
    [InlineData("/health/ready", true)]
    public async Task Health_Up_SaysSo(string path, bool hasDatabase)
    {
        var answer = await api.SendAsync("GET", path);

        Assert.Equal((200, "UP"), (answer.Status, answer["status"]));
        Assert.Equal(hasDatabase, answer.Json.GetProperty("components").TryGetProperty("database", out _));
    }

    [Fact]
    public async Task Health_DatabaseIsAway_IsAliveAndNotReady()
    {
        using var folder = new TempFolder();
        await using var fleet = await EmbeddedFleet.StartAsync(folder: folder);
        await fleet.Storage.WriteAsync(
            async session =>
            {
                await using var command = session.Transaction.Connection!.CreateCommand();
                command.Transaction = session.Transaction;
                command.CommandText = "ALTER TABLE fleet_leases RENAME TO leases_away";
                return await command.ExecuteNonQueryAsync();
            },
            CancellationToken.None);

        var live = await Answer.ReadAsync(await fleet.Http.GetAsync(new Uri("/health/live", UriKind.Relative)));
        var ready = await Answer.ReadAsync(await fleet.Http.GetAsync(new Uri("/health/ready", UriKind.Relative)));

        Assert.Equal((200, "UP"), (live.Status, live["status"]));
        Assert.Equal((503, "DOWN"), (ready.Status, ready["status"]));
        Assert.Equal("DOWN", ready.Json.GetProperty("components").GetProperty("database").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Schedule_AllFields_AreShownWithWhoAndWhyAndLastStart()
    {
        const string path = "/api/v1/schedules/metadata";
        const string definition = """
            {"job":"test.ruled","every":"1s","anchor":"2026-01-01T00:00:00Z","zone":"Europe/Berlin",
             "startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","exclude":["12-25"],"jitter":"1s",
             "maxOccurrences":1000000,"misfire":"skip","misfireDeadline":"1h","overlap":"queue","labels":{"team":"a"}}
            """;
        Assert.Equal(201, (await api.SendAsync("PUT", path + "?dryRun=true", definition)).Status);
        Assert.Equal(404, (await api.SendAsync("GET", path)).Status);
        Assert.Equal(201, (await api.SendAsync("PUT", path, definition)).Status);
        await Waiting.UntilAsync(async () => (await api.SendAsync("GET", path))["lastStartedAt"] is { Length: > 0 });

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(api.Http.BaseAddress + path[1..] + "/pause"));
        request.Content = System.Net.Http.Json.JsonContent.Create(new { reason = "holiday", until = "2030-01-01T00:00:00Z" });
        request.Headers.Add("X-Fleet-User", "alex");
        var answer = await Answer.ReadAsync(await api.Http.SendAsync(request));

        string?[] Shown(params string[] names) => [.. names.Select(name => answer[name])];
        Assert.Equal(
            ["paused", "holiday", """{"kind":"person","name":"alex","address":"127.0.0.1"}""", "2030-01-01T00:00:00+00:00", "00:00:05"],
            Shown("status", "statusReason", "statusBy", "resumeAt", "timeout"));
        Assert.Equal(
            ["queue", "skip", "1h", "1s", "1000000", """["12-25"]""", """{"team":"a"}"""],
            Shown("overlap", "misfire", "misfireDeadline", "jitter", "maxOccurrences", "exclude", "labels"));
        Assert.StartsWith("2030-01-01T00:00:0", answer["nextFireAt"], StringComparison.Ordinal);

        // A dry run of a change shows it and leaves all as it is.
        var dry = await api.SendAsync("PUT", path + "?dryRun=true", """{"job":"test.ruled","every":"1h"}""");
        Assert.Equal((200, "1h", "paused"), (dry.Status, dry["every"], dry["status"]));
        Assert.Equal("1s", (await api.SendAsync("GET", path))["every"]);
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }

    private async Task<(string? State, string? Error)> StateAsync(string path)
    {
        var run = await api.SendAsync("GET", path);
        return (run["state"], run["error"]);
    }
}
