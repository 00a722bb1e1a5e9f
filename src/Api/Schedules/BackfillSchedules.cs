using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
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
        api.MapPost("/schedules/{id}/backfill", BackfillAsync).Declare(new("backfillSchedule", "Creates the runs of past fire times.")
        {
            Permission = Permission.Operate,
            Description = "A fire time that has a run gets no second one, so the request may be repeated.",
            Parameters = [CommonParameters.ScheduleId],
            Body = BodyContract.Of<BackfillBody>(
                """{"from":"2026-01-01T00:00:00Z","until":"2026-01-08T00:00:00Z","perMinute":60,"dryRun":true}""", CheckAsync),
            Answers = [AnswerContract.Of<BackfillView>("What was created, or would be in a dry run.")],
            Problems =
            [
                "not_found", "missing_field", "invalid_instant", "invalid_range", "range_too_long", "invalid_per_minute", "invalid_lane",
                "too_many_lanes", "invalid_argument", "unknown_argument", "missing_argument", "duplicate_argument",
                "unknown_secret",
            ],
        });

    private static async Task<IResult> BackfillAsync(string id, HttpContext http, BackfillSchedules backfill, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<BackfillBody>(http, ct);
        var errors = new InputErrors();
        var request = ToRequest(body, errors);
        errors.ThrowIfAny();
        return await backfill.ExecuteAsync(id, request, Caller.Of(http), body.DryRun, CancellationToken.None) is { } plan
            ? Results.Json(ToView(plan), FleetJson.Payload)
            : Problems.NotFound("schedule", id);
    }

    private static BackfillRequest ToRequest(BackfillBody body, InputErrors errors)
    {
        errors.Add(RunRules.TryReadInstant(body.From, "from", out var from) ?? (body.From is null ? Missing("from") : null));
        errors.Add(RunRules.TryReadInstant(body.Until, "until", out var until) ?? (body.Until is null ? Missing("until") : null));
        return new()
        {
            From = from ?? default,
            Until = until ?? default,
            PerMinute = body.PerMinute ?? 60,
            Lane = body.Lane,
        };
    }

    private static ValueTask CheckAsync(HttpContext http, BackfillBody body, InputErrors errors)
    {
        ToRequest(body, errors);
        return ValueTask.CompletedTask;
    }

    private static InputError Missing(string field)
    {
        const string allowed = "ISO 8601 with offset, such as 2026-01-31T12:00:00Z";
        return new InputError("missing_field", field, $"{field}: it is missing; the range needs both ends, in {allowed}.", null, allowed);
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
