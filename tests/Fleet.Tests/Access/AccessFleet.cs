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
