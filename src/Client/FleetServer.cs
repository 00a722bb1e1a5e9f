using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fleet.Client;

/// <summary>Sends requests to a Fleet server, repeats those that may be repeated, and turns refusals into exceptions.</summary>
/// <param name="http">The HTTP client, which is asked for at each request.</param>
/// <param name="options">Where the server is, and how long to wait for it.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetServer(Func<HttpClient> http, FleetClientOptions options, TimeProvider time)
{
    /// <summary>The name of the HTTP client at the factory.</summary>
    public const string HttpClientName = "Fleet";

    /// <summary>The request changes what is stored, in any version.</summary>
    public const string AnyVersion = "*";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Is told in a sentence of each answer that says that its operation is deprecated.</summary>
    public Action<string>? OnDeprecated { get; init; }

    /// <summary>The address, without user and password.</summary>
    public string Shown => ServerAddress.Show(options.Server!);

    /// <summary>GET. Null when the server does not know the thing.</summary>
    public Task<T?> GetAsync<T>(string path, JsonTypeInfo<T> shape, CancellationToken ct) where T : class =>
        SendAsync(HttpMethod.Get, path, body: null, shape, isRepeatable: true, ct);

    /// <summary>POST with a body. Null when the server does not know the thing.</summary>
    /// <param name="path">Behind <c>/api/v1/</c>.</param>
    /// <param name="body">The JSON; null for none.</param>
    /// <param name="shape">The type of the answer.</param>
    /// <param name="isRepeatable">True when a second request with this body changes nothing more.</param>
    /// <param name="ct">Gives up.</param>
    public Task<T?> PostAsync<T>(string path, byte[]? body, JsonTypeInfo<T> shape, bool isRepeatable, CancellationToken ct)
        where T : class => SendAsync(HttpMethod.Post, path, body, shape, isRepeatable, ct);

    /// <summary>PUT with a body. Null when the server does not know the thing.</summary>
    /// <param name="path">Behind <c>/api/v1/</c>.</param>
    /// <param name="body">The JSON.</param>
    /// <param name="shape">The type of the answer.</param>
    /// <param name="isMatch">True to change what is stored, in any version. Else the server only creates.</param>
    /// <param name="ct">Gives up.</param>
    public Task<T?> PutAsync<T>(string path, byte[] body, JsonTypeInfo<T> shape, bool isMatch, CancellationToken ct) where T : class =>
        SendAsync(HttpMethod.Put, path, body, shape, isRepeatable: true, ct, isMatch ? AnyVersion : null);

    /// <summary>DELETE.</summary>
    /// <param name="path">Behind <c>/api/v1/</c>.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="match">The version that is deleted; null for a thing without versions.</param>
    /// <returns>False when the server does not know the thing.</returns>
    public async Task<bool> DeleteAsync(string path, CancellationToken ct, string? match = AnyVersion)
    {
        var answer = await RepeatAsync(HttpMethod.Delete, path, body: null, isRepeatable: true, ct, match);
        return answer.IsSuccess || (IsNotFound(answer) ? false : throw Refusal(answer));
    }

    /// <summary>What answers is not Fleet, or a version of it that speaks otherwise.</summary>
    public FleetServerException Foreign(Exception? inner = null) =>
        new($"What answers at {Shown} does not speak the API of this version of Fleet.", inner);

    private async Task<T?> SendAsync<T>(
        HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> shape, bool isRepeatable, CancellationToken ct, string? match = null)
        where T : class
    {
        var answer = await RepeatAsync(method, path, body, isRepeatable, ct, match);
        if (!answer.IsSuccess)
            return IsNotFound(answer) ? null : throw Refusal(answer);
        try
        {
            return JsonSerializer.Deserialize(answer.Body, shape) ?? throw Foreign();
        }
        catch (JsonException e)
        {
            throw Foreign(e);
        }
    }

    /// <summary>Sends a request, again if it may be repeated, and returns what was answered, also a refusal.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Behind <c>/api/v1/</c>.</param>
    /// <param name="body">The JSON; null for none.</param>
    /// <param name="isRepeatable">True when a second request with this body changes nothing more.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="match">The version that the request is about; <see cref="AnyVersion"/>; null when it says nothing about it.</param>
    /// <exception cref="FleetServerException">Nobody answers, or not in time.</exception>
    public async Task<Answer> RepeatAsync(
        HttpMethod method, string path, byte[]? body, bool isRepeatable, CancellationToken ct, string? match = null)
    {
        var pause = FirstPause;
        for (var attempt = 0; ; attempt++)
        {
            TimeSpan? retryAfter = null;
            var longest = LongestPause;
            try
            {
                var answer = await SendAsync(method, path, body, match, ct);
                // What a limit refuses was not begun, so it may always be repeated.
                var isLimited = answer.Status == HttpStatusCode.TooManyRequests;
                var mayRepeat = isLimited || (isRepeatable && answer.Status == HttpStatusCode.ServiceUnavailable);
                if (!mayRepeat || attempt == options.Retries || (isLimited && answer.RetryAfter > options.Timeout))
                    return answer;
                retryAfter = answer.RetryAfter;
                longest = isLimited ? options.Timeout : LongestPause;
            }
            catch (HttpRequestException e)
            {
                // A request that never left this process may always be repeated.
                var wasSent = e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError);
                if ((wasSent && !isRepeatable) || attempt == options.Retries)
                    throw Away(e, wasSent && method != HttpMethod.Get);
            }
            catch (TimeoutException e)
            {
                if (!isRepeatable || attempt == options.Retries)
                    throw TimedOut(e, method != HttpMethod.Get);
            }

            var wanted = retryAfter ?? pause;
            await Task.Delay(wanted < longest ? wanted : longest, time, ct);
            pause *= 2;
        }
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, byte[]? body, string? match, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, new Uri("api/v1/" + path, UriKind.Relative));
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match == AnyVersion ? match : $"\"{match}\"");
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var response = await http().SendAsync(request, either.Token);
            if (OnDeprecated is not null && DeprecationNotice.Read(method, path, response.Headers) is { } notice)
                OnDeprecated(notice);
            return new Answer(
                response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token), response.Headers.RetryAfter?.Delta);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested && limit.IsCancellationRequested)
        {
            throw new TimeoutException(null, e);
        }
    }

    private FleetServerException Away(HttpRequestException e, bool isUnknown) => new(
        $"No Fleet server answers at {Shown}: {e.InnerException?.Message ?? e.Message}{Unknown(isUnknown)}", e);

    private FleetServerException TimedOut(TimeoutException e, bool isUnknown) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"The Fleet server at {Shown} did not answer within {options.Timeout.TotalSeconds:0.#} s.{Unknown(isUnknown)}"),
        e);

    private static string Unknown(bool isUnknown) => isUnknown ? " It is not known whether it made the change." : "";

    private static bool IsNotFound(Answer answer) =>
        answer.Status == HttpStatusCode.NotFound && ReadProblem(answer.Body)?.Code == "not_found";

    /// <summary>The exception that a client in the server's process would get.</summary>
    private Exception Refusal(Answer answer)
    {
        var problem = ReadProblem(answer.Body);
        var message = problem?.Detail ?? problem?.Title;
        if (problem?.Code is not { } code || message is null)
        {
            return answer.Status == HttpStatusCode.NotFound
                ? Foreign()
                : new FleetServerException($"The server at {Shown} answered {(int)answer.Status} {answer.Status}.");
        }

        if (code == "idempotency_conflict" && problem.Value is { } key && RunId.TryParse(problem.Existing, out var existing))
            return new IdempotencyConflictException(key, existing, problem.Field ?? "idempotencyKey");
        return answer.Status switch
        {
            HttpStatusCode.TooManyRequests => new FleetBusyException(answer.RetryAfter ?? TimeSpan.FromSeconds(1), message),
            < HttpStatusCode.InternalServerError when problem.Field is { } field =>
                problem.Errors is { Count: > 0 } errors
                    ? new InvalidRunException([.. errors.Select(Read)])
                    : new InvalidRunException(new InputError(code, field, message, problem.Value, problem.Allowed)),
            < HttpStatusCode.InternalServerError => new FleetServerException(message, code: code, status: answer.Status),
            _ => new FleetServerException($"The Fleet server at {Shown} answered {(int)answer.Status}: {message}"),
        };
    }

    /// <summary>An error as in the server's process: there, the pointer of most fields follows from their names.</summary>
    private static InputError Read(FieldErrorView error)
    {
        var following = error.Field == "body"
            ? ""
            : "/" + error.Field.Replace('.', '/').Replace('[', '/').Replace("]", "", StringComparison.Ordinal);
        return new(error.Code, error.Field, error.Detail, error.Value, error.Allowed)
        {
            Pointer = error.Pointer == following ? null : error.Pointer,
        };
    }

    /// <summary>Why a request was refused; null when Fleet did not refuse it.</summary>
    public static ProblemView? ReadProblem(byte[] body)
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

    /// <summary>What was answered.</summary>
    public readonly record struct Answer(HttpStatusCode Status, byte[] Body, TimeSpan? RetryAfter)
    {
        public bool IsSuccess => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices;
    }
}
