using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

/// <summary>The fire times of a schedule after an instant, as its trigger says, whatever its status.</summary>
/// <param name="Status">It fires only while it is running.</param>
/// <param name="Zone">IANA id of its time zone; null is UTC.</param>
/// <param name="Items">In order; fewer than were asked for when it does not fire again.</param>
/// <param name="Warnings">What its trigger says and its writer may not have meant.</param>
public sealed record NextFireTimesView(
    string Id, ScheduleStatus Status, string? Zone, IReadOnlyList<FireTimeView> Items, IReadOnlyList<TriggerWarning> Warnings);

/// <summary>A fire time.</summary>
/// <param name="At">In UTC.</param>
/// <param name="Local">The same instant in the schedule's zone.</param>
/// <param name="ClockEffect">What a change of the clock does to it; null when none does.</param>
public sealed record FireTimeView(DateTimeOffset At, DateTimeOffset Local, ClockEffectView? ClockEffect);

internal static class NextFireTimesEndpoints
{
    private const int MostTimes = 1000;
    private const int ByDefault = 10;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/next", NextAsync).TakesQuery("count", "after").Produces<NextFireTimesView>().WithName("nextFireTimes");

    private static async Task<IResult> NextAsync(string id, HttpContext http, GetSchedules get, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryString(http);
        var count = (int)(query.Number("count", 1, MostTimes) ?? ByDefault);
        var after = PreviewRange.ReadStart(query.Instant("after"), "after", time.GetUtcNow());
        if (await get.FindAsync(id, ct) is not { Row: var schedule } info)
            return Problems.NotFound("schedule", id);

        var trigger = schedule.RestOf(schedule.ParseTrigger(), time.GetUtcNow());
        var zone = Zones.TryFind(schedule.Zone, out var found, out _) ? found : TimeZoneInfo.Utc;
        var times = trigger.Between(after, DateTimeOffset.MaxValue).Take(count).ToList();
        var effects = ClockEffects.ByFireTime(trigger, schedule.CronOnTheClock, schedule.Zone, times);
        return Results.Json(
            new NextFireTimesView(schedule.Id, info.Status, schedule.Zone, [.. times.Select(t => new FireTimeView(
                t.ToUniversalTime(), TimeZoneInfo.ConvertTime(t, zone), effects.TryGetValue(t, out var effect)
                    ? ClockEffectView.From(effect)
                    : null))], TriggerWarnings.Of(schedule.ReadTrigger())),
            FleetJson.Payload);
    }
}
