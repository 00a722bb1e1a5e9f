using System.Net;
using System.Text.Json;

namespace Fleet.Tests.Oidc;

/// <summary>Keeps cookies as a browser does, and goes where it is sent only when it is told to.</summary>
internal sealed class Browser : IDisposable
{
    private readonly SocketsHttpHandler _handler = new() { AllowAutoRedirect = false, UseCookies = true };
    private readonly HttpClient _http;
    private readonly Uri _fleet;

    public Browser(Uri fleet)
    {
        _fleet = fleet;
        _http = new HttpClient(_handler, disposeHandler: true);
    }

    /// <summary>A copy of what it keeps.</summary>
    public IReadOnlyList<Cookie> Cookies
    {
        get => [.. _handler.CookieContainer.GetAllCookies().Cast<Cookie>()];
        set
        {
            foreach (var cookie in value)
                _handler.CookieContainer.Add(cookie);
        }
    }

    public IEnumerable<string> CookieNames => Cookies.Where(cookie => !cookie.Expired).Select(cookie => cookie.Name);

    public Task<HttpResponseMessage> GetAsync(string url, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_fleet, url));
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return _http.SendAsync(request);
    }

    /// <summary>As a script of our own page does.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string url)
    {
        var request = new HttpRequestMessage(method, new Uri(_fleet, url));
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        return _http.SendAsync(request);
    }

    /// <summary>Goes to the provider, which sends it back with a code.</summary>
    /// <returns>The callback with the code.</returns>
    public async Task<string> GoToProviderAsync(string returnUrl = "/")
    {
        var begun = await GetAsync("/sign-in?returnUrl=" + Uri.EscapeDataString(returnUrl));
        Assert.True(begun.StatusCode == HttpStatusCode.Redirect, await begun.Content.ReadAsStringAsync());
        var approved = await _http.GetAsync(begun.Headers.Location);
        Assert.True(approved.StatusCode == HttpStatusCode.Redirect, await approved.Content.ReadAsStringAsync());
        return approved.Headers.Location!.AbsoluteUri;
    }

    /// <summary>The whole way.</summary>
    /// <returns>The answer to the callback.</returns>
    public async Task<HttpResponseMessage> SignInAsync(string returnUrl) => await GetAsync(await GoToProviderAsync(returnUrl));

    public async Task<JsonElement> WhoAmIAsync()
    {
        var answer = await GetAsync("/api/v1/whoami");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    public void Dispose() => _http.Dispose();
}
