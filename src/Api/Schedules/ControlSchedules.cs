using Fleet.Api.Runs;
using Fleet.Core;
using Fleet.Core.Schedules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

/// <summary>Why a schedule is paused.</summary>
public sealed record PauseBody
{
    public string? Reason { get; init; }
}

internal static class ControlSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/schedules/{id}/pause", PauseAsync).Produces<ScheduleView>().WithName("pauseSchedule");
        api.MapPost("/schedules/{id}/resume", ResumeAsync).Produces<ScheduleView>().WithName("resumeSchedule");
        api.MapPost("/schedules/{id}/trigger", TriggerAsync).Produces<EnqueuedView>(202).WithName("triggerSchedule");
        api.MapDelete("/schedules/{id}", DeleteAsync).Produces(204).WithName("deleteSchedule");
    }

    private static async Task<IResult> PauseAsync(string id, HttpContext http, PauseSchedules pause, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadOptionalAsync<PauseBody>(http, ct);
        return await pause.PauseAsync(id, body.Reason, CancellationToken.None) ? await ShowAsync(id, get, ct) : Problems.NotFound("schedule", id);
    }

    private static async Task<IResult> ResumeAsync(string id, PauseSchedules pause, GetSchedules get, CancellationToken ct) =>
        await pause.ResumeAsync(id, CancellationToken.None) ? await ShowAsync(id, get, ct) : Problems.NotFound("schedule", id);

    private static async Task<IResult> TriggerAsync(string id, TriggerSchedules trigger) =>
        await trigger.ExecuteAsync(id, CancellationToken.None) is { } run
            ? Results.Json(new EnqueuedView(run), FleetJson.Payload, statusCode: StatusCodes.Status202Accepted)
            : Problems.NotFound("schedule", id);

    private static async Task<IResult> DeleteAsync(string id, DeleteSchedules delete) =>
        await delete.ExecuteAsync(id, CancellationToken.None) ? Results.NoContent() : Problems.NotFound("schedule", id);

    private static async Task<IResult> ShowAsync(string id, GetSchedules get, CancellationToken ct) => await get.FindAsync(id, ct) is { } schedule
        ? Results.Json(ScheduleView.From(schedule, get.NextFire(schedule)), FleetJson.Payload)
        : Problems.NotFound("schedule", id);
}
