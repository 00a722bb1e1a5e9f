namespace Fleet.Tests.Api;

/// <summary>POST /api/v1/runs/{id}/replay.</summary>
[Collection(ApiFleet.Shared)]
public sealed class ReplayRunsTests(ApiFleet api)
{
    [Fact]
    public async Task ReplayRun_Canceled_RunsAgainAndKeepsItsLineage()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");
        var path = $"/api/v1/runs/{id}";
        await api.SendAsync("POST", path + "/cancel", """{"reason":"no longer needed"}""");

        var replayed = await api.SendAsync("POST", path + "/replay");

        Assert.Equal((202, id), (replayed.Status, replayed.Id));
        Assert.Equal(RunState.Succeeded, (await api.Fleet.WaitAsync(id)).State);
        var run = await api.SendAsync("GET", path);
        Assert.Equal(("succeeded", ""), (run["state"], run["error"]));
        var lineage = run.Json.GetProperty("lineage")[0];
        Assert.Equal(
            ("canceled", "no longer needed"), (lineage.GetProperty("fromState").GetString(), lineage.GetProperty("fromError").GetString()));
    }

    [Fact]
    public async Task ReplayRun_WaitingOrSucceeded_IsRefused()
    {
        var waiting = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");
        var done = await api.EnqueueAsync("""{"job":"diag.echo"}""");
        await api.Fleet.WaitAsync(done);

        foreach (var id in new[] { waiting, done })
        {
            var answer = await api.SendAsync("POST", $"/api/v1/runs/{id}/replay");
            Assert.Equal((409, "not_replayable"), (answer.Status, answer["code"]));
        }
    }
}
