namespace Fleet.Tests.Api;

/// <summary>POST /api/v1/schedules/{id}/pause, /resume and /trigger.</summary>
[Collection(ApiFleet.Shared)]
public sealed class ControlSchedulesTests(ApiFleet api)
{
    [Fact]
    public async Task PauseSchedule_ThenResume_ShowsStatusReasonAndNextFireTime()
    {
        const string path = "/api/v1/schedules/paused.report";
        await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"PT24H"}""");

        var paused = await api.SendAsync("POST", path + "/pause", """{"reason":"holiday"}""");
        Assert.Equal((200, "paused", "holiday", ""), (paused.Status, paused["status"], paused["statusReason"], paused["nextFireAt"]));

        var resumed = await api.SendAsync("POST", path + "/resume");
        Assert.Equal((200, "running"), (resumed.Status, resumed["status"]));
        Assert.NotEqual("", resumed["nextFireAt"]);
    }

    [Fact]
    public async Task TriggerSchedule_Paused_RunsItsJobNow()
    {
        const string path = "/api/v1/schedules/triggered.report";
        await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"PT24H"}""");
        await api.SendAsync("POST", path + "/pause");

        var triggered = await api.SendAsync("POST", path + "/trigger");

        Assert.Equal(202, triggered.Status);
        Assert.Equal(RunState.Succeeded, (await api.Fleet.WaitAsync(triggered.Id)).State);
        Assert.Equal("triggered.report", (await api.SendAsync("GET", $"/api/v1/runs/{triggered.Id}"))["scheduleId"]);
        var listed = Assert.Single((await api.SendAsync("GET", "/api/v1/runs?schedule=triggered.report")).Items);
        Assert.Equal($"{triggered.Id}", listed.GetProperty("id").GetString());
    }
}
