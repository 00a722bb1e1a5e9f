using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Fleet.Api;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

/// <summary>What holds for every request: who may send it, in which form, and that nothing in it is passed over in silence.</summary>
public sealed class RequestRulesTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Echo = """{"job":"diag.echo"}""";

    [Theory]
    [InlineData("evil.example", 400)]
    [InlineData("rebound.evil.example:8710", 400)]
    [InlineData("localhost.evil.example", 400)]
    [InlineData("10.0.0.1", 400)]
    [InlineData("0.0.0.0", 400)]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:1", 200)]
    [InlineData("fleet.localhost:8710", 200)]
    [InlineData("localhost.", 200)]
    [InlineData("127.0.0.1:8710", 200)]
    [InlineData("127.1.2.3", 200)]
    [InlineData("[::1]:8710", 200)]
    public async Task Get_OnLoopback_AnswersLoopbackNamesAlone(string host, int status)
    {
        foreach (var path in new[] { "/api/v1/runs", "/health/live" })
        {
            var answer = await SendAsync(HttpMethod.Get, path, r => r.Headers.Host = host);

            Assert.Equal(status, answer.Status);
            if (status == 400)
                AssertIsProblem(answer, "invalid_host", "Host", "Fleet:Api:Hosts");
        }
    }

    /// <summary>The host is looked at before the path: nobody learns what is there.</summary>
    [Fact]
    public async Task Get_UnknownPathOfAForeignHost_IsRefusedForTheHost() =>
        AssertIsProblem(
            await SendAsync(HttpMethod.Get, "/nothing/at/all", r => r.Headers.Host = "evil.example"), "invalid_host", "Host",
            "evil.example");

    [Theory]
    [InlineData("fleet.example.com;*.corp.example", "fleet.example.com:8710", true)]
    [InlineData("fleet.example.com;*.corp.example", "FLEET.example.com", true)]
    [InlineData("fleet.example.com;*.corp.example", "a.corp.example", true)]
    [InlineData("fleet.example.com;*.corp.example", "localhost", true)]
    [InlineData("fleet.example.com;*.corp.example", "corp.example.evil.example", false)]
    [InlineData("fleet.example.com;*.corp.example", "10.0.0.1", false)]
    [InlineData("*", "anything.example", true)]
    public async Task Get_HostsAreNamed_AnswersTheseAndLoopback(string setting, string host, bool isAnswered)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(null, [new("Fleet:Api:Hosts", setting)]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live") { Headers = { Host = host } };
        using var answer = await fleet.Http.SendAsync(request);

        Assert.Equal(isAnswered ? 200 : 400, (int)answer.StatusCode);
    }

    /// <summary>As in a container: others call it by its service's name, and probes by its address.</summary>
    [Theory]
    [InlineData(null, "scheduler:8710", false)]
    [InlineData(null, "10.0.0.1:8710", true)]
    [InlineData(null, "", false)]
    [InlineData("fleet.example.com", "scheduler:8710", false)]
    [InlineData("scheduler", "scheduler:8710", true)]
    [InlineData("fleet.example.com", "10.0.0.1:8710", true)]
    public void Allows_ListeningBeyondLoopback_AddressesAndTheNamesThatAreNamed(string? setting, string host, bool isAnswered) =>
        Assert.Equal(isAnswered, Hosts(setting, "http://0.0.0.0:8710").Allows(new(host)));

    [Theory]
    [InlineData("http://127.0.0.1:8710", "http://[::1]:8710", false)]
    [InlineData("http://localhost:8710", "http://127.0.0.1:8711", false)]
    [InlineData("http://127.0.0.1:8710", "http://*:8711", true)]
    [InlineData("http://127.0.0.1:8710", "http://[::]:8711", true)]
    public void Allows_SeveralAddresses_LoopbackAloneWhereAllAreLoopback(string one, string other, bool isAnswered) =>
        Assert.Equal(isAnswered, Hosts(null, one, other).Allows(new("10.0.0.1:8710")));

    [Theory]
    [InlineData("http://fleet.example.com")]
    [InlineData("fleet.example.com:8710")]
    [InlineData("a;b/c")]
    [InlineData("*.*")]
    public async Task Start_HostsMalformed_IsRefusedByTheSettingsName(string setting)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => EmbeddedFleet.StartAsync(null, [new("Fleet:Api:Hosts", setting)]));

        Assert.StartsWith("Fleet:Api:Hosts: '", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", 202)]
    [InlineData("Sec-Fetch-Site", "none", 202)]
    [InlineData("Origin", "https://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Origin", "http://127.0.0.1:1", 403)]
    [InlineData("Origin", "<own>", 202)]
    public async Task Post_FromAPage_IsTakenFromOurOwnAlone(string header, string value, int status)
    {
        var before = await api.CountAsync();

        var answer = await SendAsync(HttpMethod.Post, "/api/v1/runs", r =>
        {
            r.Content = Json(Echo);
            r.Headers.Add(header, value == "<own>" ? api.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) : value);
        });

        Assert.Equal(status, answer.Status);
        if (status == 403)
            AssertIsProblem(answer, "cross_site", header, value);
        Assert.Equal(before.Runs + (status == 202 ? 1 : 0), (await api.CountAsync()).Runs);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    public async Task Send_UnsafeMethodFromAnotherSite_IsRefused(string method) =>
        AssertIsProblem(
            await SendAsync(new HttpMethod(method), "/api/v1/schedules/s", r => r.Headers.Add("Sec-Fetch-Site", "cross-site")),
            "cross_site", "Sec-Fetch-Site", "cross-site");

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/problem+json")]
    [InlineData("application/jsonp")]
    public async Task Post_BodyThatIsNotCalledJson_Is415(string? type)
    {
        var before = await api.CountAsync();

        foreach (var path in new[] { "/api/v1/runs", "/api/v1/runs/0193f3c0-0000-7000-8000-000000000000/cancel",
            "/api/v1/schedules/s/trigger" })
        {
            var answer = await SendAsync(HttpMethod.Post, path, r =>
            {
                r.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Echo));
                if (type is not null)
                    r.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            });

            AssertIsProblem(answer, "unsupported_media_type", "Content-Type", "application/json");
            Assert.Equal(415, answer.Status);
        }

        Assert.Equal(before, await api.CountAsync());
    }

    [Theory]
    [InlineData("application/json; charset=utf-16", 415)]
    [InlineData("application/json; charset=iso-8859-1", 415)]
    [InlineData("application/json; charset=utf-8", 202)]
    [InlineData("Application/JSON; charset=\"UTF-8\"", 202)]
    public async Task Post_Charset_IsUtf8(string type, int status)
    {
        var answer = await SendAsync(HttpMethod.Post, "/api/v1/runs", r =>
        {
            r.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Echo));
            r.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        });

        Assert.Equal(status, answer.Status);
        if (status == 415)
            AssertIsProblem(answer, "unsupported_charset", "Content-Type", "UTF-8");
    }

    [Fact]
    public async Task Post_CompressedBody_IsRefusedAndNotInflated()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Echo));

        var answer = await SendAsync(HttpMethod.Post, "/api/v1/runs", r =>
        {
            r.Content = new ByteArrayContent(packed.ToArray())
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json"), ContentEncoding = { "gzip" } },
            };
        });

        Assert.Equal(415, answer.Status);
        AssertIsProblem(answer, "unsupported_encoding", "Content-Encoding", "not compressed");
    }

    [Fact]
    public async Task Post_EmptyChunkedBody_IsNoBody()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");

        Assert.StartsWith(
            "HTTP/1.1 200",
            await RawAsync(
                $"POST /api/v1/runs/{id}/cancel HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: "
                + "chunked\r\n\r\n0\r\n\r\n"), StringComparison.Ordinal);
        Assert.Contains(
            "empty_body",
            await RawAsync(
                "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 200",
            await RawAsync(
                "GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                StringComparison.Ordinal);
        Assert.Contains(
            "unexpected_body",
            await RawAsync(
                "GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: "
                + "chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/api/v1/runs")]
    [InlineData("GET", "/api/v1/lanes")]
    [InlineData("DELETE", "/api/v1/schedules/none")]
    public async Task Send_BodyWhereNoneIsTaken_IsRefused(string method, string path)
    {
        var answer = await SendAsync(new HttpMethod(method), path, r => r.Content = Json("{}"));

        AssertIsProblem(answer, "unexpected_body", "body", "takes none");
    }

    [Theory]
    [InlineData("garbage", "invalid_json", 400)]
    [InlineData("""{"args":{}}""", "unknown_field", 400)]
    [InlineData("<20 MB>", "body_too_large", 413)]
    public async Task Trigger_WithABodyThatMeansNothing_IsRefused(string body, string code, int status)
    {
        await api.SendAsync("PUT", "/api/v1/schedules/triggered", """{"job":"diag.echo","every":"1h"}""");
        var before = await api.CountAsync();

        foreach (var path in new[] { "/api/v1/schedules/triggered/trigger", "/api/v1/runs/0193f3c0-0000-7000-8000-000000000000/replay" })
        {
            var answer = await api.SendAsync("POST", path, body == "<20 MB>" ? new string(' ', 20 * 1024 * 1024) : body);
            Assert.Equal((status, code), (answer.Status, answer["code"]));
        }

        Assert.Equal(before, await api.CountAsync());
        Assert.Equal(202, (await api.SendAsync("POST", "/api/v1/schedules/triggered/trigger", "{}")).Status);
        Assert.Equal(202, (await api.SendAsync("POST", "/api/v1/schedules/triggered/trigger")).Status);
    }

    [Theory]
    [InlineData("abc", "\"abc\"")]
    [InlineData("\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\"")]
    public async Task Enqueue_KeyInQuotes_IsTheSameKey(string one, string other)
    {
        var first = await api.SendAsync("POST", "/api/v1/runs", Echo, key: one);
        var second = await api.SendAsync("POST", "/api/v1/runs", Echo, key: other);

        Assert.Equal((202, first.Id), (second.Status, second.Id));
        Assert.DoesNotContain("\"a", (await api.Fleet.FindAsync(first.Id))!.IdempotencyKey, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_KeyInQuotesAndInTheBody_IsOneKey()
    {
        var body = """{"job":"diag.echo","idempotencyKey":"both"}""";

        Assert.Equal(202, (await api.SendAsync("POST", "/api/v1/runs", body, key: "\"both\"")).Status);
        Assert.Equal("two_idempotency_keys", (await api.SendAsync("POST", "/api/v1/runs", body, key: "\"other\""))["code"]);
    }

    [Theory]
    [InlineData("\"abc")]
    [InlineData("\"")]
    [InlineData("\"a\"b")]
    [InlineData("\"a\";p=1")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"\"")]
    public async Task Enqueue_KeyThatBeginsWithAQuoteAndIsNoString_IsRefused(string key)
    {
        var answer = await api.SendAsync("POST", "/api/v1/runs", Echo, key: key);

        AssertIsProblem(answer, "invalid_idempotency_key", "Idempotency-Key", "");
    }

    [Theory]
    [InlineData("GET", "/api/v1/lanes?x=1", "x")]
    [InlineData("GET", "/api/v1/workers?limit=5", "limit")]
    [InlineData("GET", "/api/v1/schedules/none?x=1", "x")]
    [InlineData("GET", "/api/v1/runs/0193f3c0-0000-7000-8000-000000000000?x=1", "x")]
    [InlineData("GET", "/api/v1/jobs/diag.echo?x=1", "x")]
    [InlineData("POST", "/api/v1/runs?dryrun=true", "dryrun")]
    [InlineData("POST", "/api/v1/schedules/none/trigger?x=1", "x")]
    [InlineData("DELETE", "/api/v1/schedules/none?force=true", "force")]
    public async Task Send_UnknownParameter_IsRefusedByName(string method, string path, string name) =>
        AssertIsProblem(await api.SendAsync(method, path), "unknown_parameter", name, "no such parameter");

    [Theory]
    [InlineData("/api/v1/schedules/s/next?after=2026-12-01T00:00:00Z%0A", "after")]
    [InlineData("/api/v1/schedules/s/next?after=2026-12-01T00:00:00Z%20", "after")]
    [InlineData("/api/v1/schedules/s/figures?until=%202026-12-01T00:00:00Z", "until")]
    [InlineData("/api/v1/simulation?from=2026-12-01T00:00:00Z%00", "from")]
    [InlineData("/api/v1/runs?limit=5%00", "limit")]
    [InlineData("/api/v1/runs?job=%00", "job")]
    public async Task Get_ControlCharactersOrSpaceInAValue_AreRefusedByName(string path, string field)
    {
        var answer = await api.SendAsync("GET", path);

        Assert.Equal((400, field), (answer.Status, answer["field"]));
        Assert.StartsWith("invalid_", answer["code"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("runAt", "2026-12-01T00:00:00Z\\n")]
    [InlineData("runAt", " 2026-12-01T00:00:00Z")]
    [InlineData("runAt", "٢٠٢٦-12-01T00:00:00Z")]
    [InlineData("runAt", "0001-01-01T00:00:00Z")]
    public async Task Enqueue_InstantThatIsNotExactlyOne_IsRefused(string field, string text) =>
        AssertIsProblem(
            await api.SendAsync("POST", "/api/v1/runs", $$"""{"job":"diag.echo","{{field}}":"{{text}}"}"""), "invalid_instant", field,
            "ISO 8601");

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "//api/v1/runs", 404)]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("PATCH", "/api/v1/runs", 405)]
    [InlineData("DELETE", "/api/v1/lanes", 405)]
    public async Task Send_NothingThere_IsAProblemToo(string method, string path, int status)
    {
        var answer = await Answer.ReadAsync(
            await api.Http.SendAsync(
                new HttpRequestMessage(new HttpMethod(method), new Uri(api.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) + path))));

        Assert.Equal((status, "application/problem+json"), (answer.Status, answer.ContentType));
    }

    /// <summary>What the web server itself refuses, before any code of ours.</summary>
    [Theory]
    [InlineData("GET /api/v1/runs/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n", "400", "path")]
    [InlineData("GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nX-Fleet-User: \xff\xfe\r\n\r\n", "400", "headers")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400", "path")]
    [InlineData("garbage\r\n\r\n", "400", "request")]
    [InlineData("POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", "400", "")]
    public async Task Send_WhatTheServerRefusesItself_IsAProblemToo(string request, string status, string field)
    {
        var answer = await RawAsync(request);

        var last = answer[answer.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal)..];
        Assert.StartsWith("HTTP/1.1 " + status, last, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\nContent-Type: application/problem+json\r\n", last, StringComparison.Ordinal);
        var body = System.Text.Json.JsonElement.Parse(last[(last.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.Equal("bad_request", body.GetProperty("code").GetString());
        Assert.Contains(field, body.GetProperty("field").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trigger_ArgsThatNoLongerFitTheJob_IsRefused()
    {
        await api.SendAsync("PUT", "/api/v1/schedules/aged", """{"job":"diag.sleep","every":"1h","args":{"ms":5}}""");
        await api.Fleet.Storage.WriteAsync(
            scope => scope.Db.Schedules.Where(s => s.Id == "aged")
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.Args, """{"ms":"5"}""")), CancellationToken.None);

        var before = await api.CountAsync();
        AssertIsProblem(await api.SendAsync("POST", "/api/v1/schedules/aged/trigger"), "invalid_argument", "args.ms", "diag.sleep");
        AssertIsProblem(
            await api.SendAsync(
                "POST", "/api/v1/schedules/aged/backfill", """{"from":"2026-01-01T00:00:00Z","until":"2026-01-01T02:00:00Z"}"""),
                "invalid_argument", "args.ms", "diag.sleep");
        Assert.Equal(before, await api.CountAsync());
        await api.SendAsync("DELETE", "/api/v1/schedules/aged");
    }

    [Theory]
    [InlineData("""{"job":"diag.echo","every":"1d","zone":"Europe/Berlin"}""", "every")]
    [InlineData("""{"job":"diag.echo","cron":"@every 1d","zone":"Europe/Berlin"}""", "cron")]
    [InlineData("""{"job":"diag.echo","at":"2030-01-01T00:00:00Z","zone":"Europe/Berlin"}""", "at")]
    public async Task Put_ZoneWithoutEffect_IsRefused(string body, string said) =>
        AssertIsProblem(await api.SendAsync("PUT", "/api/v1/schedules/zoned", body), "zone_without_effect", "zone", $"'{said}'");

    [Theory]
    [InlineData("""{"job":"diag.echo","every":"1d","zone":"UTC"}""")]
    [InlineData("""{"job":"diag.echo","every":"1d","zone":"Europe/Berlin","exclude":["12-25"]}""")]
    [InlineData("""{"job":"diag.echo","cron":"0 9 * * *","zone":"Asia/Tokyo"}""")]
    public async Task Put_ZoneThatIsRead_IsTaken(string body)
    {
        Assert.Equal(201, (await api.SendAsync("PUT", "/api/v1/schedules/zoned", body)).Status);
        await api.SendAsync("DELETE", "/api/v1/schedules/zoned");
    }

    /// <summary>A thousand periods of ten years end with the calendar.</summary>
    [Fact]
    public async Task Next_UpToTheYear9999_AnswersWhatThereIs()
    {
        await api.SendAsync(
            "PUT", "/api/v1/schedules/slow",
            """{"job":"diag.echo","every":"3650d","zone":"Pacific/Kiritimati","exclude":["12-31"],"jitter":"1d"}""");

        var next = await api.SendAsync("GET", "/api/v1/schedules/slow/next?count=1000");
        var figures = await api.SendAsync("GET", "/api/v1/schedules/slow/figures?until=9999-12-31T23:59:59.9999999Z");
        await api.SendAsync("DELETE", "/api/v1/schedules/slow");

        Assert.Equal((200, 200), (next.Status, figures.Status));
        Assert.InRange(next.Items.Count, 790, 810);
    }

    [Fact]
    public async Task Put_ExpressionThatQuartzReadsOtherwise_AnswersWithWarnings()
    {
        var put = await api.SendAsync("PUT", "/api/v1/schedules/quartz", """{"job":"diag.echo","cron":"0 0 9 ? * 2-6"}""");
        var next = await api.SendAsync("GET", "/api/v1/schedules/quartz/next");
        var diff = await api.SendAsync("POST", "/api/v1/schedules/quartz/diff", """{"job":"diag.echo","cron":"0 0 9 31W * ?"}""");
        await api.SendAsync("DELETE", "/api/v1/schedules/quartz");

        Assert.Contains("2 is Tuesday", put["warnings"], StringComparison.Ordinal);
        Assert.Equal(put["warnings"], next["warnings"]);
        Assert.Contains("months_left_out", diff["warnings"], StringComparison.Ordinal);
    }

    private static AllowedHosts Hosts(string? setting, params string[] addresses) => new(setting, new ListeningOn(addresses));

    private static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static void AssertIsProblem(Answer answer, string code, string field, string said)
    {
        Assert.Equal(
            (code, field, "application/problem+json", $"/problems/{code}"),
            (answer["code"], answer["field"], answer.ContentType, answer["type"]));
        Assert.Equal($"{answer.Status}", answer["status"]);
        Assert.Contains(said, answer["detail"], StringComparison.Ordinal);
        Assert.NotNull(answer["title"]);
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, Action<HttpRequestMessage> with)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        with(request);
        using var response = await api.Http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <summary>Sends bytes as they are, and answers with what comes back.</summary>
    private async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(api.Http.BaseAddress!.Host, api.Http.BaseAddress.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }

    private sealed class ListeningOn : IServer, IServerAddressesFeature
    {
        public ListeningOn(string[] addresses)
        {
            Addresses = addresses;
            Features.Set<IServerAddressesFeature>(this);
        }

        public ICollection<string> Addresses { get; }

        public bool PreferHostingUrls { get; set; }

        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull =>
            Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
