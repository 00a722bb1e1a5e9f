using Fleet.Client;
using Fleet.Core.Rules;
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
    private const int MaxTimes = 1000;
    private const int ByDefault = 5;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/triggers/describe", Describe)
            .TakesQuery("cron", "every", "anchor", "at", "zone", "startsAt", "endsAt", "exclude", "jitter", "count", "after")
            .Produces<TriggerView>().WithName("describeTrigger");

    private static IResult Describe(HttpContext http, TimeProvider time)
    {
        var query = new QueryString(http);
        var count = (int)(query.Number("count", 1, MaxTimes) ?? ByDefault);
        var after = PreviewRange.ReadStart(query.Instant("after"), "after", time.GetUtcNow());
        var spec = new TriggerSpec
        {
            Cron = query.Text("cron"),
            Every = query.Text("every"),
            Anchor = RunRules.ReadInstant(query.Instant("anchor"), "anchor"),
            At = RunRules.ReadInstant(query.Instant("at"), "at"),
            Zone = query.Text("zone"),
            StartsAt = RunRules.ReadInstant(query.Instant("startsAt"), "startsAt"),
            EndsAt = RunRules.ReadInstant(query.Instant("endsAt"), "endsAt"),
            Exclude = query.Text("exclude")?.Split(','),
            Jitter = query.Text("jitter"),
        };
        if (!Trigger.TryParse(spec, out var trigger, out var error) || !Zones.TryFind(spec.Zone, out var zone, out error))
            throw new InvalidRunException(error);

        var times = trigger.Between(after, DateTimeOffset.MaxValue).Take(count).ToList();
        var effects = ClockEffects.ByFireTime(trigger, spec.Jitter is null ? spec.Cron : null, spec.Zone, times);
        return Results.Json(
            new TriggerView
            {
                Words = TriggerWords.Of(spec),
                Zone = spec.Zone,
                Items =
                [
                    .. times.Select(t => new FireTimeView
                    {
                        At = t.ToUniversalTime(),
                        Local = TimeZoneInfo.ConvertTime(t, zone),
                        ClockEffect = effects.GetValueOrDefault(t)?.ToView(),
                    }),
                ],
                Warnings = spec.ToWarnings(),
            },
            FleetJson.Payload);
    }
}
