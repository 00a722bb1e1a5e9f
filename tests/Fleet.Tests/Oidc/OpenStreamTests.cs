using System.Threading.Channels;
using Fleet.Api;
using Fleet.Api.Access;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Tests.Access;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Fleet.Tests.Oidc;

/// <summary>The token of a caller is looked at again while a stream is open.</summary>
public sealed class OpenStreamTests
{
    private static readonly Uri Events = new("/api/v1/events", UriKind.Relative);

    /// <summary>The context of a request belongs to its own thread, and to another request after its end.</summary>
    [Fact]
    public async Task Stream_OfAToken_IsLookedAtAgain_OnAContextOfItsOwn()
    {
        var provider = new RecordingProvider();
        await using var access = await AccessFleet.StartAsync([], services => services.AddFleetProvider(_ => provider));
        using var stream = await OpenAsync(access.Raw, "a.b.c");

        var (admitted, token) = await provider.NextAsync();
        var (second, again) = await provider.NextAsync();
        var (third, _) = await provider.NextAsync();

        Assert.Equal(("Bearer a.b.c", "Bearer a.b.c"), (token, again));
        Assert.Equal([false, false], [ReferenceEquals(admitted, second), ReferenceEquals(admitted, third)]);
    }

    [Fact]
    public async Task Stream_OfAToken_EndsWhenTheProviderWithdrawsItsKey()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings());
        var token = provider.Issue(("groups", "fleet-viewers"));
        using var stream = await OpenAsync(fleet.Http, token);
        await using var events = await stream.Content.ReadAsStreamAsync();

        provider.Rotate("second");
        await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", "fleet-viewers")));

        var end = Assert.ThrowsAnyAsync<IOException>(() => events.CopyToAsync(Stream.Null));
        await end.WaitAsync(Waiting.Limit, TimeProvider.System);
    }

    /// <summary>A look that goes on after the stream would use what belongs to it.</summary>
    [Fact]
    public async Task Watch_EndsBeforeTheStreamDoes()
    {
        var asked = new TaskCompletionSource<CancellationToken>();
        var look = new TaskCompletionSource<bool>();
        var watch = new AdmissionWatch(
            stopped =>
            {
                asked.SetResult(stopped);
                return look.Task;
            },
            TimeProvider.System);
        var stopped = await asked.Task;

        var ending = watch.DisposeAsync().AsTask();

        Assert.Equal((true, false), (stopped.IsCancellationRequested, ending.IsCompleted));
        look.SetResult(true);
        await ending.WaitAsync(Waiting.Limit, TimeProvider.System);
    }

    private static async Task<HttpResponseMessage> OpenAsync(HttpClient http, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Events);
        request.Headers.Authorization = new("Bearer", token);
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        return answer;
    }

    /// <summary>Knows everybody, and keeps on which context it was asked.</summary>
    private sealed class RecordingProvider : IProviderAccess
    {
        private readonly Channel<(HttpContext, string)> _asked = Channel.CreateUnbounded<(HttpContext, string)>();

        public bool SignsIn => false;

        public TimeSpan SessionLife => TimeSpan.FromHours(1);

        public Task<(HttpContext Context, string Token)> NextAsync() =>
            _asked.Reader.ReadAsync().AsTask().WaitAsync(Waiting.Limit, TimeProvider.System);

        public Task<ProviderAnswer> FindByTokenAsync(HttpContext http)
        {
            _asked.Writer.TryWrite((http, http.Request.Headers.Authorization.ToString()));
            return Task.FromResult(new ProviderAnswer(new Principal("u-1", ActorKind.Person, Role.Viewer) { Subject = "u-1" }));
        }

        public Task BeginSignInAsync(HttpContext http, string returnUrl) => throw new NotSupportedException();

        public Task<ProviderAnswer> EndSignInAsync(HttpContext http) => throw new NotSupportedException();

        public Task<string?> FindSignOutUrlAsync(string returnUrl) => throw new NotSupportedException();
    }
}
