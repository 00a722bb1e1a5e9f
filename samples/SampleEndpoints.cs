using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Samples;

/// <summary>What the samples talk to when nobody configures anything else.</summary>
public static class SampleEndpoints
{
    internal const string RecordsPath = "samples/records";
    internal const string SlowPath = "samples/slow";
    internal const string FlakyPath = "samples/flaky";

    private const int DefaultLimit = 100;
    private static readonly TimeSpan SlowDelay = TimeSpan.FromMilliseconds(800);

    /// <summary>Adds <c>/samples/records</c> (see <see cref="DemoFeed"/>), <c>/samples/slow</c> (answers after 0.8 s) and
    /// <c>/samples/flaky</c> (every third call is answered with 503). Needs a <see cref="TimeProvider"/> in the services.</summary>
    public static IEndpointRouteBuilder MapSampleEndpoints(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(RecordsPath, ReadRecords).ExcludeFromDescription();
        endpoints.MapGet(SlowPath, async (TimeProvider time, CancellationToken ct) =>
        {
            await Task.Delay(SlowDelay, time, ct);
            return Results.Ok(new { status = "slow" });
        }).ExcludeFromDescription();
        var calls = 0;
        endpoints.MapGet(FlakyPath, () => Interlocked.Increment(ref calls) % 3 == 0
            ? Results.Problem("Every third call fails.", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Ok(new { status = "ok" })).ExcludeFromDescription();
        return endpoints;
    }

    private static IResult ReadRecords(TimeProvider time, string? since = null, int limit = DefaultLimit)
    {
        long? after = null;
        if (!string.IsNullOrEmpty(since))
        {
            if (!long.TryParse(since, out var number) || number < 0)
                return Results.Problem(
                    "since: give the 'next' of an earlier page, or nothing.", statusCode: StatusCodes.Status400BadRequest);
            after = number;
        }

        return limit is < 1 or > DemoFeed.MaxLimit
            ? Results.Problem(
                $"limit: '{limit}' is not allowed; allowed is 1–{DemoFeed.MaxLimit}.", statusCode: StatusCodes.Status400BadRequest)
            : Results.Json(DemoFeed.Read(time.GetUtcNow(), after, limit), FleetJson.Payload);
    }
}
