using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Actors;

namespace Fleet.Cli.Connection;

/// <summary>Nobody answers at the server's URL, or not in time, or not as Fleet would. Often passes by itself.</summary>
public sealed class ServerUnreachableException(string message) : CommandFailedException(message, ExitCode.Unreachable);

/// <summary>Somebody else changed the thing since it was read.</summary>
public sealed class ChangedMeanwhileException(string message, JsonElement? current)
    : CommandFailedException(message, ExitCode.Conflict)
{
    /// <summary>What is stored now; null when it was deleted.</summary>
    public JsonElement? Current { get; } = current;
}

/// <summary>The server of a command: turns every refusal and every failure into one line for people and an exit code. The requests are
/// those of <see cref="FleetServer"/>.</summary>
public sealed class FleetApi : IDisposable
{
    private readonly HttpClient _http;
    private readonly FleetServer _server;
    private readonly Func<CancellationToken, Task<string?>>? _readKey;
    private Task? _key;
    private bool _hasTold;

    /// <param name="server">The server's URL, with or without a path in front of <c>/api/v1</c>.</param>
    /// <param name="answerTime">How long an answer may take.</param>
    /// <param name="readKey">Reads the API key before the first request. Null: none is sent.</param>
    public FleetApi(Uri server, TimeSpan answerTime, Func<CancellationToken, Task<string?>>? readKey = null)
    {
        var options = new FleetClientOptions
        {
            Server = server,
            Timeout = answerTime,
            // A person sees the failure at once and decides.
            Retries = 0,
            User = ThisProcess.User is { Kind: ActorKind.Person } user ? user.Name : null,
        };
        _http = FleetHttp.Create(options);
        _readKey = readKey;
        _server = new FleetServer(() => _http, options, TimeProvider.System) { OnDeprecated = TellOnce };
    }

    /// <summary>One line for a command, however many requests it makes.</summary>
    private void TellOnce(string notice)
    {
        if (!_hasTold)
            Output.Remark($"Warning: {notice} A newer fleet may do without it.");
        _hasTold = true;
    }

    /// <summary>GET.</summary>
    /// <param name="path">Behind <c>/api/v1/</c>, with its query.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="CommandFailedException">The API refused; the message is its reason.</exception>
    /// <exception cref="ServerUnreachableException">Nobody answers.</exception>
    public Task<JsonElement> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, ct);

    /// <summary>POST, with a JSON body unless it is null. Throws as <see cref="GetAsync"/>.</summary>
    public Task<JsonElement> PostAsync(string path, byte[]? json, CancellationToken ct) => SendAsync(HttpMethod.Post, path, json, ct);

    /// <summary>PUT, with a JSON body. Throws as <see cref="GetAsync"/>.</summary>
    /// <param name="path">Behind <c>/api/v1/</c>, with its query.</param>
    /// <param name="json">The body.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="version">The version that is changed; <c>*</c> for any. Null: the server creates, and changes nothing.</param>
    /// <exception cref="ChangedMeanwhileException">Another version is stored.</exception>
    public Task<JsonElement> PutAsync(string path, byte[] json, CancellationToken ct, string? version = null) =>
        SendAsync(HttpMethod.Put, path, json, ct, version);

    /// <summary>DELETE. Throws as <see cref="PutAsync"/>.</summary>
    public Task<JsonElement> DeleteAsync(string path, CancellationToken ct, string? version = "*") =>
        SendAsync(HttpMethod.Delete, path, null, ct, version);

    /// <summary>The live events of the server. The listener connects again by itself, so ask for something else first: that fails when
    /// nobody answers.</summary>
    /// <exception cref="CommandFailedException">The API refused the stream.</exception>
    public IAsyncEnumerable<LiveEvent> ListenAsync(CancellationToken ct) => TranslateAsync(Events().ListenAsync(ct));

    /// <summary>The states of a run, to its end. As <see cref="ListenAsync"/>.</summary>
    public IAsyncEnumerable<RunChangeView> FollowAsync(RunId run, CancellationToken ct) => TranslateAsync(Events().FollowAsync(run, ct));

    /// <summary>Says when to look again at a run that a command waits for.</summary>
    internal RunEndSignal SignalEnd(RunId run, TimeProvider time) => new(Events(), run, time);

    /// <summary>Reads an answer's JSON as one of the known shapes.</summary>
    /// <exception cref="ServerUnreachableException">It has another shape: no Fleet server, or one of another version.</exception>
    public T Read<T>(JsonElement json, JsonTypeInfo<T> shape) where T : class
    {
        try
        {
            return json.Deserialize(shape) ?? throw Foreign();
        }
        catch (JsonException)
        {
            throw Foreign();
        }
    }

    /// <summary>The items of an answer that is a list.</summary>
    /// <exception cref="ServerUnreachableException">It is none.</exception>
    public JsonElement Items(JsonElement json) =>
        json.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array ? items : throw Foreign();

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(
        HttpMethod method, string path, byte[]? json, CancellationToken ct, string? version = null)
    {
        // Once, also when it fails: then no request goes without the key.
        await (_key ??= UseKeyAsync(ct));

        try
        {
            var answer = await _server.RepeatAsync(method, path, json, isRepeatable: method == HttpMethod.Get, ct, version);
            return answer.IsSuccess ? Parse(answer.Body) : throw Refusal(answer.Status, answer.Body);
        }
        catch (FleetServerException e)
        {
            var isAbsent = e.InnerException is HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError,
            };
            throw new ServerUnreachableException(isAbsent
                ? $"{e.Message.TrimEnd('.')}. Name another with --server or FLEET_SERVER, or start one with 'fleet dev'."
                : e.Message);
        }
    }

    private async Task UseKeyAsync(CancellationToken ct)
    {
        if (_readKey is not null && await _readKey(ct) is { } key)
            FleetHttp.UseKey(_http, key);
    }

    private LiveEventStream Events() => new(() => _http, TimeProvider.System);

    private static async IAsyncEnumerable<T> TranslateAsync<T>(IAsyncEnumerable<T> events)
    {
        await using var reader = events.GetAsyncEnumerator();
        while (true)
        {
            try
            {
                if (!await reader.MoveNextAsync())
                    yield break;
            }
            catch (FleetServerException e)
            {
                var isFleet = e.Status is not (null or HttpStatusCode.NotFound) || e.Code is not null;
                throw isFleet ? new CommandFailedException(e.Message, CodeOf(e.Status!.Value)) : new ServerUnreachableException(e.Message);
            }

            yield return reader.Current;
        }
    }

    private JsonElement Parse(byte[] body)
    {
        if (body.Length == 0)
            return JsonElement.Parse("{}");
        try
        {
            var json = JsonElement.Parse(body, new JsonDocumentOptions { MaxDepth = ApiJson.MaxDepth });
            return json.ValueKind == JsonValueKind.Object ? json : throw Foreign();
        }
        catch (JsonException)
        {
            throw Foreign();
        }
    }

    private CommandFailedException Refusal(HttpStatusCode status, byte[] body)
    {
        var problem = FleetServer.ReadProblem(body);
        var isForeign = status == HttpStatusCode.NotFound && problem?.Code is null;
        var reason = problem?.Detail ?? problem?.Title ?? (status is HttpStatusCode.NotFound
            ? $"The server at {_server.Shown} answered 404: it does not know this, or is no Fleet server. The URL of a program that "
                + "maps Fleet ends with that path, such as /fleet."
            : $"The server at {_server.Shown} answered {(int)status} {status}.");
        if (problem?.Code == "precondition_failed")
            return new ChangedMeanwhileException(reason, problem.Current);
        return isForeign || status is >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests
            ? new ServerUnreachableException(reason)
            : new CommandFailedException(reason, CodeOf(status));
    }

    private static ExitCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestEntityTooLarge => ExitCode.Usage,
        HttpStatusCode.NotFound or HttpStatusCode.Gone => ExitCode.NotFound,
        HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed or HttpStatusCode.PreconditionRequired => ExitCode.Conflict,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCode.Auth,
        _ => ExitCode.Failure,
    };

    private ServerUnreachableException Foreign() => new($"What answers at {_server.Shown} does not speak the API of this Fleet version.");
}
