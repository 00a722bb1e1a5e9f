using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Fleet.Transport.RabbitMq;

/// <summary>The broker's management interface, for what AMQP does not tell.</summary>
internal sealed class ManagementApi : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly string _host;

    /// <param name="settings">Without a user in <c>ManagementUri</c>, that of <c>Uri</c> is taken.</param>
    public ManagementApi(RabbitMqSettings settings)
    {
        var uri = settings.ManagementUri!;
        var user = Uri.UnescapeDataString(uri.UserInfo.Length > 0 ? uri.UserInfo : $"{Uri.EscapeDataString(settings.User)}:{Uri.EscapeDataString(settings.Password)}");
        _http = new HttpClient { BaseAddress = new Uri(uri.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"), Timeout = Patience };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        _host = Uri.EscapeDataString(settings.VirtualHost);
    }

    /// <summary>How many messages of a queue were given out and not acknowledged, some seconds ago.</summary>
    public async Task<long> CountUnacknowledgedAsync(string queue, CancellationToken ct)
    {
        await using var stream = await _http.GetStreamAsync(new Uri($"api/queues/{_host}/{Uri.EscapeDataString(queue)}", UriKind.Relative), ct);
        using var document = await JsonDocument.ParseAsync(stream, cancellationToken: ct);
        return document.RootElement.TryGetProperty("messages_unacknowledged", out var count) ? count.GetInt64() : 0;
    }

    public void Dispose() => _http.Dispose();
}
