using Fleet.Client;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class PutSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPut("/schedules/{id}", PutAsync).TakesBody<PutScheduleBody>("dryRun").Produces<ScheduleView>().WithName("putSchedule");

    private static async Task<IResult> PutAsync(
        string id, HttpContext http, PutSchedules put, GetSchedules get, CancellationToken ct)
    {
        var isDryRun = new QueryString(http).Flag("dryRun");
        var expected = Preconditions.Read(http);
        var body = await RequestBody.ReadAsync<PutScheduleBody>(http, RequestBody.MaxSingle, ct);
        return await Preconditions.AnsweringAsync(
            async () =>
            {
                if (isDryRun)
                {
                    // Changes nothing, so it need not say what it expects.
                    var (outcome, row) = await put.TryAsync(
                        body.ToRequest(id), "api", Caller.Of(http), ct, expected == Expected.Unsaid ? null : expected);
                    var described = await get.DescribeAsync(row, lastFireTime: null, lastStartedAt: null, ct);
                    return Results.Json(described.ToView(), FleetJson.Payload, statusCode: StatusOf(outcome));
                }

                var result = await put.ExecuteAsync(body.ToRequest(id), "api", Caller.Of(http), CancellationToken.None, expected);
                // Deleted by somebody else in this very moment: what was put is gone.
                return await get.FindAsync(id, ct) is { } schedule
                    ? Tagged.Show(http, schedule.ToView(), schedule.Row.EditVersion(), StatusOf(result))
                    : Problems.NotFound("schedule", id);
            },
            http,
            () => get.FindTaggedAsync(id, ct));
    }

    private static int StatusOf(PutResult result) =>
        result == PutResult.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;

    /// <exception cref="InvalidRunException">A field cannot be read.</exception>
    public static ScheduleRequest ToRequest(this PutScheduleBody body, string id) => new()
    {
        Id = id,
        Job = body.Job is { Length: > 0 } name
            ? name
            : throw new InvalidRunException(
                new InputError("missing_field", "job", "job: it is missing; it names the job to run.", null, "a job's name")),
        Args = ArgsText.From(body.Args),
        Lane = body.Lane,
        MaxAttempts = body.MaxAttempts,
        Tags = body.Tags,
        MaxOccurrences = body.MaxOccurrences,
        Misfire = body.Misfire,
        MisfireDeadline = body.MisfireDeadline,
        Overlap = body.Overlap,
        Labels = body.Labels,
        Trigger = new TriggerSpec
        {
            Cron = body.Cron,
            Every = body.Every,
            Anchor = RunRules.ReadInstant(body.Anchor, "anchor"),
            At = RunRules.ReadInstant(body.At, "at"),
            Zone = body.Zone,
            StartsAt = RunRules.ReadInstant(body.StartsAt, "startsAt"),
            EndsAt = RunRules.ReadInstant(body.EndsAt, "endsAt"),
            Exclude = body.Exclude,
            Jitter = body.Jitter,
        },
    };
}
