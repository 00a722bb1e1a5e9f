using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class GetScheduleFiguresEndpoints
{
    private static readonly InstantParameter From = new("from", "Fire times from this instant on. Left out: a day before `until`.");
    private static readonly InstantParameter Until = new("until", "Fire times before this instant. Left out: now.");

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/figures", GetAsync).Declare(new("getScheduleFigures", "Counts the fire times of a schedule by outcome.")
        {
            Permission = Permission.View,
            Parameters = [CommonParameters.ScheduleId, From, Until],
            Answers = [AnswerContract.Of<ScheduleFiguresView>("The counts, and how late the runs started.")],
            Problems = ["not_found", "invalid_range", "range_too_long"],
        });

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetScheduleFigures get, CancellationToken ct)
    {
        return await get.ExecuteAsync(id, From.Find(http), Until.Find(http), ct) is { } figures
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
