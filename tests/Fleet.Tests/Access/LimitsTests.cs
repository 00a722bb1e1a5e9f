using System.Net;
using System.Text.Json;
using Fleet.Api.Access;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Access;

/// <summary>How much one caller may ask for, and that others do not notice it.</summary>
public sealed class LimitsTests
{
    private const int Times = 1000;

    private const string Echo = """{"job":"diag.echo","delay":"1h"}""";

    private const string Batch =
        """{"runs":[{"job":"diag.echo","delay":"1h"},{"job":"diag.echo","delay":"1h"},{"job":"diag.echo","delay":"1h"}]}""";

    private static readonly (string, string) SameSite = ("Sec-Fetch-Site", "same-origin");

    [Fact]
    public async Task Writes_MoreThanTheLimit_Are429_ForThisKeyAlone_AndStoreNothing()
    {
        await using var access = await AccessFleet.StartAsync([new("Fleet:Api:Limits:WritesPerMinute", "4")]);
        var key = access.Key(Role.Operator);

        // A dry run and a refusal ask for a change, too; a batch counts as one, and reading counts as none.
        Assert.Equal(HttpStatusCode.Accepted, (await access.SendAsync("POST", "/api/v1/runs", key, Echo)).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await access.SendAsync("POST", "/api/v1/runs/batch", key, Batch)).Status);
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("POST", "/api/v1/runs?dryRun=true", key, Echo)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await access.SendAsync("POST", "/api/v1/runs", key, "{}")).Status);
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/runs", key)).Status);
        var before = await access.Fleet.Storage.ReadTablesAsync();
        var (status, headers, text) = await access.SendAsync("POST", "/api/v1/runs", key, Echo);

        Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_writes"), (status, CodeOf(text)));
        Assert.InRange(headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
        Assert.Contains("Fleet:Api:Limits:WritesPerMinute", text, StringComparison.Ordinal);
        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/runs", key)).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await access.SendAsync("POST", "/api/v1/runs", access.Key(Role.Submitter), Echo)).Status);
    }

    /// <summary>The person who signed in with a key and the program that has it are one caller; their sessions are.</summary>
    [Fact]
    public async Task Writes_OfSessions_CountForTheirKey()
    {
        await using var access = await AccessFleet.StartAsync([new("Fleet:Api:Limits:WritesPerMinute", "2")]);
        var key = access.Key(Role.Operator);
        var (_, signedIn, _) = await access.SendAsync("POST", "/api/v1/sessions", null, $$"""{"key":"{{key}}"}""", SameSite);
        var cookie = ("Cookie", signedIn.GetValues("Set-Cookie").Single().Split(';')[0]);

        Assert.Equal(HttpStatusCode.Accepted, (await access.SendAsync("POST", "/api/v1/runs", null, Echo, cookie, SameSite)).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await access.SendAsync("POST", "/api/v1/runs", key, Echo)).Status);
        var (status, _, text) = await access.SendAsync("POST", "/api/v1/runs", null, Echo, cookie, SameSite);

        Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_writes"), (status, CodeOf(text)));
    }

    [Fact]
    public async Task Writes_AccessIsOff_CountForTheAddress()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(null, [new("Fleet:Api:Limits:WritesPerMinute", "1")]);
        var limits = fleet.Services.GetRequiredService<CallerLimits>();

        Assert.Null(limits.CountWrite(From("127.0.0.1"), Principal.Anyone));
        Assert.NotNull(limits.CountWrite(From("127.0.0.1"), Principal.Anyone));
        Assert.Null(limits.CountWrite(From("127.0.0.2"), Principal.Anyone));
        using var answer = await fleet.Http.PostAsync(
            new Uri("/api/v1/runs", UriKind.Relative), new StringContent(Echo, null, "application/json"));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
    }

    /// <summary>Names are not unique: two keys may have the same one, and a person may be renamed.</summary>
    [Fact]
    public void Writes_CountForTheKey_ElseTheSubject_ElseTheName()
    {
        using var limits = new CallerLimits(Options.Create(new LimitOptions { WritesPerMinute = 1 }));
        var shop = new Principal("shop", ActorKind.Program, Role.Submitter);

        foreach (var who in new[]
        {
            shop with { KeyId = "abcdefgh" }, shop with { KeyId = "ijklmnop" }, shop with { Subject = "u-1" },
            shop with { Subject = "u-2" }, shop with { Name = "other" },
        })
            Assert.Null(limits.CountWrite(From("203.0.113.7"), who));
        foreach (var who in new[]
        {
            shop with { Name = "renamed", KeyId = "abcdefgh" }, shop with { Name = "renamed", Subject = "u-1" },
            shop with { Name = "other", SessionId = "abcdefgh" },
        })
            Assert.NotNull(limits.CountWrite(From("203.0.113.8"), who));
    }

    /// <summary>A caller that comes back at once would be sent away again.</summary>
    [Fact]
    public void Writes_MoreThanTheLimit_WaitASecondAtLeast()
    {
        using var limits = new CallerLimits(Options.Create(new LimitOptions { WritesPerMinute = 119 }));
        var waits = Enumerable.Range(0, 120).Select(_ => limits.CountWrite(From("203.0.113.7"), Principal.Anyone)).ToList();

        Assert.Equal(TimeSpan.FromSeconds(1), waits[^1]);
    }

    /// <summary>Every enqueue over HTTP passes here. The library's limiter makes one object of 40 bytes.</summary>
    [Fact]
    public void CountWrite_AllocatesNothingOfOurs()
    {
        using var limits = new CallerLimits(Options.Create(new LimitOptions { WritesPerMinute = 10_000_000 }));
        var who = new Principal("shop", ActorKind.Program, Role.Submitter) { KeyId = "abcdefgh" };
        var http = From("203.0.113.7");
        CountMany();

        var before = GC.GetAllocatedBytesForCurrentThread();
        CountMany();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40 * Times);

        void CountMany()
        {
            for (var i = 0; i < Times; i++)
                _ = limits.CountWrite(http, who);
        }
    }

    [Fact]
    public async Task Searches_MoreThanRunAndWait_Are429_ForThisKeyAlone()
    {
        await using var access = await AccessFleet.StartAsync([new("Fleet:Api:Limits:Searches", "1")]);
        var limits = access.Fleet.Services.GetRequiredService<CallerLimits>();
        var key = access.Key(Role.Viewer);
        var who = new Principal("the viewer", ActorKind.Program, Role.Viewer) { KeyId = key[4..12] };
        using var given = new CancellationTokenSource();
        var running = await limits.WaitToSearchAsync(From("127.0.0.1"), who);
        var waiting = Enumerable.Range(0, CallerLimits.WaitingSearches)
            .Select(_ => limits.WaitToSearchAsync(From("127.0.0.1", given.Token), who).AsTask()).ToList();

        foreach (var path in new[] { "/api/v1/runs", "/api/v1/runs/count", "/api/v1/dead-letters" })
        {
            var (status, headers, text) = await access.SendAsync("GET", path, key);
            Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_searches"), (status, CodeOf(text)));
            Assert.Equal(TimeSpan.FromSeconds(1), headers.RetryAfter!.Delta);
            Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", path, access.Key(Role.Operator))).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/lanes", key)).Status);
        await given.CancelAsync();
        running.Dispose();
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/runs", key)).Status);
        Assert.All(waiting, task => Assert.True(task.IsCanceled));
    }

    [Theory]
    [InlineData("WritesPerMinute", "0", "'0' is not allowed; allowed is 1–10000000.")]
    [InlineData("Searches", "1001", "'1001' is not allowed; allowed is 1–1000.")]
    [InlineData("Searches", "many", "'many' is not allowed; allowed is a whole number.")]
    [InlineData("FailedSignIns", "-1", "'-1' is not allowed; allowed is 1–1000000.")]
    [InlineData("FailedSignInWindow", "2h", "'02:00:00' is not allowed; allowed is 1s to 1h.")]
    [InlineData("FailedSignInWindow", "60", "'60' is not allowed; allowed is a duration")]
    public async Task Settings_NotAllowed_AreRefusedByTheirName(string name, string value, string error)
    {
        var e = await Assert.ThrowsAnyAsync<Exception>(
            () => EmbeddedFleet.StartAsync(null, [new($"Fleet:Api:Limits:{name}", value)]));

        Assert.Contains($"Fleet:Api:Limits:{name}: {error}", e.Message, StringComparison.Ordinal);
    }

    private static string? CodeOf(string text) => JsonElement.Parse(text).GetProperty("code").GetString();

    private static DefaultHttpContext From(string address, CancellationToken aborted = default) => new()
    {
        Connection = { RemoteIpAddress = IPAddress.Parse(address) },
        RequestAborted = aborted,
    };
}
