using System.Net;
using System.Text.Json;
using Fleet.Tests.Support;

namespace Fleet.Tests.Oidc;

/// <summary>A fleet that knows a provider.</summary>
public sealed class OidcFleet : IAsyncLifetime
{
    internal TestProvider Provider { get; private set; } = null!;

    internal EmbeddedFleet Fleet { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Provider = await TestProvider.StartAsync();
        Fleet = await EmbeddedFleet.StartAsync(
            settings: [.. Provider.Settings(), new("Fleet:Api:Limits:FailedSignIns", "1000000")]);
    }

    public async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        await Provider.DisposeAsync();
    }

    /// <summary>Sends a request with a bearer token.</summary>
    internal static async Task<(HttpStatusCode Status, string Text, HttpResponseMessage Answer)> SendAsync(
        HttpClient http, string? token, string path = "api/v1/whoami", string method = "GET")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        var answer = await http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer);
    }

    internal Task<(HttpStatusCode Status, string Text, HttpResponseMessage Answer)> SendAsync(
        string? token, string path = "api/v1/whoami", string method = "GET") => SendAsync(Fleet.Http, token, path, method);

    /// <summary>The role that a token has; or the code of the refusal.</summary>
    internal async Task<string> RoleAsync(string token)
    {
        var (status, text, _) = await SendAsync(token);
        return JsonElement.Parse(text).GetProperty(status == HttpStatusCode.OK ? "role" : "code").GetString()!;
    }
}
