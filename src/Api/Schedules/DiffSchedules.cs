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

internal static class DiffSchedulesEndpoints
{
    private static readonly NumberParameter Count =
        new("count", "The maximum number of changed fire times in the answer.", 1, 1000) { Default = 100, Example = "20" };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/schedules/{id}/diff", DiffAsync).Declare(new("diffSchedule", "Compares the fire times before and after an edit.")
        {
            Permission = Permission.View,
            Description = "Changes nothing. The body is the definition as it would be put.",
            Parameters = [CommonParameters.ScheduleId, PreviewParameters.From, PreviewParameters.Until, Count],
            Body = BodyContract.Of<PutScheduleBody>(PutSchedulesEndpoints.Example, PutSchedulesEndpoints.CheckAsync),
            Answers = [AnswerContract.Of<ScheduleDiffView>("The fire times that would be added or removed.")],
            Problems = ["not_found", "invalid_range", .. PutSchedulesEndpoints.Codes],
        });

    private static async Task<IResult> DiffAsync(
        string id, HttpContext http, PutSchedules put, GetSchedules get, FindCollisions collisions, TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var range = PreviewParameters.Read(http, now);
        var count = Count.Of(http);
        var request = await PutSchedulesEndpoints.ReadAsync(http, id, ct);
        if (await get.FindAsync(id, ct) is not { Row: var schedule } info)
            return Problems.NotFound("schedule", id);

        var (_, edited) = await put.TryAsync(request, "api", Caller.Of(http), ct);
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
