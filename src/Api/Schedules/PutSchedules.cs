using System.Text.Json;
using Fleet.Core;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Schedules;
using Fleet.Core.Schedules.Triggers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

/// <summary>A schedule as a caller asks for it: a job, its args, and exactly one of cron, every, at.</summary>
public sealed record PutScheduleBody
{
    public string? Job { get; init; }
    public JsonElement? Args { get; init; }

    /// <summary>5 fields, 6 with seconds first, 7 with a year last too, or a macro such as <c>@hourly</c>.</summary>
    public string? Cron { get; init; }

    /// <summary>A period: <c>15s</c>, <c>PT5M</c>, <c>00:05:00</c>.</summary>
    public string? Every { get; init; }

    /// <summary>From which instant the multiples of <see cref="Every"/> are counted, ISO 8601 with offset. Left out: 1970.</summary>
    public string? Anchor { get; init; }

    /// <summary>ISO 8601 with offset.</summary>
    public string? At { get; init; }

    /// <summary>IANA time zone of cron. Left out: UTC.</summary>
    public string? Zone { get; init; }
    public string? Lane { get; init; }
    public int? MaxAttempts { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public MisfirePolicy Misfire { get; init; }
}

internal static class PutSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPut("/schedules/{id}", PutAsync).Produces<ScheduleView>().WithName("putSchedule");

    private static async Task<IResult> PutAsync(
        string id, HttpContext http, PutSchedules put, GetSchedules get, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<PutScheduleBody>(http, RequestBody.MaxSingle, ct);
        if (body.Job is not { Length: > 0 } name)
            throw new InvalidRunException(new InputError("missing_field", "job", "job: it is missing; it names the job to run.", null, "a job's name"));
        var args = ArgsText.From(body.Args);
        var result = await put.ExecuteAsync(
            new ScheduleRequest
            {
                Id = id,
                Job = name,
                Args = args,
                Lane = body.Lane,
                MaxAttempts = body.MaxAttempts,
                Tags = body.Tags,
                Misfire = body.Misfire,
                Trigger = new TriggerSpec
                {
                    Cron = body.Cron,
                    Every = body.Every,
                    Anchor = RunRules.ReadInstant(body.Anchor, "anchor"),
                    At = RunRules.ReadInstant(body.At, "at"),
                    Zone = body.Zone,
                },
            },
            "api",
            CancellationToken.None);
        // Deleted by somebody else in this very moment: what was put is gone.
        if (await get.FindAsync(id, ct) is not { } schedule)
            return Problems.NotFound("schedule", id);
        return Results.Json(
            ScheduleView.From(schedule, get.NextFire(schedule)),
            FleetJson.Payload,
            statusCode: result == PutResult.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }
}
