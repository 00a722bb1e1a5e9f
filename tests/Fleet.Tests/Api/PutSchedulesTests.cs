using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>PUT, GET and DELETE /api/v1/schedules/{id}.</summary>
[Collection(ApiFleet.Shared)]
public sealed class PutSchedulesTests(ApiFleet api)
{
    [Fact]
    public async Task PutSchedule_NewSameAndChanged_AnswersWhatItIs()
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
        var changed = await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"PT24H"}""", ifMatch: created.ETag);
        Assert.Equal((200, "PT24H", ""), (changed.Status, changed["every"], changed["cron"]));
        Assert.Contains(
            "nightly.report", (await api.SendAsync("GET", "/api/v1/schedules")).Items.Select(s => s.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task DeleteSchedule_OnceAndTwice_IsGone()
    {
        const string path = "/api/v1/schedules/short.lived";
        await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"PT24H"}""");

        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
        Assert.Equal(404, (await api.SendAsync("GET", path)).Status);
        Assert.Equal(404, (await api.SendAsync("DELETE", path)).Status);
    }

    [Fact]
    public async Task PutSchedule_DueSoon_MakesRuns()
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
    public async Task PutSchedule_AllFields_AreShownWithWhoAndWhyAndLastStart()
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
        var dry = await api.SendAsync("PUT", path + "?dryRun=true", """{"job":"test.ruled","every":"1h"}""", ifMatch: "*");
        Assert.Equal((200, "1h", "paused"), (dry.Status, dry["every"], dry["status"]));
        Assert.Equal("1s", (await api.SendAsync("GET", path))["every"]);
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }
}
