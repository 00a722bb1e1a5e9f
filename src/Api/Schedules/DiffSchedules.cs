using Fleet.Client;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class DiffSchedulesEndpoints
{
    private const int MaxListed = 1000;
    private const int ByDefault = 100;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/schedules/{id}/diff", DiffAsync).TakesBody<PutScheduleBody>("from", "until", "count").Produces<ScheduleDiffView>()
            .WithName("diffSchedule");

    private static async Task<IResult> DiffAsync(
        string id, HttpContext http, PutSchedules put, GetSchedules get, FindCollisions collisions, TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var query = new QueryString(http);
        var range = PreviewRange.Read(query.Instant("from"), query.Instant("until"), now);
        var count = (int)(query.Number("count", 1, MaxListed) ?? ByDefault);
        var body = await RequestBody.ReadAsync<PutScheduleBody>(http, RequestBody.MaxSingle, ct);
        if (await get.FindAsync(id, ct) is not { Row: var schedule } info)
            return Problems.NotFound("schedule", id);

        var (_, edited) = await put.TryAsync(body.ToRequest(id), "api", Caller.Of(http), ct);
        var (old, next) = (schedule.RestOf(schedule.ParseTrigger(), now), edited.RestOf(edited.ParseTrigger(), now));
        var diff = DiffFirings.Execute(old, next, range, count);
        var before = new Side(old, schedule.CronOnTheClock, schedule.Zone, diff, FiringChange.Removed);
        var after = new Side(next, edited.CronOnTheClock, edited.Zone, diff, FiringChange.Added);
        return Results.Json(
            new ScheduleDiffView
            {
                Id = schedule.Id,
                Status = info.Status.ToWord(),
                From = range.After.ToUniversalTime(),
                Until = range.Until.ToUniversalTime(),
                Added = diff.Added,
                Removed = diff.Removed,
                Kept = diff.Kept,
                Changes = [.. diff.Changes.Select(c => (c.Change == FiringChange.Added ? after : before).View(c))],
                Truncated = diff.IsTruncated,
                TruncatedAt = diff.TruncatedAt?.ToUniversalTime(),
                Words = TriggerWords.Of(edited.ReadTrigger(), edited.MaxOccurrences),
                Collisions = (await collisions.ExecuteAsync(edited, range, ct)).ToView(),
                Warnings = edited.ReadTrigger().ToWarnings(),
            },
            FleetJson.Payload);
    }

    /// <summary>One of the two definitions, with what there is to say about the fire times that it alone has.</summary>
    private sealed class Side(Trigger trigger, string? cron, string? zone, FiringsDiff diff, FiringChange change)
    {
        private readonly IReadOnlyDictionary<DateTimeOffset, ClockEffect> _effects =
            ClockEffects.ByFireTime(trigger, cron, zone, diff.Changes.Where(c => c.Change == change).Select(c => c.At));

        private readonly TimeZoneInfo _zone = Zones.TryFind(zone, out var found, out _) ? found : TimeZoneInfo.Utc;

        public ChangedFireTimeView View(ChangedFiring firing) => new()
        {
            Change = firing.Change.ToWord(),
            At = firing.At.ToUniversalTime(),
            Local = TimeZoneInfo.ConvertTime(firing.At, _zone),
            ClockEffect = _effects.GetValueOrDefault(firing.At)?.ToView(),
        };
    }
}
