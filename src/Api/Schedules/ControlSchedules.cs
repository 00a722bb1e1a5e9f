using Fleet.Client;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class ControlSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/schedules/{id}/pause", PauseAsync).TakesBody<PauseBody>().Produces<ScheduleView>().WithName("pauseSchedule");
        api.MapPost("/schedules/{id}/resume", StartAsync).TakesBody<ControlBody>().Produces<ScheduleView>().WithName("resumeSchedule");
        api.MapPost("/schedules/{id}/stop", StopAsync).TakesBody<ControlBody>().Produces<ScheduleView>().WithName("stopSchedule");
        api.MapPost("/schedules/{id}/start", StartAsync).TakesBody<ControlBody>().Produces<ScheduleView>().WithName("startSchedule");
        api.MapPost("/schedules/{id}/trigger", TriggerAsync).TakesBody<EmptyBody>().Produces<EnqueuedView>(202).WithName("triggerSchedule");
        api.MapDelete("/schedules/{id}", DeleteAsync).Produces(204).WithName("deleteSchedule");
    }

    private static async Task<IResult> PauseAsync(
        string id, HttpContext http, ControlSchedules control, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadOptionalAsync<PauseBody>(http, ct);
        var until = RunRules.ReadInstant(body.Until, "until");
        return await ShowAsync(id, http, () => control.PauseAsync(id, until, Who(http, body), CancellationToken.None), get, ct);
    }

    private static async Task<IResult> StopAsync(
        string id, HttpContext http, ControlSchedules control, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadOptionalAsync<ControlBody>(http, ct);
        return await ShowAsync(id, http, () => control.StopAsync(id, Who(http, body), CancellationToken.None), get, ct);
    }

    private static async Task<IResult> StartAsync(
        string id, HttpContext http, ControlSchedules control, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadOptionalAsync<ControlBody>(http, ct);
        return await ShowAsync(id, http, () => control.StartAsync(id, Who(http, body), CancellationToken.None), get, ct);
    }

    private static async Task<IResult> TriggerAsync(
        string id, HttpContext http, TriggerSchedules trigger, GetSchedules get, CancellationToken ct)
    {
        await RequestBody.ReadOptionalAsync<EmptyBody>(http, ct);
        var expected = Preconditions.ReadOptional(http);
        return await Preconditions.AnsweringAsync(
            async () => await trigger.ExecuteAsync(id, Caller.Of(http), CancellationToken.None, expected) is { } run
                ? Results.Json(new EnqueuedView { Id = run.ToString() }, FleetJson.Payload, statusCode: StatusCodes.Status202Accepted)
                : Problems.NotFound("schedule", id),
            http,
            () => get.FindTaggedAsync(id, ct));
    }

    private static async Task<IResult> DeleteAsync(
        string id, HttpContext http, DeleteSchedules delete, GetSchedules get, CancellationToken ct)
    {
        var expected = Preconditions.Read(http);
        return await Preconditions.AnsweringAsync(
            async () => await delete.ExecuteAsync(id, Caller.Of(http), CancellationToken.None, expected)
                ? Results.NoContent()
                : Problems.NotFound("schedule", id),
            http,
            () => get.FindTaggedAsync(id, ct));
    }

    private static ScheduleControl Who(HttpContext http, ControlBody body) =>
        new(Caller.Of(http), body.Reason, Preconditions.ReadOptional(http));

    private static Task<IResult> ShowAsync(
        string id, HttpContext http, Func<Task<bool>> change, GetSchedules get, CancellationToken ct) =>
        Preconditions.AnsweringAsync(
            async () => await change() && await get.FindAsync(id, ct) is { } schedule
                ? Tagged.Show(http, schedule.ToView(), schedule.Row.EditVersion())
                : Problems.NotFound("schedule", id),
            http,
            () => get.FindTaggedAsync(id, ct));
}
