using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.Schedules;

internal static class PutSchedulesEndpoints
{
    public const string Example =
        """{"job":"diag.echo","args":{"text":"good night"},"cron":"0 2 * * *","zone":"Europe/Berlin","labels":{"team":"billing"}}""";

    /// <summary>The codes of triggers that cannot be read.</summary>
    public static readonly string[] TriggerCodes =
    [
        "invalid_instant", "invalid_trigger", "invalid_cron", "invalid_every", "invalid_exclude", "invalid_jitter", "invalid_window",
        "unknown_zone",
    ];

    public static readonly string[] Codes =
    [
        "missing_field", "unknown_job", "invalid_argument", "unknown_argument", "missing_argument", "duplicate_argument", "unknown_secret",
        "args_too_large", "invalid_text", "invalid_lane", "too_many_lanes", "invalid_tags", "invalid_max_attempts",
        "invalid_max_occurrences", "invalid_misfire_deadline", "invalid_labels", "invalid_name", "zone_without_effect", "never_fires",
        .. TriggerCodes,
    ];

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPut("/schedules/{id}", PutAsync).Declare(new("putSchedule", "Creates or changes a schedule.")
        {
            Permission = Permission.Operate,
            Bound = BoundAnswer.Filtered,
            Description = "The body is the whole definition: what it leaves out gets its default. An edit revokes the planned runs and "
                + "plans from now on with the new definition. Putting the same definition again changes nothing. A new schedule needs no "
                + "`If-Match`; an edit does.",
            Parameters =
            [
                CommonParameters.ScheduleId, CommonParameters.DryRun, CommonParameters.IfMatch, CommonParameters.IfNoneMatch,
            ],
            Body = BodyContract.Of<PutScheduleBody>(Example, CheckAsync),
            Answers =
            [
                AnswerContract.OfTagged<ScheduleView>(
                    "The schedule was changed, or had this definition before. With `dryRun`: it would be."),
                AnswerContract.OfTagged<ScheduleView>("The schedule is new. With `dryRun`: it would be.", StatusCodes.Status201Created),
            ],
            Problems = [.. Codes, "precondition_required"],
        });

    /// <summary>Reads the definition in a request.</summary>
    /// <exception cref="InvalidRunException">A field cannot be read.</exception>
    public static async Task<ScheduleRequest> ReadAsync(HttpContext http, string id, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<PutScheduleBody>(http, ct);
        var errors = new InputErrors();
        var request = ToRequest(body, id, errors);
        if (!errors.AreNone)
            await AddOthersAsync(http, request, errors);
        errors.ThrowIfAny();
        return request;
    }

    /// <summary>Finds what is wrong with a definition.</summary>
    public static async ValueTask CheckAsync(HttpContext http, PutScheduleBody body, InputErrors errors) =>
        await AddOthersAsync(http, ToRequest(body, CommonParameters.ScheduleId.Of(http), errors), errors);

    private static async Task<IResult> PutAsync(
        string id, HttpContext http, PutSchedules put, GetSchedules get, CancellationToken ct)
    {
        var expected = Preconditions.Read(http);
        var request = await ReadAsync(http, id, ct);
        return await Preconditions.AnsweringAsync(
            async () =>
            {
                if (CommonParameters.DryRun.Of(http))
                {
                    var (outcome, row) = await put.TryAsync(request, "api", Caller.Of(http), ct, expected);
                    var described = await get.DescribeAsync(row, lastFireTime: null, lastStartedAt: null, ct);
                    return Results.Json(described.ToView(), FleetJson.Payload, statusCode: StatusOf(outcome));
                }

                var result = await put.ExecuteAsync(request, "api", Caller.Of(http), CancellationToken.None, expected);
                // Deleted by somebody else in this very moment: what was put is gone.
                return await get.FindTaggedAsync(id, ct) is { } schedule
                    ? schedule.Show(http, StatusOf(result))
                    : Problems.NotFound("schedule", id);
            },
            http,
            () => get.FindTaggedAsync(id, ct));
    }

    /// <summary>Of a request that is refused anyway: what else would refuse it.</summary>
    private static async Task AddOthersAsync(HttpContext http, ScheduleRequest request, InputErrors errors)
    {
        foreach (var error in await http.RequestServices.GetRequiredService<PutSchedules>().CheckAsync(request, http.RequestAborted))
        {
            // A text that could not be read is missing in the request.
            if (!errors.Has(error.Field) && error is not { Code: "invalid_trigger", Value: null })
                errors.Add(error);
        }
    }

    private static int StatusOf(PutResult result) =>
        result == PutResult.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;

    private static ScheduleRequest ToRequest(PutScheduleBody body, string id, InputErrors errors)
    {
        if (body.Job is not { Length: > 0 })
            errors.Add(new InputError("missing_field", "job", "job: it is missing; it names the job to run.", null, "a job's name"));
        var args = "{}";
        try
        {
            args = ArgsText.From(body.Args);
        }
        catch (InvalidRunException e)
        {
            errors.Add(e);
        }

        errors.Add(RunRules.TryReadInstant(body.Anchor, "anchor", out var anchor));
        errors.Add(RunRules.TryReadInstant(body.At, "at", out var at));
        errors.Add(RunRules.TryReadInstant(body.StartsAt, "startsAt", out var startsAt));
        errors.Add(RunRules.TryReadInstant(body.EndsAt, "endsAt", out var endsAt));
        return new()
        {
            Id = id,
            Job = body.Job ?? "",
            Args = args,
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
                Anchor = anchor,
                At = at,
                Zone = body.Zone,
                StartsAt = startsAt,
                EndsAt = endsAt,
                Exclude = body.Exclude,
                Jitter = body.Jitter,
            },
        };
    }
}
