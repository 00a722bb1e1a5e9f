using Fleet.Client;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class BackfillSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/schedules/{id}/backfill", BackfillAsync).TakesBody<BackfillBody>().Produces<BackfillView>()
            .WithName("backfillSchedule");

    private static async Task<IResult> BackfillAsync(string id, HttpContext http, BackfillSchedules backfill, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<BackfillBody>(http, RequestBody.MaxSingle, ct);
        return await backfill.ExecuteAsync(id, ToRequest(body), Caller.Of(http), body.DryRun, CancellationToken.None) is { } plan
            ? Results.Json(ToView(plan), FleetJson.Payload)
            : Problems.NotFound("schedule", id);
    }

    /// <exception cref="InvalidRunException">A field cannot be read.</exception>
    private static BackfillRequest ToRequest(BackfillBody body) => new()
    {
        From = RunRules.ReadInstant(body.From, "from") ?? throw Missing("from"),
        Until = RunRules.ReadInstant(body.Until, "until") ?? throw Missing("until"),
        PerMinute = body.PerMinute ?? 60,
        Lane = body.Lane,
    };

    private static InvalidRunException Missing(string field)
    {
        const string allowed = "ISO 8601 with offset, such as 2026-01-31T12:00:00Z";
        return new InvalidRunException(
            new InputError("missing_field", field, $"{field}: it is missing; the range needs both ends, in {allowed}.", null, allowed));
    }

    private static BackfillView ToView(BackfillPlan plan) => new()
    {
        Count = plan.Count,
        Existing = plan.Existing,
        First = plan.First,
        Last = plan.Last,
        LastDueAt = plan.LastDueAt,
        OldestKept = plan.OldestKept,
    };
}
