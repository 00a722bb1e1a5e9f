using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fleet.Core.Access;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Access;

/// <summary>A fleet with access on, and a key for each role.</summary>
public sealed class AccessFleet : IAsyncLifetime
{
    private readonly Dictionary<Role, CreatedKey> _keys = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });

    public EmbeddedFleet Fleet { get; private set; } = null!;

    // The tests of a class that share it try many wrong credentials.
    public ValueTask InitializeAsync() => InitializeAsync(null, [new("Fleet:Api:Limits:FailedSignIns", "1000000")]);

    /// <summary>Starts one for a single test.</summary>
    public static async Task<AccessFleet> StartAsync(
        KeyValuePair<string, string?>[] settings, Action<IServiceCollection>? configure = null)
    {
        var access = new AccessFleet();
        await access.InitializeAsync(configure, settings);
        return access;
    }

    private async ValueTask InitializeAsync(Action<IServiceCollection>? configure, KeyValuePair<string, string?>[] settings)
    {
        Fleet = await EmbeddedFleet.StartAsync(configure, [new("Fleet:Api:Access", "on"), .. settings]);
        _http.BaseAddress = Fleet.Http.BaseAddress;
        foreach (var role in Enum.GetValues<Role>())
            _keys[role] = await CreateAsync(role);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Fleet.DisposeAsync();
    }

    /// <summary>The text of the key of a role.</summary>
    public string Key(Role role) => _keys[role].Text.Text;

    /// <summary>Sends requests as they are.</summary>
    public HttpClient Raw => _http;

    /// <summary>Signs in with the key of a role.</summary>
    /// <returns>The cookie, as the header has it.</returns>
    public async Task<string> SignInAsync(Role role)
    {
        var (status, headers, text) = await SendAsync(
            "POST", "/api/v1/sessions", null, $$"""{"key":"{{Key(role)}}"}""", ("Sec-Fetch-Site", "same-origin"));
        Assert.True(status == HttpStatusCode.Created, text);
        return headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    /// <summary>Makes what the examples of the endpoints name, so that a change would find something. Nothing of it happens by
    /// itself.</summary>
    public async Task PrepareAsync()
    {
        const string later = """{"job":"diag.echo","args":{"text":"x"},"at":"2035-01-01T00:00:00Z"}""";
        foreach (var (method, path, body) in new[]
        {
            ("POST", "/api/v1/runs", """{"job":"diag.echo","args":{"text":"x"},"delay":"1d"}"""),
            ("PUT", "/api/v1/schedules/nightly-report", later),
            ("PUT", "/api/v1/views/failed-mails", """{"query":"state:failed","shared":true}"""),
            ("POST", "/api/v1/lanes/mail/pause", "{}"),
        })
        {
            var (status, _, text) = await SendAsync(method, path, Key(Role.Admin), body, ("If-Match", "*"));
            if (status == HttpStatusCode.PreconditionFailed)
                (status, _, text) = await SendAsync(method, path, Key(Role.Admin), body, ("If-None-Match", "*"));
            Assert.True((int)status is >= 200 and < 300, $"{method} {path}: {status} {text}");
        }
    }

    /// <summary>Makes a key.</summary>
    public Task<CreatedKey> CreateAsync(Role role, TimeSpan? expiresIn = null, string[]? lanes = null) =>
        Fleet.Services.GetRequiredService<CreateKeys>().ExecuteAsync(
            new KeyRequest($"the {role.ToWord()}", role.ToWord(), lanes, expiresIn), Somebody.Me, dryRun: false, CancellationToken.None);

    /// <summary>Sends a request and does not read a body that has no end.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">With the query.</param>
    /// <param name="key">Sent as bearer; null for none.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="headers">Others.</param>
    public async Task<(HttpStatusCode Status, HttpResponseHeaders Headers, string Text)> SendAsync(
        string method, string path, string? key, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var isStream = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        return (response.StatusCode, response.Headers, isStream ? "" : await response.Content.ReadAsStringAsync());
    }
}
