using Fleet.Client;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class GetScheduleFiguresEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/figures", GetAsync).TakesQuery("from", "until").Produces<ScheduleFiguresView>()
            .WithName("getScheduleFigures");

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetScheduleFigures get, CancellationToken ct)
    {
        var query = new QueryString(http);
        var (from, until) = (RunRules.ReadInstant(query.Instant("from"), "from"), RunRules.ReadInstant(query.Instant("until"), "until"));
        return await get.ExecuteAsync(id, from, until, ct) is { } figures
            ? Results.Json(ToView(figures), FleetJson.Payload)
            : Problems.NotFound("schedule", id);
    }

    private static ScheduleFiguresView ToView(ScheduleFigures figures) => new()
    {
        From = figures.From,
        Until = figures.Until,
        Expected = figures.Expected,
        Fired = figures.Fired,
        Skipped = figures.Skipped,
        Canceled = figures.Canceled,
        Waiting = figures.Waiting,
        Missing = figures.Missing,
        FirstMissing = figures.FirstMissing,
        Unexpected = figures.Unexpected,
        Lateness = figures.Lateness is { } lateness
            ? new LatenessView
            {
                Median = lateness.Median,
                P99 = lateness.P99,
                Most = lateness.Most,
                Histogram = [.. lateness.Histogram.Select(b => new LatenessBucketView { Within = b.Within, Count = b.Count })],
            }
            : null,
    };
}
