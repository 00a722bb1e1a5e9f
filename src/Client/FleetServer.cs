using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;

namespace Fleet.Client;

/// <summary>Sends requests to a Fleet server, repeats those that may be repeated, and turns refusals into exceptions.</summary>
internal sealed class FleetServer(IHttpClientFactory factory, IOptions<FleetClientOptions> options, TimeProvider time)
{
    /// <summary>The name of the HTTP client at the factory.</summary>
    public const string HttpClientName = "Fleet";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private string Shown => ServerAddress.Show(options.Value.Server!);

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
        SendAsync(HttpMethod.Put, path, body, shape, isRepeatable: true, ct, isMatch);

    /// <summary>DELETE, in any version.</summary>
    /// <returns>False when the server does not know the thing.</returns>
    public async Task<bool> DeleteAsync(string path, CancellationToken ct)
    {
        var answer = await RepeatAsync(HttpMethod.Delete, path, body: null, isRepeatable: true, ct, isMatch: true);
        return answer.IsSuccess || (IsNotFound(answer) ? false : throw Refusal(answer));
    }

    /// <summary>What answers is not Fleet, or a version of it that speaks otherwise.</summary>
    public FleetServerException Foreign(Exception? inner = null) =>
        new($"What answers at {Shown} does not speak the API of this version of Fleet.", inner);

    private async Task<T?> SendAsync<T>(
        HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> shape, bool isRepeatable, CancellationToken ct, bool isMatch = false)
        where T : class
    {
        var answer = await RepeatAsync(method, path, body, isRepeatable, ct, isMatch);
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

    private async Task<Answer> RepeatAsync(
        HttpMethod method, string path, byte[]? body, bool isRepeatable, CancellationToken ct, bool isMatch = false)
    {
        var pause = FirstPause;
        for (var attempt = 0; ; attempt++)
        {
            TimeSpan? retryAfter = null;
            try
            {
                var answer = await SendAsync(method, path, body, isMatch, ct);
                if (answer.Status != HttpStatusCode.ServiceUnavailable || !isRepeatable || attempt == options.Value.Retries)
                    return answer;
                retryAfter = answer.RetryAfter;
            }
            catch (HttpRequestException e)
            {
                // A request that never left this process may always be repeated.
                var wasSent = e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError);
                if ((wasSent && !isRepeatable) || attempt == options.Value.Retries)
                    throw Away(e, wasSent && method != HttpMethod.Get);
            }
            catch (TimeoutException e)
            {
                if (!isRepeatable || attempt == options.Value.Retries)
                    throw TimedOut(e, method != HttpMethod.Get);
            }

            var wanted = retryAfter ?? pause;
            await Task.Delay(wanted < LongestPause ? wanted : LongestPause, time, ct);
            pause *= 2;
        }
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, byte[]? body, bool isMatch, CancellationToken ct)
    {
        using var http = factory.CreateClient(HttpClientName);
        using var request = new HttpRequestMessage(method, new Uri("api/v1/" + path, UriKind.Relative));
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (isMatch)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        using var limit = new CancellationTokenSource(options.Value.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
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
            $"The Fleet server at {Shown} did not answer within {options.Value.Timeout.TotalSeconds:0.#} s.{Unknown(isUnknown)}"),
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
            HttpStatusCode.TooManyRequests => new FleetBusyException(answer.RetryAfter ?? TimeSpan.FromSeconds(1)),
            < HttpStatusCode.InternalServerError when problem.Field is { } field =>
                new InvalidRunException(new InputError(code, field, message, problem.Value, problem.Allowed)),
            < HttpStatusCode.InternalServerError => new FleetServerException(message, code: code),
            _ => new FleetServerException($"The Fleet server at {Shown} answered {(int)answer.Status}: {message}"),
        };
    }

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

    private readonly record struct Answer(HttpStatusCode Status, byte[] Body, TimeSpan? RetryAfter)
    {
        public bool IsSuccess => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices;
    }
}
