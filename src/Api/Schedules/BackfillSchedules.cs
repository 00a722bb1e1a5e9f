using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

/// <summary>Which fire times of the past are to have a run, and how fast.</summary>
public sealed record BackfillBody
{
    /// <summary>The beginning of the range (included), ISO 8601 with offset.</summary>
    public string? From { get; init; }

    /// <summary>Where the range ends, ISO 8601 with offset; a fire time right at it is not in it.</summary>
    public string? Until { get; init; }

    /// <summary>How many runs come due in a minute, 1 to 60,000. Left out: 60.</summary>
    public int? PerMinute { get; init; }

    /// <summary>Left out: the schedule's lane.</summary>
    public string? Lane { get; init; }

    /// <summary>True only looks.</summary>
    public bool DryRun { get; init; }

    /// <exception cref="InvalidRunException">A field cannot be read.</exception>
    public BackfillRequest ToRequest() => new()
    {
        From = RunRules.ReadInstant(From, "from") ?? throw Missing("from"),
        Until = RunRules.ReadInstant(Until, "until") ?? throw Missing("until"),
        PerMinute = PerMinute ?? 60,
        Lane = Lane,
    };

    private static InvalidRunException Missing(string field)
    {
        const string allowed = "ISO 8601 with offset, such as 2026-01-31T12:00:00Z";
        return new InvalidRunException(
            new InputError("missing_field", field, $"{field}: it is missing; the range needs both ends, in {allowed}.", null, allowed));
    }
}

internal static class BackfillSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/schedules/{id}/backfill", BackfillAsync).TakesBody<BackfillBody>().Produces<BackfillPlan>()
            .WithName("backfillSchedule");

    private static async Task<IResult> BackfillAsync(string id, HttpContext http, BackfillSchedules backfill, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<BackfillBody>(http, RequestBody.MaxSingle, ct);
        return await backfill.ExecuteAsync(id, body.ToRequest(), body.DryRun, CancellationToken.None) is { } plan
            ? Results.Json(plan, FleetJson.Payload)
            : Problems.NotFound("schedule", id);
    }
}
