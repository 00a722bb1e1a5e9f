using Fleet.Api.Access;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Jobs;
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
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            Parameters = [Outcomes],
            Answers = [AnswerContract.Of<Page<ScheduleView>>("All schedules, by id.")],
        });
        api.MapGet("/schedules/{id}", GetAsync).Declare(new("getSchedule", "Shows a schedule.")
        {
            Permission = Permission.View,
            Parameters = [CommonParameters.ScheduleId, CommonParameters.Known],
            Answers = [AnswerContract.OfTagged<ScheduleView>("The schedule.")],
            Problems = ["not_found"],
        });
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, GetSchedules get, GetOutcomes outcomes, JobCatalog catalog, CancellationToken ct)
    {
        var who = Admission.PrincipalOf(http);
        var views = new List<ScheduleView>();
        foreach (var schedule in await get.ListAsync(ct))
        {
            if (who.Lanes is null || who.Sees(schedule.Row.Lane ?? await catalog.FindLaneAsync(schedule.Row.Job, ct)))
                views.Add(schedule.ToView());
        }

        if (Outcomes.Find(http) is { } limit)
        {
            var of = await outcomes.ListAsync([.. views.Select(s => s.Id)], (int)limit, ct);
            views = [.. views.Select(s => s with { Outcomes = [.. of[s.Id].Select(o => o.ToView())] })];
        }

        return Results.Json(new Page<ScheduleView> { Items = views }, FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetSchedules get, CancellationToken ct) =>
        await get.FindTaggedAsync(id, ct) is { } schedule ? schedule.Show(http) : Problems.NotFound("schedule", id);
}
