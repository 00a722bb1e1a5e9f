using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

/// <summary>GET /api/v1/workers, and POST /workers/{id}/drain and /resume.</summary>
public sealed class DrainWorkersTests
{
    [Fact]
    public async Task Drain_FinishesItsRunsAndTakesNoMore_ResumeTakesAgain()
    {
        var goOn = new TaskCompletionSource();
        var script = new Script(call => call.Word == "wait" ? goOn.Task : Task.CompletedTask);
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:Lanes:default=4", "Worker:Heartbeat=00:00:00.2"]);
        var running = await fleet.Client.EnqueueAsync(new Scripted("wait"));
        var id = Assert.Single((await GetAsync(fleet, "workers")).Items).GetProperty("id").GetString();
        await Waiting.UntilAsync(async () => (await GetAsync(fleet, $"workers/{id}"))["running"] == "1");
        var active = await GetAsync(fleet, $"workers/{id}");
        Assert.Equal(
            ("active", Environment.MachineName, $"{Environment.ProcessId}"), (active["state"], active["machine"], active["processId"]));
        Assert.Equal("""{"default":1}""", active["busy"]);
        Assert.Equal($"{running}", Assert.Single(active.Json.GetProperty("runs").EnumerateArray()).GetProperty("id").GetString());
        Assert.Contains("test.scripted", active["jobs"], StringComparison.Ordinal);

        var drained = await PostAsync(fleet, $"workers/{id}/drain", """{"reason":"new kernel"}""");

        Assert.Equal((200, "draining", "new kernel"), (drained.Status, drained["state"], drained["drainReason"]));
        await Waiting.UntilAsync(async () => (await GetAsync(fleet, "lanes/default"))["workers"] == "0");
        // It says with a heartbeat that it claims nothing any more; a run that comes before may still be claimed.
        await Waiting.UntilAsync(async () =>
        {
            await using var db = fleet.Storage.Read();
            return (await db.Workers.AsNoTracking().SingleAsync()).ReadLaneLoads()["default"].Quiet;
        });
        var waiting = await fleet.Client.EnqueueAsync(new Scripted("next"));
        goOn.SetResult();
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(running)).State);
        await Waiting.UntilAsync(async () => (await GetAsync(fleet, $"workers/{id}"))["state"] == "drained");
        Assert.Equal(1, script.Calls);

        Assert.Equal("active", (await PostAsync(fleet, $"workers/{id}/resume"))["state"]);
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(waiting)).State);
    }

    [Theory]
    [InlineData("workers/01938f3c-0000-7000-8000-000000000000")]
    [InlineData("workers/none")]
    public async Task Workers_Unknown_404(string path)
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));
        Assert.Equal((404, "not_found"), Shown(await GetAsync(fleet, path)));
        Assert.Equal((404, "not_found"), Shown(await PostAsync(fleet, path + "/drain")));
        Assert.Equal((404, "not_found"), Shown(await PostAsync(fleet, path + "/resume")));
    }

    [Fact]
    public async Task Workers_OfAProcessThatHasEnded_AreKnownAndCannotBeDrained()
    {
        using var folder = new TempFolder();
        string id;
        await using (var first = await ScriptedFleet.StartAsync(Script.Of(_ => { }), folder: folder))
            id = Assert.Single((await GetAsync(first, "workers")).Items).GetProperty("id").GetString()!;

        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }), folder: folder);

        Assert.Equal("gone", (await GetAsync(fleet, $"workers/{id}"))["state"]);
        Assert.Equal((409, "worker_gone"), Shown(await PostAsync(fleet, $"workers/{id}/drain")));
        Assert.Equal("gone", (await GetAsync(fleet, "workers")).Items[^1].GetProperty("state").GetString());
    }

    private static (int Status, string? Code) Shown(Answer answer) => (answer.Status, answer["code"]);

    private static async Task<Answer> GetAsync(EmbeddedFleet fleet, string path)
    {
        using var response = await fleet.Http.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative));
        return await Answer.ReadAsync(response);
    }

    private static async Task<Answer> PostAsync(EmbeddedFleet fleet, string path, string? body = null)
    {
        using var content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await fleet.Http.PostAsync(new Uri("/api/v1/" + path, UriKind.Relative), content);
        return await Answer.ReadAsync(response);
    }
}
