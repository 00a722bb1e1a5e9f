using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

/// <summary>What a put of a schedule would do to its fire times.</summary>
public sealed record ScheduleDiffView
{
    public required string Id { get; init; }

    /// <summary>It fires only while it is running.</summary>
    public required ScheduleStatus Status { get; init; }

    /// <summary>Fire times after this instant.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Up to and including this one.</summary>
    public required DateTimeOffset Until { get; init; }

    public required int Added { get; init; }
    public required int Removed { get; init; }
    public required int Kept { get; init; }

    /// <summary>Those that are added or removed, in order: the first <c>count</c>.</summary>
    public required IReadOnlyList<ChangedFireTimeView> Changes { get; init; }

    /// <summary>True when <see cref="Changes"/> does not list all there are.</summary>
    public required bool Truncated { get; init; }

    /// <summary>The first fire time that was not counted, because there are too many. Null: all were counted.</summary>
    public required DateTimeOffset? TruncatedAt { get; init; }

    /// <summary>What the edited trigger says and its writer may not have meant.</summary>
    public IReadOnlyList<TriggerWarning> Warnings { get; init; } = [];
}

/// <summary>A fire time that an edit adds or removes.</summary>
/// <param name="At">In UTC.</param>
/// <param name="Local">The same instant in the zone of the definition that has it.</param>
/// <param name="ClockEffect">What a change of the clock does to it; null when none does.</param>
public sealed record ChangedFireTimeView(FiringChange Change, DateTimeOffset At, DateTimeOffset Local, ClockEffectView? ClockEffect);

internal static class DiffSchedulesEndpoints
{
    private const int MostListed = 1000;
    private const int ByDefault = 100;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/schedules/{id}/diff", DiffAsync).TakesBody<PutScheduleBody>("from", "until", "count").Produces<ScheduleDiffView>()
            .WithName("diffSchedule");

    private static async Task<IResult> DiffAsync(
        string id, HttpContext http, PutSchedules put, GetSchedules get, TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var query = new QueryString(http);
        var range = PreviewRange.Read(query.Instant("from"), query.Instant("until"), now);
        var count = (int)(query.Number("count", 1, MostListed) ?? ByDefault);
        var body = await RequestBody.ReadAsync<PutScheduleBody>(http, RequestBody.MaxSingle, ct);
        if (await get.FindAsync(id, ct) is not { Row: var schedule } info)
            return Problems.NotFound("schedule", id);

        var (_, edited) = await put.TryAsync(body.ToRequest(id), "api", ct);
        var (old, next) = (schedule.RestOf(schedule.ParseTrigger(), now), edited.RestOf(edited.ParseTrigger(), now));
        var diff = DiffFirings.Execute(old, next, range, count);
        var before = new Side(old, schedule.CronOnTheClock, schedule.Zone, diff, FiringChange.Removed);
        var after = new Side(next, edited.CronOnTheClock, edited.Zone, diff, FiringChange.Added);
        return Results.Json(
            new ScheduleDiffView
            {
                Id = schedule.Id,
                Status = info.Status,
                From = range.After.ToUniversalTime(),
                Until = range.Until.ToUniversalTime(),
                Added = diff.Added,
                Removed = diff.Removed,
                Kept = diff.Kept,
                Changes = [.. diff.Changes.Select(c => (c.Change == FiringChange.Added ? after : before).View(c))],
                Truncated = diff.IsTruncated,
                TruncatedAt = diff.TruncatedAt?.ToUniversalTime(),
                Warnings = TriggerWarnings.Of(edited.ReadTrigger()),
            },
            FleetJson.Payload);
    }

    /// <summary>One of the two definitions, with what there is to say about the fire times that it alone has.</summary>
    private sealed class Side(Trigger trigger, string? cron, string? zone, FiringsDiff diff, FiringChange change)
    {
        private readonly IReadOnlyDictionary<DateTimeOffset, ClockEffect> _effects =
            ClockEffects.ByFireTime(trigger, cron, zone, diff.Changes.Where(c => c.Change == change).Select(c => c.At));

        private readonly TimeZoneInfo _zone = Zones.TryFind(zone, out var found, out _) ? found : TimeZoneInfo.Utc;

        public ChangedFireTimeView View(ChangedFiring firing) => new(
            firing.Change,
            firing.At.ToUniversalTime(),
            TimeZoneInfo.ConvertTime(firing.At, _zone),
            _effects.TryGetValue(firing.At, out var effect) ? ClockEffectView.From(effect) : null);
    }
}
