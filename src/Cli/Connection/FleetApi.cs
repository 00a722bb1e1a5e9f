using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Client;
using Fleet.Core.Actors;
using Fleet.Core.Text;

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

/// <summary>Fleet's HTTP API: sends requests and turns every failure into one line for people.</summary>
public sealed class FleetApi : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _shown;

    /// <param name="server">The server's URL, with or without a path in front of <c>/api/v1</c>.</param>
    /// <param name="answerTime">How long an answer may take.</param>
    public FleetApi(Uri server, TimeSpan answerTime)
    {
        // A proxy in the environment is meant for the internet and knows nothing of our loopback.
        var handler = new SocketsHttpHandler { UseProxy = !server.IsLoopback, ConnectTimeout = TimeSpan.FromSeconds(5) };
        // The server reads UTF-8. By default a name that is not ASCII would fail every request.
        handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8;
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri(server.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"),
            Timeout = answerTime,
        };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        // A name that the server would refuse is left out.
        if (ThisProcess.User is { Kind: ActorKind.Person } user)
            _http.DefaultRequestHeaders.TryAddWithoutValidation("X-Fleet-User", user.Name);
        _shown = Secrets.HideInUri(server.GetLeftPart(UriPartial.Path).TrimEnd('/'));
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
    public Task<JsonElement> DeleteAsync(string path, CancellationToken ct, string version = "*") =>
        SendAsync(HttpMethod.Delete, path, null, ct, version);

    /// <summary>The live events of the server. The listener connects again by itself, so ask for something else first: that fails when
    /// nobody answers.</summary>
    public LiveEventStream Events() => new(() => _http, TimeProvider.System);

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
        using var request = new HttpRequestMessage(method, new Uri("api/v1/" + path, UriKind.Relative));
        if (json is not null)
            request.Content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (version is not null)
            request.Headers.TryAddWithoutValidation("If-Match", version == "*" ? version : $"\"{version}\"");
        try
        {
            using var response = await _http.SendAsync(request, ct);
            var body = await response.Content.ReadAsByteArrayAsync(ct);
            return response.IsSuccessStatusCode ? Parse(body) : throw Refusal(response.StatusCode, body);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            throw new ServerUnreachableException(
                $"No Fleet server answers at {_shown}; name another with --server or FLEET_SERVER, or start one with 'fleet dev'.");
        }
        catch (HttpRequestException e)
        {
            throw new ServerUnreachableException($"The connection to {_shown} failed: {e.InnerException?.Message ?? e.Message}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new ServerUnreachableException($"The server at {_shown} did not answer within {_http.Timeout.TotalSeconds:0} s.");
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
        var problem = ReadProblem(body);
        var isForeign = status == HttpStatusCode.NotFound && problem?.Code is null;
        var reason = problem?.Detail ?? problem?.Title ?? (status is HttpStatusCode.NotFound
            ? $"The server at {_shown} answered 404: it does not know this, or is no Fleet server. The URL of a program that maps Fleet "
                + "ends with that path, such as /fleet."
            : $"The server at {_shown} answered {(int)status} {status}.");
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

    private static ProblemView? ReadProblem(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ApiJson.Default.ProblemView);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private ServerUnreachableException Foreign() => new($"What answers at {_shown} does not speak the API of this Fleet version.");
}
