using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class NextFireTimesEndpoints
{
    private static readonly NumberParameter Count =
        new("count", "The maximum number of fire times in the answer.", 1, 1000) { Default = 10, Example = "5" };

    private static readonly InstantParameter After = new("after", "Fire times after this instant. Left out: now.")
    {
        Earliest = DateTimeOffset.MinValue,
    };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/next", NextAsync).Declare(new("nextFireTimes", "Lists the next fire times of a schedule.")
        {
            Permission = Permission.View,
            Description = "They follow from its definition. A schedule that is paused until some instant fires after that instant; one "
                + "that is paused without an end or stopped shows when it would fire.",
            Parameters = [CommonParameters.ScheduleId, Count, After],
            Answers = [AnswerContract.Of<NextFireTimesView>("The fire times, the next one first.")],
            Problems = ["not_found", "invalid_range"],
        });

    private static async Task<IResult> NextAsync(string id, HttpContext http, GetSchedules get, TimeProvider time, CancellationToken ct)
    {
        var count = Count.Of(http);
        var after = PreviewRange.StartOf(After.Find(http), "after", time.GetUtcNow());
        if (await get.FindAsync(id, ct) is not { Row: var schedule } info)
            return Problems.NotFound("schedule", id);

        var trigger = schedule.RestOf(schedule.ParseTrigger(), time.GetUtcNow());
        var spec = schedule.ReadTrigger();
        return Results.Json(
            new NextFireTimesView
            {
                Id = schedule.Id,
                Status = info.Status.ToWord(),
                Zone = schedule.Zone,
                Words = TriggerWords.Of(spec, schedule.MaxOccurrences),
                Items = ScheduleViews.NextFireTimes(trigger, schedule.CronOnTheClock, schedule.Zone, after, count),
                Warnings = spec.ToWarnings(),
            },
            FleetJson.Payload);
    }
}
