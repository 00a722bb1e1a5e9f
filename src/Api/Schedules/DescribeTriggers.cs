using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

/// <summary>Says what a trigger means while somebody writes it: nothing is stored.</summary>
internal static class DescribeTriggersEndpoints
{
    private static readonly TextParameter Cron = new("cron", "A cron expression of 5, 6 or 7 fields, or a macro such as `@hourly`.")
    {
        Example = "0 2 * * *",
    };

    private static readonly TextParameter Every = new("every", "A period, such as `15s`, `PT5M` or `00:05:00`.");
    private static readonly InstantParameter Anchor = new("anchor", "The instant from which the multiples of `every` are counted.");
    private static readonly InstantParameter At = new("at", "The instant of a schedule that fires once.");
    private static readonly TextParameter Zone = new("zone", "The IANA time zone of `cron`. Left out: UTC.") { Example = "Europe/Berlin" };
    private static readonly InstantParameter StartsAt = new("startsAt", "Nothing fires before this instant.");
    private static readonly InstantParameter EndsAt = new("endsAt", "Nothing fires after this instant.");

    private static readonly TextParameter Exclude =
        new("exclude", "Dates on which nothing fires, with commas between them: `2026-12-24`, `2026-12-24..2027-01-02`, `12-25`.");

    private static readonly TextParameter Jitter =
        new("jitter", "A period over which schedules that fire together are spread, such as `5m`.");

    private static readonly NumberParameter Count =
        new("count", "The maximum number of fire times in the answer.", 1, 1000) { Default = 5, Example = "3" };

    private static readonly InstantParameter After = new("after", "Fire times after this instant. Left out: now.")
    {
        Earliest = DateTimeOffset.MinValue,
    };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/triggers/describe", Describe).Declare(new("describeTrigger", "Says in words what a trigger means, and when it fires.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Everything,
            Description = "Nothing is stored. Exactly one of `cron`, `every` and `at` is given. For an `at` in the past, `items` is empty; "
                + "`putSchedule` refuses it.",
            Parameters = [Cron, Every, Anchor, At, Zone, StartsAt, EndsAt, Exclude, Jitter, Count, After],
            Answers = [AnswerContract.Of<TriggerView>("The trigger in words, and its next fire times.")],
            Problems = ["invalid_range", "never_fires", "zone_without_effect", .. PutSchedulesEndpoints.TriggerCodes],
        });

    private static IResult Describe(HttpContext http, TimeProvider time)
    {
        var count = Count.Of(http);
        var after = PreviewRange.StartOf(After.Find(http), "after", time.GetUtcNow());
        var spec = new TriggerSpec
        {
            Cron = Cron.Find(http),
            Every = Every.Find(http),
            Anchor = Anchor.Find(http),
            At = At.Find(http),
            Zone = Zone.Find(http),
            StartsAt = StartsAt.Find(http),
            EndsAt = EndsAt.Find(http),
            Exclude = Exclude.Find(http)?.Split(','),
            Jitter = Jitter.Find(http),
        };
        var errors = new InputErrors();
        var trigger = Trigger.Parse(spec, "", errors);
        if (!errors.Has("trigger"))
            errors.Add(ScheduleRules.CheckZone(spec));
        errors.ThrowIfAny();

        return Results.Json(
            new TriggerView
            {
                Words = TriggerWords.Of(spec),
                Zone = spec.Zone,
                Items = ScheduleViews.NextFireTimes(trigger!, spec.Jitter is null ? spec.Cron : null, spec.Zone, after, count),
                Warnings = spec.ToWarnings(),
            },
            FleetJson.Payload);
    }
}
