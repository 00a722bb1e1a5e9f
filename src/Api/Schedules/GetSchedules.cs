using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class GetSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/schedules", ListAsync).Declare(new("listSchedules", "Lists the schedules.")
        {
            Answers = [AnswerContract.Of<Page<ScheduleView>>("All schedules, by id.")],
        });
        api.MapGet("/schedules/{id}", GetAsync).Declare(new("getSchedule", "Shows a schedule.")
        {
            Parameters = [CommonParameters.ScheduleId, CommonParameters.Known],
            Answers = [AnswerContract.OfTagged<ScheduleView>("The schedule.")],
            Problems = ["not_found"],
        });
    }

    private static async Task<IResult> ListAsync(GetSchedules get, CancellationToken ct)
    {
        var schedules = await get.ListAsync(ct);
        return Results.Json(new Page<ScheduleView> { Items = [.. schedules.Select(s => s.ToView())] }, FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetSchedules get, CancellationToken ct) =>
        await get.FindTaggedAsync(id, ct) is { } schedule ? schedule.Show(http) : Problems.NotFound("schedule", id);
}
