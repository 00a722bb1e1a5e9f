using System.Globalization;
using Fleet.Core.Live;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Events;

/// <summary>The events of the fleet as server-sent events. The frames are written here because the results of ASP.NET Core send no
/// heartbeats.</summary>
internal static class GetEventsEndpoints
{
    private const int MaxRuns = 20;
    private const int RetryAfterSeconds = 5;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/events", StreamAsync).TakesQuery("topics", "run").Produces(StatusCodes.Status200OK, null, "text/event-stream")
            .WithName("streamEvents");

    private static async Task<IResult> StreamAsync(HttpContext http, EventHub hub, FollowRuns follow, CancellationToken ct)
    {
        var query = new QueryString(http);
        var runs = ReadRuns(query.Text("run"));
        var topics = ReadTopics(query.Text("topics"), hasRuns: runs.Count > 0);
        var known = new Dictionary<RunId, FollowedRun>();
        if (runs.Count > 0)
        {
            known = await follow.ExecuteAsync(runs, ct);
            if (runs.FirstOrDefault(id => !known.ContainsKey(id)) is { Value: var unknown } && unknown != Guid.Empty)
                return Problems.NotFound("run", new RunId(unknown).ToString());
        }

        var lastEventId = http.Request.Headers["Last-Event-ID"].ToString();
        if (hub.Subscribe(topics, runs, lastEventId.Length == 0 ? null : lastEventId) is not { } subscription)
        {
            http.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            return Problems.Make(
                StatusCodes.Status503ServiceUnavailable, "too_many_streams",
                $"This process has as many event streams as it allows ({EventHub.MaxSubscribers}, which follow at most "
                    + $"{EventHub.MaxFollowed} runs), or it is about to stop.");
        }

        foreach (var (id, run) in known)
            subscription.Send(EventHub.Show(id, run));
        try
        {
            await WriteAsync(http, subscription, ct);
        }
        catch (OperationCanceledException)
        {
            // The client is gone, or is too slow and was cut off.
            http.Abort();
        }
        finally
        {
            hub.Unsubscribe(subscription);
        }

        return Results.Empty;
    }

    private static async Task WriteAsync(HttpContext http, EventSubscription subscription, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, subscription.Cut);
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var response = http.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // A proxy such as nginx passes on what comes, as it comes.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.Body.WriteAsync(EventFrame.Hello, either.Token);
        await response.Body.FlushAsync(either.Token);
        while (await subscription.Frames.WaitToReadAsync(either.Token))
        {
            while (subscription.Frames.TryRead(out var frame))
                await response.Body.WriteAsync(frame.Bytes, either.Token);
            await response.Body.FlushAsync(either.Token);
        }
    }

    private static HashSet<RunId> ReadRuns(string? text)
    {
        var runs = new HashSet<RunId>();
        foreach (var part in text?.Split(',') ?? [])
        {
            if (!RunId.TryParse(part, out var id))
                throw new InvalidRunException(RunRules.Invalid("invalid_run", "run", part, "ids of runs, separated by commas"));
            runs.Add(id);
        }

        return runs.Count <= MaxRuns
            ? runs
            : throw new InvalidRunException(RunRules.Invalid("invalid_run", "run", $"{runs.Count} runs", $"at most {MaxRuns} runs"));
    }

    private static EventTopics ReadTopics(string? text, bool hasRuns)
    {
        var topics = hasRuns ? EventTopics.Run : EventTopics.None;
        if (text is null)
            return hasRuns ? topics : EventTopics.Figures | EventTopics.Changes;
        foreach (var part in text.Split(','))
        {
            topics |= part switch
            {
                "figures" => EventTopics.Figures,
                "changes" => EventTopics.Changes,
                _ => throw new InvalidRunException(RunRules.Invalid("invalid_topics", "topics", part, "figures, changes")),
            };
        }

        return topics;
    }
}
