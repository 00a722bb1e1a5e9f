using Fleet.Client;
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
    private const int MaxTimes = 1000;
    private const int ByDefault = 10;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/next", NextAsync).TakesQuery("count", "after").Produces<NextFireTimesView>().WithName("nextFireTimes");

    private static async Task<IResult> NextAsync(string id, HttpContext http, GetSchedules get, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryString(http);
        var count = (int)(query.Number("count", 1, MaxTimes) ?? ByDefault);
        var after = PreviewRange.ReadStart(query.Instant("after"), "after", time.GetUtcNow());
        if (await get.FindAsync(id, ct) is not { Row: var schedule } info)
            return Problems.NotFound("schedule", id);

        var trigger = schedule.RestOf(schedule.ParseTrigger(), time.GetUtcNow());
        var zone = Zones.TryFind(schedule.Zone, out var found, out _) ? found : TimeZoneInfo.Utc;
        var times = trigger.Between(after, DateTimeOffset.MaxValue).Take(count).ToList();
        var effects = ClockEffects.ByFireTime(trigger, schedule.CronOnTheClock, schedule.Zone, times);
        return Results.Json(
            new NextFireTimesView
            {
                Id = schedule.Id,
                Status = info.Status.ToWord(),
                Zone = schedule.Zone,
                Words = TriggerWords.Of(schedule.ReadTrigger(), schedule.MaxOccurrences),
                Items =
                [
                    .. times.Select(t => new FireTimeView
                    {
                        At = t.ToUniversalTime(),
                        Local = TimeZoneInfo.ConvertTime(t, zone),
                        ClockEffect = effects.GetValueOrDefault(t)?.ToView(),
                    }),
                ],
                Warnings = schedule.ReadTrigger().ToWarnings(),
            },
            FleetJson.Payload);
    }
}
