using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
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
        api.MapPost("/schedules/{id}/pause", PauseAsync).Declare(new("pauseSchedule", "Pauses a schedule.")
        {
            Permission = Permission.Operate,
            Description = "Its planned runs are revoked, and it fires no more until it is resumed, or until `until`.",
            Parameters = [CommonParameters.ScheduleId, CommonParameters.IfMatch, CommonParameters.IfNoneMatch, CommonParameters.DryRun],
            Body = BodyContract.Optional<PauseBody>(
                """{"reason":"the supplier is down","until":"2026-12-24T06:00:00Z"}""", PauseChecks.CheckAsync),
            Answers = [AnswerContract.OfTagged<ScheduleView>("The schedule as it is now.")],
            Problems = ["not_found", "invalid_instant"],
        });
        api.MapPost("/schedules/{id}/resume", StartAsync).Declare(new("resumeSchedule", "Resumes a schedule that is paused.")
        {
            Permission = Permission.Operate,
            Description = "It fires again from now on. The fire times of the pause get no runs. "
                + "A schedule that runs already stays as it is.",
            Parameters = [CommonParameters.ScheduleId, CommonParameters.IfMatch, CommonParameters.IfNoneMatch, CommonParameters.DryRun],
            Body = BodyContract.Optional<ControlBody>("""{"reason":"the supplier is back"}"""),
            Answers = [AnswerContract.OfTagged<ScheduleView>("The schedule as it is now.")],
            Problems = ["not_found", "never_fires"],
        });
        api.MapPost("/schedules/{id}/stop", StopAsync).Declare(new("stopSchedule", "Stops a schedule.")
        {
            Permission = Permission.Operate,
            Description = "Its planned runs are revoked, and it fires no more until it is started.",
            Parameters = [CommonParameters.ScheduleId, CommonParameters.IfMatch, CommonParameters.IfNoneMatch, CommonParameters.DryRun],
            Body = BodyContract.Optional<ControlBody>("""{"reason":"replaced by another"}"""),
            Answers = [AnswerContract.OfTagged<ScheduleView>("The schedule as it is now.")],
            Problems = ["not_found"],
        });
        api.MapPost("/schedules/{id}/start", StartAsync).Declare(new("startSchedule", "Starts a schedule that is stopped or paused.")
        {
            Permission = Permission.Operate,
            Description = "It fires again from now on. A schedule that runs already stays as it is.",
            Parameters = [CommonParameters.ScheduleId, CommonParameters.IfMatch, CommonParameters.IfNoneMatch, CommonParameters.DryRun],
            Body = BodyContract.Optional<ControlBody>("""{"reason":"needed again"}"""),
            Answers = [AnswerContract.OfTagged<ScheduleView>("The schedule as it is now.")],
            Problems = ["not_found", "never_fires"],
        });
        api.MapPost("/schedules/{id}/trigger", TriggerAsync).Declare(new("triggerSchedule", "Executes the job of a schedule now.")
        {
            Permission = Permission.Operate,
            Description = "The run belongs to the schedule but to no fire time. The status of the schedule does not matter.",
            Parameters = [CommonParameters.ScheduleId, CommonParameters.IfMatch, CommonParameters.IfNoneMatch, CommonParameters.DryRun],
            Body = BodyContract.Optional<EmptyBody>("{}"),
            Answers =
            [
                AnswerContract.Of<EnqueuedView>("The new run.", StatusCodes.Status202Accepted),
                AnswerContract.Of<EnqueuedView>("Only with `dryRun`: it can be triggered. The id is empty."),
            ],
            Problems =
            [
                "not_found", "unknown_job", "invalid_argument", "unknown_argument", "missing_argument", "duplicate_argument",
                "unknown_secret", "too_many_requests",
            ],
        });
        api.MapDelete("/schedules/{id}", DeleteAsync).Declare(new("deleteSchedule", "Deletes a schedule.")
        {
            Permission = Permission.Operate,
            Description = "Its planned runs are revoked. Runs that have started or ended stay.",
            Parameters = [CommonParameters.ScheduleId, CommonParameters.IfMatch, CommonParameters.IfNoneMatch, CommonParameters.DryRun],
            Answers = [AnswerContract.Empty("The schedule is deleted.")],
            Problems = ["not_found", "precondition_required"],
        });
    }

    private static async Task<IResult> PauseAsync(
        string id, HttpContext http, ControlSchedules control, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<PauseBody>(http, ct);
        var until = PauseChecks.Read(http, body);
        return await ShowAsync(id, http, body, who => control.PauseAsync(id, until, who, CancellationToken.None), get, ct);
    }

    private static async Task<IResult> StopAsync(
        string id, HttpContext http, ControlSchedules control, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<ControlBody>(http, ct);
        return await ShowAsync(id, http, body, who => control.StopAsync(id, who, CancellationToken.None), get, ct);
    }

    private static async Task<IResult> StartAsync(
        string id, HttpContext http, ControlSchedules control, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<ControlBody>(http, ct);
        return await ShowAsync(id, http, body, who => control.StartAsync(id, who, CancellationToken.None), get, ct);
    }

    private static async Task<IResult> TriggerAsync(
        string id, HttpContext http, TriggerSchedules trigger, GetSchedules get, CancellationToken ct)
    {
        await RequestBody.ReadAsync<EmptyBody>(http, ct);
        var expected = Preconditions.ReadOptional(http);
        var isDryRun = CommonParameters.DryRun.Of(http);
        return await Preconditions.AnsweringAsync(
            async () => await trigger.ExecuteAsync(id, Caller.Of(http), CancellationToken.None, expected, isDryRun) is { } run
                ? Results.Json(
                    new EnqueuedView { Id = isDryRun ? "" : run.ToString() }, FleetJson.Payload,
                    statusCode: isDryRun ? StatusCodes.Status200OK : StatusCodes.Status202Accepted)
                : Problems.NotFound("schedule", id),
            http,
            () => get.FindTaggedAsync(id, ct));
    }

    private static async Task<IResult> DeleteAsync(
        string id, HttpContext http, DeleteSchedules delete, GetSchedules get, CancellationToken ct)
    {
        var expected = Preconditions.Read(http);
        return await Preconditions.AnsweringAsync(
            async () => await delete.ExecuteAsync(
                id, Caller.Of(http), CancellationToken.None, expected, CommonParameters.DryRun.Of(http))
                ? Results.NoContent()
                : Problems.NotFound("schedule", id),
            http,
            () => get.FindTaggedAsync(id, ct));
    }

    private static Task<IResult> ShowAsync(
        string id, HttpContext http, ControlBody body, Func<ScheduleControl, Task<bool>> change, GetSchedules get, CancellationToken ct)
    {
        var dryRun = CommonParameters.DryRun.Of(http) ? new ScheduleDryRun() : null;
        var who = new ScheduleControl(Caller.Of(http), body.Reason, Preconditions.ReadOptional(http), dryRun);
        return Preconditions.AnsweringAsync(
            async () =>
            {
                if (!await change(who))
                    return Problems.NotFound("schedule", id);
                if (dryRun?.Row is { } row)
                {
                    var described = await get.DescribeAsync(row, lastFireTime: null, lastStartedAt: null, ct);
                    return Results.Json(described.ToView(), FleetJson.Payload);
                }

                return await get.FindTaggedAsync(id, ct) is { } schedule ? schedule.Show(http) : Problems.NotFound("schedule", id);
            },
            http,
            () => get.FindTaggedAsync(id, ct));
    }
}
