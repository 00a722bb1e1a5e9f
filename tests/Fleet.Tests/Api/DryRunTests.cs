using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

/// <summary><c>?dryRun=true</c>: the answer of the real request, the same refusals, and not a row changed.</summary>
public sealed class DryRunTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Later = """{"job":"diag.echo","args":{},"delay":"1h","idempotencyKey":"dry-known"}""";

    [Fact]
    public async Task Enqueue_DryRun_ChecksAndStoresNothing()
    {
        var known = await api.EnqueueAsync(Later);
        var before = await SnapshotAsync();

        var fresh = await api.SendAsync("POST", "/api/v1/runs?dryRun=true", """{"job":"diag.echo"}""");
        var again = await api.SendAsync("POST", "/api/v1/runs?dryRun=true", Later);
        var taken = await api.SendAsync("POST", "/api/v1/runs?dryRun=true", """{"job":"diag.echo","idempotencyKey":"dry-known"}""");
        var bad = await api.SendAsync("POST", "/api/v1/runs?dryRun=true", """{"job":"diag.eco","delay":"soon"}""");

        Assert.Equal((200, ""), (fresh.Status, fresh["id"]));
        Assert.Equal((200, known.ToString()), (again.Status, again["id"]));
        Assert.Equal((409, "idempotency_conflict"), (taken.Status, taken["code"]));
        Assert.Equal(400, bad.Status);
        Assert.Equal(before, await SnapshotAsync());
    }

    /// <summary>The next run that is stored brings the lanes that callers named to the table.</summary>
    [Fact]
    public async Task Enqueue_DryRunWithANewLane_MakesNoLane()
    {
        var dry = await api.SendAsync("POST", "/api/v1/runs?dryRun=true", """{"job":"diag.echo","lane":"dry-lane"}""");
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"wet-lane"}""");

        Assert.Equal(200, dry.Status);
        Assert.Equal(200, (await api.SendAsync("GET", "/api/v1/lanes/wet-lane")).Status);
        Assert.Equal(404, (await api.SendAsync("GET", "/api/v1/lanes/dry-lane")).Status);
    }

    [Fact]
    public async Task CancelAndReplay_DryRun_AnswerAsTheRealOneAndChangeNothing()
    {
        var waiting = await api.EnqueueAsync("""{"job":"diag.echo","delay":"1h"}""");
        var ended = await api.EnqueueAsync("""{"job":"diag.echo","delay":"1h"}""");
        Assert.Equal(200, (await api.SendAsync("POST", $"/api/v1/runs/{ended}/cancel")).Status);
        var before = await SnapshotAsync();

        var cancel = await api.SendAsync("POST", $"/api/v1/runs/{waiting}/cancel?dryRun=true");
        var late = await api.SendAsync("POST", $"/api/v1/runs/{ended}/cancel?dryRun=true");
        var replay = await api.SendAsync("POST", $"/api/v1/runs/{ended}/replay?dryRun=true");
        var early = await api.SendAsync("POST", $"/api/v1/runs/{waiting}/replay?dryRun=true");
        var unknown = await api.SendAsync("POST", $"/api/v1/runs/{RunId.New(DateTimeOffset.UnixEpoch)}/cancel?dryRun=true");

        Assert.Equal((200, "canceled"), (cancel.Status, cancel["result"]));
        Assert.Equal((409, "already_ended"), (late.Status, late["code"]));
        Assert.Equal(202, replay.Status);
        Assert.Equal((409, "not_replayable"), (early.Status, early["code"]));
        Assert.Equal(404, unknown.Status);
        Assert.Equal(before, await SnapshotAsync());
    }

    [Fact]
    public async Task Schedules_DryRun_AnswerAsTheRealOneAndChangeNothing()
    {
        const string path = "/api/v1/schedules/dry-hourly";
        Assert.Equal(201, (await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"1d"}""")).Status);
        var before = await SnapshotAsync();

        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1).ToString("O");
        var pause = await api.SendAsync(
            "POST", path + "/pause?dryRun=true", $$"""{"reason":"why not","until":"{{tomorrow}}"}""");
        var past = await api.SendAsync("POST", path + "/pause?dryRun=true", """{"until":"2020-01-01T00:00:00Z"}""");
        var stop = await api.SendAsync("POST", path + "/stop?dryRun=true");
        var start = await api.SendAsync("POST", path + "/start?dryRun=true");
        var trigger = await api.SendAsync("POST", path + "/trigger?dryRun=true");
        var unsaid = await api.SendAsync("DELETE", path + "?dryRun=true");
        var unknown = await api.SendAsync("POST", "/api/v1/schedules/dry-none/stop?dryRun=true");

        Assert.Equal((200, "paused", "why not"), (pause.Status, pause["status"], pause["statusReason"]));
        Assert.Equal(400, past.Status);
        Assert.Equal((200, "stopped"), (stop.Status, stop["status"]));
        Assert.Equal((200, "running"), (start.Status, start["status"]));
        Assert.Equal((200, ""), (trigger.Status, trigger["id"]));
        Assert.Equal(204, unsaid.Status);
        Assert.Equal(404, unknown.Status);
        Assert.Equal(before, await SnapshotAsync());
    }

    /// <summary>What the requests could have changed: the runs with their states and the schedules with their versions.</summary>
    private async Task<List<string>> SnapshotAsync()
    {
        await using var db = api.Fleet.Storage.Read();
        var runs = await db.Runs.OrderBy(r => r.Id).ToListAsync();
        var schedules = await db.Schedules.OrderBy(s => s.Id).ToListAsync();
        var replays = await db.Replays.CountAsync();
        return
        [
            .. runs.Where(r => r.ScheduleId == null || !r.Job.StartsWith("fleet.", StringComparison.Ordinal))
                .Select(r => $"{r.Id} {r.State} {r.Attempt} {r.CanceledBy}"),
            .. schedules.Select(s => $"{s.Id} {s.Version} {s.StatusReason} {s.UpdatedAt:O}"),
            $"{replays} replays",
        ];
    }
}
