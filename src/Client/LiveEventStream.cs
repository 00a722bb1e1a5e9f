using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fleet.Client;

/// <summary>Reads the event stream of a server: <c>GET /api/v1/events</c>.</summary>
/// <param name="connect">Gives an HTTP client whose base address is the server's, with a <c>/</c> at the end. It is not disposed.</param>
/// <param name="time">The clock.</param>
public sealed class LiveEventStream(Func<HttpClient> connect, TimeProvider time) : ILiveEvents
{
    private const string Path = "api/v1/events";

    private const int MaxWaits = 8;

    // The server sends something every 15 s.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private int _waits;

    /// <inheritdoc/>
    public IAsyncEnumerable<LiveEvent> ListenAsync(CancellationToken ct = default) => ListenAsync(Path, ct);

    /// <inheritdoc/>
    public async IAsyncEnumerable<RunChangeView> FollowAsync(RunId run, [EnumeratorCancellation] CancellationToken ct = default)
    {
        RunChangeView? last = null;
        await foreach (var happened in ListenAsync($"{Path}?run={run}", ct))
        {
            // A state may be told twice.
            if (happened is not RunEvent { Run: var now } || now == last)
                continue;
            yield return last = now;
            if (now.Ended)
                yield break;
        }
    }

    /// <summary>Listens on one connection until a run has ended.</summary>
    /// <returns>False if the server refuses the stream, or the connection was lost.</returns>
    internal async Task<bool> WaitForEndAsync(RunId run, CancellationToken ct)
    {
        // A server has a limited number of streams for all. Beyond these, a program asks in pauses.
        if (Interlocked.Increment(ref _waits) > MaxWaits)
        {
            Interlocked.Decrement(ref _waits);
            return false;
        }

        try
        {
            await foreach (var happened in ListenAsync($"{Path}?run={run}", ct))
            {
                if (happened is RunEvent { Run.Ended: true })
                    return true;
                if (happened is ConnectionLostEvent)
                    return false;
            }
        }
        catch (FleetServerException)
        {
            // It has no such run any more, or no events.
        }
        finally
        {
            Interlocked.Decrement(ref _waits);
        }

        return false;
    }

    private async IAsyncEnumerable<LiveEvent> ListenAsync(string path, [EnumeratorCancellation] CancellationToken ct)
    {
        var (lastId, pause) = ((string?)null, FirstPause);
        while (true)
        {
            string? problem;
            var (response, wait, reason) = await OpenAsync(path, lastId, ct);
            if (response is null)
            {
                problem = reason;
                pause = wait ?? pause;
            }
            else
            {
                pause = FirstPause;
                using var quiet = CancellationTokenSource.CreateLinkedTokenSource(ct);
                using (response)
                {
                    var parser = SseParser.Create<LiveEvent?>(await response.Content.ReadAsStreamAsync(ct), Parse);
                    await using var events = parser.EnumerateAsync(quiet.Token).GetAsyncEnumerator(quiet.Token);
                    while (true)
                    {
                        quiet.CancelAfter(Silence);
                        var (goesOn, error) = await MoveAsync(events, ct);
                        if (!goesOn)
                        {
                            problem = error;
                            break;
                        }

                        lastId = parser.LastEventId is { Length: > 0 } id ? id : lastId;
                        if (events.Current.Data is { } happened)
                            yield return happened;
                    }
                }
            }

            yield return new ConnectionLostEvent(problem ?? "The server ended the stream.");
            await Task.Delay(pause, time, ct);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<(HttpResponseMessage? Response, TimeSpan? Wait, string? Problem)> OpenAsync(
        string path, string? lastId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/problem+json"));
        if (lastId is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Silence);
        try
        {
            var response = await connect().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response is { StatusCode: HttpStatusCode.OK, Content.Headers.ContentType.MediaType: "text/event-stream" })
                return (response, null, null);
            using (response)
                return await RefuseAsync(response, ct);
        }
        catch (HttpRequestException e)
        {
            return (null, null, e.InnerException?.Message ?? e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (null, null, "The server did not answer in time.");
        }
    }

    private static async Task<(HttpResponseMessage? Response, TimeSpan? Wait, string? Problem)> RefuseAsync(
        HttpResponseMessage response, CancellationToken ct)
    {
        var problem = FleetServer.ReadProblem(await response.Content.ReadAsByteArrayAsync(ct));
        var reason = problem?.Detail ?? problem?.Title
            ?? string.Create(CultureInfo.InvariantCulture, $"The server answered {(int)response.StatusCode}: no event stream is there.");
        return response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
            ? (null, response.Headers.RetryAfter?.Delta, reason)
            : throw new FleetServerException(reason, code: problem?.Code, status: response.StatusCode);
    }

    private static async Task<(bool GoesOn, string? Problem)> MoveAsync(
        IAsyncEnumerator<SseItem<LiveEvent?>> events, CancellationToken ct)
    {
        try
        {
            return (await events.MoveNextAsync(), null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (false, e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (false, "The server has been silent for too long.");
        }
        catch (JsonException e)
        {
            throw new FleetServerException("What answers does not speak the API of this version of Fleet.", e);
        }
    }

    /// <summary>Null for an event that is of no interest, or that a newer server has.</summary>
    private static LiveEvent? Parse(string name, ReadOnlySpan<byte> data) => name switch
    {
        "figures" => new FiguresEvent(Read(data, ApiJson.Default.LiveFiguresView)),
        "changes" => new ChangesEvent(Read(data, ApiJson.Default.ChangesView)),
        "run" => new RunEvent(Read(data, ApiJson.Default.RunChangeView)),
        "resync" => new ResyncEvent(Read(data, ApiJson.Default.ResyncView).Reason),
        _ => null,
    };

    private static T Read<T>(ReadOnlySpan<byte> data, JsonTypeInfo<T> shape) where T : class =>
        JsonSerializer.Deserialize(data, shape) ?? throw new JsonException();
}
