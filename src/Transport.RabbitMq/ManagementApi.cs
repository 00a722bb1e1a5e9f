using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fleet.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>A queue under a policy.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Policy">The names of the policy and of the operator's policy.</param>
/// <param name="Definition">Key → value, of both together.</param>
internal sealed record QueuePolicy(string Queue, string Policy, IReadOnlyDictionary<string, string> Definition);

/// <summary>The broker's management interface, for what AMQP does not tell.</summary>
/// <remarks>Nothing depends on it alone. When it fails, its callers go on without what it tells, and it is asked again after a growing
/// pause.</remarks>
internal sealed class ManagementApi : IDisposable
{
    private const string Setting = "Fleet:Transport:ManagementUri";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly string _host;
    private readonly Setbacks _setbacks;

    /// <param name="settings">Without a user in <c>ManagementUri</c>, that of <c>Uri</c> is taken.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets one line when it begins to fail, and one when it answers again.</param>
    public ManagementApi(RabbitMqSettings settings, TimeProvider time, ILogger logger)
    {
        _setbacks = new Setbacks("reconcile", "setting", _ => false, time, logger);
        var uri = settings.ManagementUri!;
        var user = Uri.UnescapeDataString(
            uri.UserInfo.Length > 0 ? uri.UserInfo : $"{Uri.EscapeDataString(settings.User)}:{Uri.EscapeDataString(settings.Password)}");
        // Without user and password, which would stand in messages.
        var address = new UriBuilder(uri) { UserName = "", Password = "", Query = "", Fragment = "" }.Uri;
        var handler = new SocketsHttpHandler();
        if (settings.Trust is { } trust)
            handler.SslOptions.RemoteCertificateValidationCallback = trust.IsTrusted;
        _http = new HttpClient(handler) { BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/"), Timeout = Patience };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        _host = Uri.EscapeDataString(settings.VirtualHost);
    }

    /// <summary>How many messages of a queue were given out and not acknowledged, some seconds ago; null when the interface does not
    /// say.</summary>
    public async Task<long?> CountUnacknowledgedAsync(string queue, CancellationToken ct)
    {
        long? count = null;
        await _setbacks.TryAsync(Setting, async () => count = await ReadUnacknowledgedAsync(queue, ct), ct);
        return count;
    }

    /// <summary>Fleet's queues that a policy applies to.</summary>
    /// <exception cref="HttpRequestException">It does not answer, or refuses the user.</exception>
    public async Task<IReadOnlyList<QueuePolicy>> ReadPoliciesAsync(CancellationToken ct)
    {
        const int most = 500;
        var found = new List<QueuePolicy>();
        for (int page = 1, pages = 1; page <= pages; page++)
        {
            const string columns = "name,policy,operator_policy,effective_policy_definition";
            var query = string.Create(
                CultureInfo.InvariantCulture,
                $"api/queues/{_host}?page={page}&page_size={most}&use_regex=true&name=%5Efleet%5C.&columns={columns}");
            using var answer = await _http.GetAsync(new Uri(query, UriKind.Relative), ct);
            Require(answer);
            await using var stream = await answer.Content.ReadAsStreamAsync(ct);
            using var document = await JsonDocument.ParseAsync(stream, cancellationToken: ct);
            pages = document.RootElement.GetProperty("page_count").GetInt32();
            found.AddRange(document.RootElement.GetProperty("items").EnumerateArray().Select(ReadPolicy).OfType<QueuePolicy>());
        }

        return found;
    }

    private static QueuePolicy? ReadPolicy(JsonElement queue)
    {
        if (!queue.TryGetProperty("effective_policy_definition", out var definition) || definition.ValueKind != JsonValueKind.Object)
            return null;
        var names = new[] { ("policy", "policy"), ("operator_policy", "operator policy") }
            .Where(kind => queue.TryGetProperty(kind.Item1, out var name) && name.ValueKind == JsonValueKind.String)
            .Select(kind => $"{kind.Item2} '{queue.GetProperty(kind.Item1).GetString()}'");
        return new QueuePolicy(
            queue.GetProperty("name").GetString()!,
            string.Join(" and ", names),
            definition.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString(), StringComparer.Ordinal));
    }

    private async Task<long?> ReadUnacknowledgedAsync(string queue, CancellationToken ct)
    {
        using var answer = await _http.GetAsync(new Uri($"api/queues/{_host}/{Uri.EscapeDataString(queue)}", UriKind.Relative), ct);
        // The interface learns of a new queue some seconds later; it answers as it should.
        if (answer.StatusCode == HttpStatusCode.NotFound && answer.Content.Headers.ContentType?.MediaType == "application/json")
            return null;
        Require(answer);
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        using var document = await JsonDocument.ParseAsync(stream, cancellationToken: ct);
        // No number in the first seconds of a queue.
        return document.RootElement.TryGetProperty("messages_unacknowledged", out var found) && found.TryGetInt64(out var count)
            ? count
            : null;
    }

    private void Require(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException(
                $"{_http.BaseAddress} answers {(int)answer.StatusCode} {answer.ReasonPhrase}. {Hint(answer.StatusCode)}");
    }

    private static string Hint(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => "User or password is wrong, or the user lacks the tag 'management'.",
        HttpStatusCode.Forbidden => "The user lacks permissions on the virtual host.",
        _ => "Is it the address of RabbitMQ's management interface?",
    };

    public void Dispose() => _http.Dispose();
}
