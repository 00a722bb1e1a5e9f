namespace Fleet.Tests.Api;

/// <summary>POST /api/v1/runs/{id}/cancel.</summary>
[Collection(ApiFleet.Shared)]
public sealed class CancelRunsTests(ApiFleet api)
{
    [Fact]
    public async Task CancelRun_Waiting_IsCanceledWithReasonAndCause()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");

        var canceled = await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel", """{"reason":"no longer needed"}""");

        Assert.Equal((200, "canceled"), (canceled.Status, canceled["result"]));
        var run = await api.SendAsync("GET", $"/api/v1/runs/{id}");
        Assert.Equal(("canceled", "no longer needed", "person"), (run["state"], run["error"], run["cancelCause"]));
    }

    [Fact]
    public async Task CancelRun_Ended_IsRefused()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");
        await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel");

        var twice = await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel");

        Assert.Equal((409, "already_ended"), (twice.Status, twice["code"]));
    }

    [Fact]
    public async Task CancelRun_Running_IsRequestedAndShown()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"wait"}}""");
        await api.Script.StartedAsync(id);

        var answer = await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel");

        Assert.Equal((200, "requested"), (answer.Status, answer["result"]));
        Assert.Equal(RunState.Canceled, (await api.Fleet.WaitAsync(id)).State);
        Assert.Equal(
            "canceled",
            (await api.SendAsync("GET", $"/api/v1/runs/{id}")).Json.GetProperty("attempts")[0].GetProperty("outcome").GetString());
    }
}
