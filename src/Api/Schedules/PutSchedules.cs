using System.Text.Json;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
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

    /// <summary>After how many occurrences it stops, from 1. Left out: never.</summary>
    public int? MaxOccurrences { get; init; }

    /// <summary>Nothing fires before this instant, ISO 8601 with offset.</summary>
    public string? StartsAt { get; init; }

    /// <summary>Nothing fires after this instant, ISO 8601 with offset.</summary>
    public string? EndsAt { get; init; }

    /// <summary>Dates on which nothing fires: <c>2026-12-24</c>, <c>2026-12-24..2027-01-02</c>, <c>12-25</c> in every year.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>A period over which schedules that fire together are spread, by their ids: <c>5m</c>.</summary>
    public string? Jitter { get; init; }
    public MisfirePolicy Misfire { get; init; }

    /// <summary>A missed fire time older than this is not made up for: <c>1h</c>. Left out: no limit.</summary>
    public string? MisfireDeadline { get; init; }
    public OverlapPolicy Overlap { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <exception cref="InvalidRunException">A field cannot be read.</exception>
    public ScheduleRequest ToRequest(string id) => new()
    {
        Id = id,
        Job = Job is { Length: > 0 } name
            ? name
            : throw new InvalidRunException(
                new InputError("missing_field", "job", "job: it is missing; it names the job to run.", null, "a job's name")),
        Args = ArgsText.From(Args),
        Lane = Lane,
        MaxAttempts = MaxAttempts,
        Tags = Tags,
        MaxOccurrences = MaxOccurrences,
        Misfire = Misfire,
        MisfireDeadline = MisfireDeadline,
        Overlap = Overlap,
        Labels = Labels,
        Trigger = new TriggerSpec
        {
            Cron = Cron,
            Every = Every,
            Anchor = RunRules.ReadInstant(Anchor, "anchor"),
            At = RunRules.ReadInstant(At, "at"),
            Zone = Zone,
            StartsAt = RunRules.ReadInstant(StartsAt, "startsAt"),
            EndsAt = RunRules.ReadInstant(EndsAt, "endsAt"),
            Exclude = Exclude,
            Jitter = Jitter,
        },
    };
}

internal static class PutSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPut("/schedules/{id}", PutAsync).TakesBody<PutScheduleBody>("dryRun").Produces<ScheduleView>().WithName("putSchedule");

    private static async Task<IResult> PutAsync(
        string id, HttpContext http, PutSchedules put, GetSchedules get, CancellationToken ct)
    {
        var isDryRun = new QueryString(http).Flag("dryRun");
        var body = await RequestBody.ReadAsync<PutScheduleBody>(http, RequestBody.MaxSingle, ct);
        if (isDryRun)
        {
            var (outcome, row) = await put.TryAsync(body.ToRequest(id), "api", ct);
            return Show(outcome, await get.DescribeAsync(row, lastFireTime: null, lastStartedAt: null, ct));
        }

        var result = await put.ExecuteAsync(body.ToRequest(id), "api", CancellationToken.None);
        // Deleted by somebody else in this very moment: what was put is gone.
        return await get.FindAsync(id, ct) is { } schedule ? Show(result, schedule) : Problems.NotFound("schedule", id);
    }

    private static IResult Show(PutResult result, ScheduleInfo schedule) => Results.Json(
        ScheduleView.From(schedule), FleetJson.Payload,
        statusCode: result == PutResult.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
}
