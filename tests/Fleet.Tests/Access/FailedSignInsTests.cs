using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Fleet.Api;
using Fleet.Api.Access;
using Fleet.Core.Access;
using Fleet.Core.Telemetry;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Access;

/// <summary>Who tries credentials that are not valid has to wait; others do not.</summary>
public sealed class FailedSignInsTests
{
    private const string Runs = "/api/v1/runs";

    private static readonly (string, string) SameSite = ("Sec-Fetch-Site", "same-origin");

    [Fact]
    public async Task TooMany_Are429_AndAKeyThatWasValidBeforeIsLetIn()
    {
        var log = new LogRecorder();
        await using var access = await AccessFleet.StartAsync([new("Fleet:Api:Limits:FailedSignIns", "4")], log.AddTo);
        await access.SendAsync("GET", Runs, access.Key(Role.Viewer));
        var unknown = KeyText.New();
        var wrongSecret = $"flt_{access.Key(Role.Admin)[4..12]}_{KeyText.New().Text[13..]}";
        (string, string) cookie = ("Cookie", $"fleet-http-{access.Fleet.Http.BaseAddress!.Port}={unknown.Text}");

        // Without a credential nobody tries anything.
        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await access.SendAsync("GET", Runs, key: null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await access.SendAsync("GET", Runs, unknown.Text)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await access.SendAsync("GET", Runs, wrongSecret)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SignInAsync(access, unknown.Text)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await access.SendAsync("GET", Runs, null, headers: cookie)).Status);

        // 1. Whoever goes on is not looked up, in any way in; also not with a key that is valid, but not known here yet.
        foreach (var (status, headers, text) in new[]
        {
            await access.SendAsync("GET", Runs, unknown.Text), await access.SendAsync("POST", Runs, "x", "{}"),
            await SignInAsync(access, unknown.Text), await access.SendAsync("GET", Runs, null, headers: cookie),
            await access.SendAsync("GET", Runs, access.Key(Role.Operator)),
        })
        {
            Assert.Equal(
                (HttpStatusCode.TooManyRequests, "too_many_failed_sign_ins"),
                (status, JsonElement.Parse(text).GetProperty("code").GetString()));
            Assert.InRange(headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        }

        // 2. Whoever works here goes on, also when what is believed was forgotten meanwhile.
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", Runs, access.Key(Role.Viewer))).Status);
        access.Fleet.Services.GetRequiredService<Credentials>().Forget();
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", Runs, access.Key(Role.Viewer))).Status);
        Assert.Equal(HttpStatusCode.Created, (await SignInAsync(access, access.Key(Role.Viewer))).Status);
        // 3. Health has its word for everyone.
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/health/live", unknown.Text)).Status);
        // 4. The log says who, and never what.
        var lines = string.Join('\n', log.Lines);
        Assert.Contains($"from 127.0.0.1 had a credential that is not valid; key id: {unknown.Id}.", lines, StringComparison.Ordinal);
        Assert.StartsWith(
            "127.0.0.1 sent 4 credentials", Assert.Single(log.Warnings("credentials that are not valid within")), StringComparison.Ordinal);
        Assert.DoesNotContain(unknown.Text[13..], lines, StringComparison.Ordinal);
        Assert.DoesNotContain(wrongSecret[13..], lines, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("10.0.0.0/8;127.0.0.0/8", HttpStatusCode.OK)]
    [InlineData("10.0.0.1", HttpStatusCode.TooManyRequests)]
    [InlineData("", HttpStatusCode.TooManyRequests)]
    public async Task BehindAProxy_TheCallersAddressCounts_IfTheProxyIsNamed(string proxies, HttpStatusCode ofAnother)
    {
        await using var access = await AccessFleet.StartAsync(
            [new("Fleet:Api:Proxies", proxies), new("Fleet:Api:Limits:FailedSignIns", "1")]);
        var unknown = KeyText.New().Text;

        // What the caller says itself stands before what the proxy has added.
        await access.SendAsync("GET", Runs, unknown, null, ("X-Forwarded-For", "198.51.100.9, 203.0.113.7"));
        var (same, _, _) = await access.SendAsync("GET", Runs, unknown, null, ("X-Forwarded-For", "198.51.100.1, 203.0.113.7"));
        var (other, _, _) = await access.SendAsync("GET", Runs, access.Key(Role.Viewer), null, ("X-Forwarded-For", "203.0.113.8"));

        Assert.Equal((HttpStatusCode.TooManyRequests, ofAnother), (same, other));
    }

    /// <summary>The callers in front of several proxies of ours are told apart, and not those proxies.</summary>
    [Fact]
    public async Task BehindProxiesInARow_TheFirstAddressThatIsNoneOfThemCounts()
    {
        await using var access = await AccessFleet.StartAsync(
            [new("Fleet:Api:Proxies", "127.0.0.1;10.0.0.0/8"), new("Fleet:Api:Limits:FailedSignIns", "1")]);
        var unknown = KeyText.New().Text;

        await access.SendAsync("GET", Runs, unknown, null, ("X-Forwarded-For", "198.51.100.9, 203.0.113.7, 10.0.0.7"));
        var (same, _, _) = await access.SendAsync("GET", Runs, unknown, null, ("X-Forwarded-For", "203.0.113.7, 10.0.0.8"));
        var (other, _, _) = await access.SendAsync(
            "GET", Runs, access.Key(Role.Viewer), null, ("X-Forwarded-For", "203.0.113.8, 10.0.0.7"));

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.OK), (same, other));
    }

    [Fact]
    public void Proxies_AreThoseOfTheSettingAlone()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Fleet:Api:Proxies", "10.0.0.1;10.1.0.0/16")]).Build();

        var options = TrustedProxies.Read(configuration)!;

        Assert.Equal("10.0.0.1", Assert.Single(options.KnownProxies).ToString());
        Assert.Equal("10.1.0.0/16", Assert.Single(options.KnownIPNetworks).ToString());
    }

    [Fact]
    public async Task BehindAProxyWithTls_TheCookieIsSecure_AndTheAuditHasTheCallersAddress()
    {
        await using var access = await AccessFleet.StartAsync([new("Fleet:Api:Proxies", "127.0.0.1")]);

        var (status, headers, _) = await access.SendAsync(
            "POST", "/api/v1/sessions", null, $$"""{"key":"{{access.Key(Role.Admin)}}"}""", SameSite, ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Host", "evil.example"));
        var (_, _, audit) = await access.SendAsync("GET", "/api/v1/audit?action=session.create", access.Key(Role.Admin));

        Assert.Equal(HttpStatusCode.Created, status);
        Assert.StartsWith("__Host-fleet=", headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
        Assert.Contains("; secure", headers.GetValues("Set-Cookie").Single(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\"address\":\"203.0.113.7\"", audit, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.1;*")]
    public async Task Proxies_ThatAreNoAddresses_AreRefusedByTheSettingsName(string value)
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => EmbeddedFleet.StartAsync(null, [new("Fleet:Api:Proxies", value)]));

        Assert.StartsWith("Fleet:Api:Proxies: '", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Count_IsByAddress_AndEndsWithTheWindow()
    {
        var time = new FakeTimeProvider();
        await using var fleet = await EmbeddedFleet.StartAsync();
        using var failed = new Counted(fleet, time, new LimitOptions { FailedSignIns = 2, FailedSignInWindow = TimeSpan.FromSeconds(60) });

        await failed.TryAsync("203.0.113.7");
        time.Advance(TimeSpan.FromSeconds(50));
        await failed.TryAsync("::ffff:203.0.113.7");
        Assert.Equal(TimeSpan.FromSeconds(10), (await failed.TryAsync("203.0.113.7")).Wait);
        Assert.Null((await failed.TryAsync("203.0.113.8")).Wait);
        Assert.Null((await failed.TryAsync(address: null)).Wait);

        // Whoever has an IPv6 network has all of its addresses.
        await failed.TryAsync("2001:db8::1");
        await failed.TryAsync("2001:db8::2:0:0:1");
        Assert.NotNull((await failed.TryAsync("2001:db8::ffff:0:0:9")).Wait);
        Assert.Null((await failed.TryAsync("2001:db8:0:1::1")).Wait);

        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null((await failed.TryAsync("203.0.113.7")).Wait);
        // Others of this process fail, too.
        Assert.True(failed.Metric >= 8, $"{failed.Metric}");
    }

    /// <summary>Whoever has many addresses gets no more than a few connections of the database.</summary>
    [Fact]
    public async Task LookUps_OfUnknownCredentials_AreFourAtOnce_AndTooManyThatWaitAreSentAway()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        using var failed = new Counted(fleet, TimeProvider.System, new LimitOptions());
        var look = new TaskCompletionSource();
        var running = 0;
        async Task<Principal?> FindAsync(KeyText text, CancellationToken ct)
        {
            running++;
            await look.Task;
            return null;
        }

        var asked = Enumerable.Range(0, 4 + 256).Select(_ => failed.TryAsync("203.0.113.7", KeyText.New(), FindAsync)).ToList();

        Assert.Equal(4, running);
        var sentAway = failed.TryAsync("203.0.113.8", KeyText.New(), FindAsync).WaitAsync(Waiting.Limit, TimeProvider.System);
        Assert.Equal(TimeSpan.FromSeconds(1), (await sentAway).Wait);
        look.SetResult();
        await Task.WhenAll(asked).WaitAsync(Waiting.Limit, TimeProvider.System);
        Assert.All(asked, task => Assert.Null(task.Result.Wait));
    }

    [Fact]
    public async Task Count_OfMoreAddressesThanAreRemembered_IsBounded()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        using var failed = new Counted(fleet, new FakeTimeProvider(), new LimitOptions { FailedSignIns = 1 });
        await failed.TryAsync("203.0.113.7");
        for (var i = 0; i < FailedSignIns.MaxAddresses - 1; i++)
            await failed.TryAsync(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]).ToString());
        Assert.NotNull((await failed.TryAsync("203.0.113.7")).Wait);

        await failed.TryAsync("203.0.113.8");

        Assert.Null((await failed.TryAsync("203.0.113.7")).Wait);
    }

    private static Task<(HttpStatusCode Status, System.Net.Http.Headers.HttpResponseHeaders Headers, string Text)> SignInAsync(
        AccessFleet access, string key) =>
        access.SendAsync("POST", "/api/v1/sessions", null, $$"""{"key":"{{key}}"}""", SameSite);

    /// <summary>Failed sign-ins of made-up addresses.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly FailedSignIns _failed;
        private readonly MeterListener _listener = new();
        private long _metric;

        public Counted(EmbeddedFleet fleet, TimeProvider time, LimitOptions options)
        {
            _failed = new(
                fleet.Services.GetRequiredService<Credentials>(), Options.Create(options), time, new LogLines<FailedSignIns>());
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _metric, value));
            _listener.EnableMeasurementEvents(FleetMetrics.FailedSignIns);
            _listener.Start();
        }

        public long Metric => Interlocked.Read(ref _metric);

        public Task<SignInResult> TryAsync(string? address) =>
            TryAsync(address, null, (_, _) => throw new InvalidOperationException("There is nothing to look up."));

        public Task<SignInResult> TryAsync(
            string? address, KeyText? text, Func<KeyText, CancellationToken, Task<Principal?>> find) => _failed.FindAsync(
            new DefaultHttpContext { Connection = { RemoteIpAddress = address is null ? null : IPAddress.Parse(address) } }, text, find);

        public void Dispose()
        {
            _failed.Dispose();
            _listener.Dispose();
        }
    }
}
