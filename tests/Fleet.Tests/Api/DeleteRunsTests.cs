namespace Fleet.Tests.Api;

/// <summary>DELETE /api/v1/runs/{id}.</summary>
[Collection(ApiFleet.Shared)]
public sealed class DeleteRunsTests(ApiFleet api)
{
    [Fact]
    public async Task DeleteRun_Ended_IsGoneAndItsKeyStaysTaken()
    {
        const string body = """{"job":"diag.echo","args":{"secret":"once"},"idempotencyKey":"deleted-key"}""";
        var id = await api.EnqueueAsync(body);
        await api.Fleet.WaitAsync(id);
        var path = $"/api/v1/runs/{id}";

        Assert.Equal(204, (await api.SendAsync("DELETE", path + "?dryRun=true")).Status);
        Assert.Equal(200, (await api.SendAsync("GET", path)).Status);
        var deleted = await api.SendAsync("DELETE", path, ifMatch: "");

        Assert.Equal((204, ""), (deleted.Status, deleted.Text));
        var gone = await api.SendAsync("GET", path);
        Assert.Equal((404, "not_found"), (gone.Status, gone["code"]));
        Assert.Contains("was deleted at ", gone["detail"], StringComparison.Ordinal);
        foreach (var part in new[] { "/args", "/output", "/log", "/logs", "/error" })
            Assert.Equal(404, (await api.SendAsync("GET", path + part)).Status);
        Assert.Equal(404, (await api.SendAsync("DELETE", path)).Status);
        Assert.Equal(404, (await api.SendAsync("POST", path + "/replay")).Status);
        Assert.Equal(id, await api.EnqueueAsync(body));
        Assert.Equal(409, (await api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","idempotencyKey":"deleted-key"}""")).Status);
        var explained = await api.SendAsync("GET", path + "/explain");
        Assert.Equal((200, "deleted"), (explained.Status, explained.Json.GetProperty("now").GetProperty("state").GetString()));
    }

    [Fact]
    public async Task DeleteRun_WaitingOrRunning_SaysCancelItFirst()
    {
        var waiting = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");
        var running = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"wait"}}""");
        await Support.Waiting.UntilAsync(
            async () => (await api.SendAsync("GET", $"/api/v1/runs/{running}"))["state"] == "running");

        var answers = (await api.SendAsync("DELETE", $"/api/v1/runs/{waiting}"), await api.SendAsync("DELETE", $"/api/v1/runs/{running}"));

        Assert.Equal((409, "not_ended"), (answers.Item1.Status, answers.Item1["code"]));
        Assert.Equal($"Run {waiting} is waiting; cancel it first.", answers.Item1["detail"]);
        Assert.Equal((409, "not_ended"), (answers.Item2.Status, answers.Item2["code"]));
        Assert.Contains("is running; cancel it first", answers.Item2["detail"], StringComparison.Ordinal);
        await api.SendAsync("POST", $"/api/v1/runs/{running}/cancel");
        Assert.Equal(RunState.Canceled, (await api.Fleet.WaitAsync(running)).State);
    }

    [Fact]
    public async Task DeleteRun_NoSuchRunOrNoId_IsRefused()
    {
        Assert.Equal(404, (await api.SendAsync("DELETE", $"/api/v1/runs/{RunId.New(DateTimeOffset.UnixEpoch)}")).Status);
        var bad = await api.SendAsync("DELETE", "/api/v1/runs/x");
        Assert.Equal((400, "invalid_id"), (bad.Status, bad["code"]));
    }
}
