using Fleet.Api.Access;
using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Live;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Events;

/// <summary>The events of the fleet as server-sent events. The frames are written here because the results of ASP.NET Core send no
/// heartbeats.</summary>
internal static class GetEventsEndpoints
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private static readonly EventTopicsParameter Topics =
        new("topics", "What to listen to, with commas between: `figures`, `changes`. Left out: both, or with `run` neither.")
        {
            Example = "figures,changes",
        };

    private static readonly RunIdsParameter Runs = new(
        "run", "The ids of runs to follow, with commas between them; at most 20. An id that is unknown is 404.");

    private static readonly TextParameter LastEventId =
        new("Last-Event-ID", "The id of the last event that the client has seen. The answer goes on there, or begins with `resync`.")
        {
            Place = ParameterPlace.Header,
        };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/events", StreamAsync).Declare(new("streamEvents", "Streams what the fleet is doing, and what changes in it.")
        {
            Permission = Permission.Follow,
            Bound = BoundAnswer.Filtered,
            Description = EventDescription.Text,
            Parameters = [Topics, Runs, LastEventId],
            Answers =
            [
                AnswerContract.Raw("text/event-stream", "The events.") with
                {
                    Events = EventDescription.Events,
                    Example = EventDescription.Example,
                },
            ],
            Problems = ["not_found", "too_many_streams"],
        });

    private static async Task<IResult> StreamAsync(
        HttpContext http, EventHub hub, FollowRuns follow, BoundAccess bound, Admission admission, CancellationToken ct)
    {
        var runs = Runs.Of(http);
        var topics = Topics.Find(http) ?? (runs.Count > 0 ? EventTopics.None : EventTopics.Figures | EventTopics.Changes);
        if (runs.Count > 0)
            topics |= EventTopics.Run;
        if (await RefuseAsync(http, topics, runs, bound, ct) is { } refused)
            return refused;
        var known = new Dictionary<RunId, FollowedRun>();
        if (runs.Count > 0)
        {
            known = await follow.ExecuteAsync(runs, ct);
            if (runs.FirstOrDefault(id => !known.ContainsKey(id)) is { Value: var unknown } && unknown != Guid.Empty)
                return Problems.NotFound("run", new RunId(unknown).ToString());
        }

        if (hub.Subscribe(topics, runs, LastEventId.Find(http), known) is not { } subscription)
        {
            return Problems.Busy(
                http, StatusCodes.Status503ServiceUnavailable, "too_many_streams",
                $"This process has as many event streams as it allows ({EventHub.MaxSubscribers}, which follow at most "
                    + $"{EventHub.MaxFollowed} runs), or it is about to stop.",
                RetryAfter);
        }

        await using var admitted = admission.Watch(http);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, admitted.Token);
            await WriteAsync(http, subscription, either.Token);
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

    /// <summary>The refusal of what the caller may not follow; null for any other request.</summary>
    private static async Task<IResult?> RefuseAsync(
        HttpContext http, EventTopics topics, IReadOnlyCollection<RunId> runs, BoundAccess bound, CancellationToken ct)
    {
        var who = Admission.PrincipalOf(http);
        if (!BoundAccess.Concerns(who))
            return null;
        if (topics != EventTopics.Run)
        {
            return Problems.Make(
                StatusCodes.Status403Forbidden, "forbidden",
                $"{who.Name} may follow runs of its own, and no figures and changes of the fleet: give their ids as 'run'.");
        }

        foreach (var id in runs)
        {
            if (!await bound.IsTheirRunAsync(id.ToString(), who, ct))
                return Problems.NotFound("run", id.ToString());
        }

        return null;
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
}
