using Fleet.Core.Runs;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Api;

/// <summary>POST /api/v1/lanes/{lane}/pause and /resume, embedded.</summary>
public sealed class PauseLanesTests
{
    [Fact]
    public async Task Pause_RunningGoesOnAndWaitingWaits_ResumeStartsThemAtOnce()
    {
        var goOn = new TaskCompletionSource();
        var script = new Script(call => call.Word == "wait" ? goOn.Task : Task.CompletedTask);
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:Lanes:default=4", "Scheduler:Rescue=00:00:00.1"]);
        var api = new Caller(fleet);
        var running = await fleet.Client.EnqueueAsync(new Scripted("wait"));
        await Waiting.UntilAsync(() => fleet.IsAsync(running, RunState.Running));

        var paused = await api.SendAsync("POST", "lanes/default/pause", """{"reason":"moving the mail server"}""");

        Assert.Equal(200, paused.Status);
        Assert.Equal("moving the mail server", paused.Json.GetProperty("paused").GetProperty("reason").GetString());
        await api.UntilConfirmedAsync("default");
        var waiting = await fleet.Client.EnqueueManyAsync(Enumerable.Range(0, 100).Select(i => new Scripted($"{i}")).ToArray());
        await api.UntilAsync("default", lane => lane.GetProperty("ready").GetProperty("value").GetInt32() == 100);
        goOn.SetResult();
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(running)).State);
        // Reconcile looks ten times a second, and finds nothing to do.
        Assert.Equal(0, await fleet.Services.GetRequiredService<Reconcile>().ExecuteAsync(CancellationToken.None));
        Assert.Equal(1, script.Calls);
        Assert.Equal(200, (await api.SendAsync("GET", "/health/ready")).Status);

        var resumed = await api.SendAsync("POST", "lanes/default/resume");

        Assert.Equal(200, resumed.Status);
        foreach (var id in waiting)
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
        Assert.Equal(101, script.Calls);
    }

    [Fact]
    public async Task Pause_HoldsOverARestart_AndForALaneThatDoesNotExistYet_AndEndsByItself()
    {
        using var folder = new TempFolder();
        var script = Script.Of(_ => { });
        RunId waiting;
        await using (var first = await ScriptedFleet.StartAsync(script, settings: ["Worker:Lanes:default=4"], folder: folder))
            Assert.Equal(200, (await new Caller(first).SendAsync("POST", "lanes/later/pause")).Status);

        await using var fleet = await ScriptedFleet.StartAsync(
            script, settings: ["Worker:Lanes:later=4", "Worker:Heartbeat=00:00:00.2"], folder: folder);
        var api = new Caller(fleet);
        waiting = await fleet.Client.EnqueueAsync(new Scripted("a"), new EnqueueOptions { Lane = "later" });
        await api.UntilConfirmedAsync("later");
        await api.UntilAsync("later", lane => lane.GetProperty("ready").GetProperty("value").GetInt32() == 1);
        Assert.Equal(0, script.Calls);

        // Again, with an end: it ends without anybody.
        var until = TimeProvider.System.GetUtcNow().AddSeconds(1).ToString("O");
        Assert.Equal(200, (await api.SendAsync("POST", "lanes/later/pause", $$"""{"until":"{{until}}"}""")).Status);
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(waiting)).State);
        await api.UntilAsync("later", lane => lane.GetProperty("paused").ValueKind == System.Text.Json.JsonValueKind.Null);
    }

    [Fact]
    public async Task Pause_RetryIsDueMeanwhile_Waits()
    {
        var script = new Script(call => call.Number == 1 ? throw new InvalidOperationException("once") : Task.CompletedTask);
        await using var fleet = await ScriptedFleet.StartAsync(
            script, settings: ["Scheduler:Rescue=00:00:00.1"]);
        var api = new Caller(fleet);
        var run = await fleet.Client.EnqueueAsync(new Scripted());
        await Waiting.UntilAsync(async () => (await fleet.FindAsync(run))!.Attempt == 1 && await fleet.IsAsync(run, RunState.Pending));
        await api.SendAsync("POST", "lanes/default/pause");
        await api.UntilConfirmedAsync("default");

        await api.UntilAsync("default", lane => lane.GetProperty("ready").GetProperty("value").GetInt32() == 1);

        Assert.Equal(1, script.Calls);
        await api.SendAsync("POST", "lanes/default/resume");
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(run)).State);
    }

    [Theory]
    [InlineData("lanes/A%20b/pause", "{}", 400, "invalid_lane")]
    [InlineData("lanes/control/pause", "{}", 400, "invalid_lane")]
    [InlineData("lanes/default/pause", """{"until":"2001-01-01T00:00:00Z"}""", 400, "invalid_instant")]
    [InlineData("lanes/default/pause", """{"until":"9999-12-31T00:00:00Z"}""", 400, "invalid_instant")]
    [InlineData("lanes/default/pause", """{"untill":"9999-12-31T00:00:00Z"}""", 400, "unknown_field")]
    [InlineData("lanes/nobody.knows/resume", "", 404, "not_found")]
    public async Task Pause_Bad_SaysWhy(string path, string body, int status, string code)
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));
        var answer = await new Caller(fleet).SendAsync("POST", path, body);
        Assert.Equal((status, code), (answer.Status, answer["code"]));
    }

    [Fact]
    public async Task Pause_IfMatch_OfAnotherVersion_412()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));
        var api = new Caller(fleet);
        var before = await api.SendAsync("GET", "lanes/default");
        var paused = await api.SendAsync("POST", "lanes/default/pause", "", before.ETag);
        Assert.Equal(200, paused.Status);

        var refused = await api.SendAsync("POST", "lanes/default/resume", "", before.ETag);

        Assert.Equal((412, "precondition_failed"), (refused.Status, refused["code"]));
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, refused.Json.GetProperty("current").GetProperty("paused").ValueKind);
        Assert.Equal(200, (await api.SendAsync("POST", "lanes/default/resume", "", paused.ETag)).Status);
    }

    /// <summary>Somebody who read the lane before a pause did not see what happened since, even when it is resumed again.</summary>
    [Fact]
    public async Task Resume_AfterAPause_IsAnotherVersionThanBefore()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));
        var api = new Caller(fleet);
        var before = await api.SendAsync("GET", "lanes/default");
        await api.SendAsync("POST", "lanes/default/pause");
        var resumed = await api.SendAsync("POST", "lanes/default/resume");

        var refused = await api.SendAsync("POST", "lanes/default/pause", "", before.ETag);

        Assert.Equal((412, "precondition_failed"), (refused.Status, refused["code"]));
        Assert.NotEqual(before["version"], resumed["version"]);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, resumed.Json.GetProperty("paused").ValueKind);
        Assert.Equal(resumed["version"], (await api.SendAsync("POST", "lanes/default/resume"))["version"]);
        Assert.Equal(200, (await api.SendAsync("POST", "lanes/default/pause", "", resumed.ETag)).Status);
    }

    private sealed class Caller(EmbeddedFleet fleet)
    {
        public async Task<Answer> SendAsync(string method, string path, string body = "", string? ifMatch = null)
        {
            var url = new Uri(fleet.Http.BaseAddress!, path[0] == '/' ? path : "/api/v1/" + path);
            using var request = new HttpRequestMessage(new HttpMethod(method), url);
            if (body.Length > 0)
                request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            using var response = await fleet.Http.SendAsync(request);
            return await Answer.ReadAsync(response);
        }

        public Task UntilConfirmedAsync(string lane) => UntilAsync(
            lane, l => l.GetProperty("paused").GetProperty("unconfirmedWorkers").GetInt32() == 0);

        public Task UntilAsync(string lane, Predicate<System.Text.Json.JsonElement> isSo) =>
            Waiting.UntilAsync(async () => isSo((await SendAsync("GET", $"lanes/{lane}")).Json));
    }
}
