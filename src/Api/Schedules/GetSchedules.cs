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
    private static readonly NumberParameter Outcomes = new(
        "outcomes",
        "Shows so many of the last outcomes with each schedule, or fewer if there are more than 20,000 in all. Left out: none.",
        1, GetOutcomes.MaxOutcomes);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/schedules", ListAsync).Declare(new("listSchedules", "Lists the schedules.")
        {
            Parameters = [Outcomes],
            Answers = [AnswerContract.Of<Page<ScheduleView>>("All schedules, by id.")],
        });
        api.MapGet("/schedules/{id}", GetAsync).Declare(new("getSchedule", "Shows a schedule.")
        {
            Parameters = [CommonParameters.ScheduleId, CommonParameters.Known],
            Answers = [AnswerContract.OfTagged<ScheduleView>("The schedule.")],
            Problems = ["not_found"],
        });
    }

    private static async Task<IResult> ListAsync(HttpContext http, GetSchedules get, GetOutcomes outcomes, CancellationToken ct)
    {
        var schedules = (await get.ListAsync(ct)).Select(s => s.ToView());
        if (Outcomes.Find(http) is { } limit)
        {
            List<ScheduleView> all = [.. schedules];
            var of = await outcomes.ListAsync([.. all.Select(s => s.Id)], (int)limit, ct);
            schedules = all.Select(s => s with { Outcomes = [.. of[s.Id].Select(o => o.ToView())] });
        }

        return Results.Json(new Page<ScheduleView> { Items = [.. schedules] }, FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetSchedules get, CancellationToken ct) =>
        await get.FindTaggedAsync(id, ct) is { } schedule ? schedule.Show(http) : Problems.NotFound("schedule", id);
}
