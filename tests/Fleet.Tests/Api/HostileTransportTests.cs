using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fleet.Api.Contract;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Api;

/// <summary>Every endpoint gets requests that are odd or broken in their transport: in head, framing and encoding. None of them makes an
/// error of the server's own or a change, and each is refused with a problem document and a code that is declared.</summary>
public sealed partial class HostileTransportTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Head = "Host: localhost\r\nConnection: close\r\n";
    private const string Json = "Content-Type: application/json\r\n";

    /// <summary>The codes of refusals that no endpoint makes itself.</summary>
    private static readonly string[] OfTheServer =
        ["bad_request", "invalid_host", "not_found", "method_not_allowed", "refused", "unsupported_media_type"];

    /// <summary>Each is refused at every endpoint. <c>METHOD</c>, <c>PATH</c> and <c>BODY</c> stand for its own.</summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["gzip"] = With(Json + "Content-Encoding: gzip\r\n", "\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0"),
        ["deflate"] = With(Json + "Content-Encoding: deflate\r\n", "x\x9c\xab\xae\x05\0\x01\x75\0\xf9"),
        ["brotli"] = With(Json + "Content-Encoding: br\r\n", "\x0b\0\x80{}\x03"),
        ["unknown encoding"] = With(Json + "Content-Encoding: foo, gzip\r\n", "{}"),
        ["gzip that is none"] = With(Json + "Content-Encoding: gzip\r\n", "{}"),
        ["UTF-16"] = With("Content-Type: application/json; charset=utf-16\r\n", "{\0}\0"),
        ["UTF-16 in secret"] = With(Json, "\xff\xfe{\0}\0"),
        ["unknown charset"] = With("Content-Type: application/json; charset=x-none\r\n", "{}"),
        ["no type"] = With("", "{}"),
        ["text"] = With("Content-Type: text/plain\r\n", "{}"),
        ["form"] = With("Content-Type: application/x-www-form-urlencoded\r\n", "job=diag.echo"),
        ["two types"] = With(Json + "Content-Type: text/plain\r\n", "{}"),
        ["no UTF-8"] = With(Json, "{\"a\":\"\xff\xfe\"}"),
        ["trailing garbage"] = With(Json, "{} {}"),
        ["comment"] = With(Json, "{/* */}"),
        ["half"] = With(Json, "{\"reason\":"),
        ["doubled member"] = With(Json, "{\"reason\":\"a\",\"reason\":\"b\"}"),
        ["doubled member in another case"] = With(Json, "{\"reason\":\"a\",\"Reason\":\"b\"}"),
        ["deep"] = With(Json, new string('[', 10_000)),
        ["deep member"] = With(Json, "{\"args\":" + new string('[', 200) + new string(']', 200) + "}"),
        ["array"] = With(Json, "[]"),
        ["string"] = With(Json, "\"\""),
        ["number"] = With(Json, "1e400"),
        ["null"] = With(Json, "null"),
        ["NUL"] = With(Json, "\0"),
        ["lone surrogate"] = With(Json, "{\"reason\":\"\\ud800\",\"\\udfff\":1}"),
        ["unknown member"] = With(Json, "{\"x.y/z\":1}"),
        ["a long number"] = With(Json, "{\"x\":" + new string('9', 100_000) + "}"),
        ["ends early"] = "METHOD PATH HTTP/1.1\r\n" + Head + Json + "Content-Length: 1000\r\n\r\n{",
        ["chunks that are none"] = "METHOD PATH HTTP/1.1\r\n" + Head + Json + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        ["chunks that end early"] = "METHOD PATH HTTP/1.1\r\n" + Head + Json + "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        ["unknown transfer encoding"] = "METHOD PATH HTTP/1.1\r\n" + Head + Json + "Transfer-Encoding: gzip\r\n\r\n{}",
        ["negative length"] = "METHOD PATH HTTP/1.1\r\n" + Head + "Content-Length: -1\r\n\r\n",
        ["two lengths"] = "METHOD PATH HTTP/1.1\r\n" + Head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        ["a huge length"] = "METHOD PATH HTTP/1.1\r\n" + Head + Json + "Content-Length: 9223372036854775807\r\n\r\n{}",
        ["too large"] = "METHOD PATH HTTP/1.1\r\n" + Head + Json + "Content-Length: 17000000\r\n\r\n{}",
        ["no host"] = "METHOD PATH HTTP/1.1\r\nConnection: close\r\n\r\n",
        ["two hosts"] = "METHOD PATH HTTP/1.1\r\n" + Head + "Host: localhost\r\n\r\n",
        ["foreign host"] = "METHOD PATH HTTP/1.1\r\nConnection: close\r\nHost: evil.example\r\n\r\n",
        ["foreign target"] = "METHOD http://evil.examplePATH HTTP/1.1\r\n" + Head + "\r\n",
        ["long header"] = "METHOD PATH HTTP/1.1\r\n" + Head + "X-Fleet-User: " + new string('a', 40_000) + "\r\n\r\n",
        ["many headers"] = "METHOD PATH HTTP/1.1\r\n" + Head + string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: a\r\n"))
            + "\r\n",
        ["no header"] = "METHOD PATH HTTP/1.1\r\n" + Head + "garbage\r\n\r\n",
        ["folded header"] = "METHOD PATH HTTP/1.1\r\n" + Head + "X-A: a\r\n b\r\n\r\n",
        ["long URL"] = "METHOD PATH?q=" + new string('a', 20_000) + " HTTP/1.1\r\n" + Head + "\r\n",
        ["unknown parameter"] = "METHOD PATH?no=1 HTTP/1.1\r\n" + Head + "\r\n",
        ["empty parameter"] = "METHOD PATH?=1 HTTP/1.1\r\n" + Head + "\r\n",
        ["parameter that is no text"] = "METHOD PATH?%ff%00=%ff HTTP/1.1\r\n" + Head + "\r\n",
        ["doubled slash"] = "METHOD /PATH HTTP/1.1\r\n" + Head + "\r\n",
        ["version 9"] = "METHOD PATH HTTP/9.9\r\n" + Head + "\r\n",
        ["unknown method"] = "BREW PATH HTTP/1.1\r\n" + Head + "\r\n",
        ["method in small letters"] = "delete_ PATH HTTP/1.1\r\n" + Head + "\r\n",
        ["TRACE"] = "TRACE PATH HTTP/1.1\r\n" + Head + "\r\n",
        ["OPTIONS"] = "OPTIONS PATH HTTP/1.1\r\n" + Head + "\r\n",
        ["PATCH"] = "PATCH PATH HTTP/1.1\r\n" + Head + "\r\n",
    };

    [Fact]
    public async Task Send_OddTransports_ToEveryEndpoint_AreRefusedWithADeclaredCode_AndChangeNothing()
    {
        await PrepareAsync();
        var before = await SnapshotAsync();
        var endpoints = Endpoints().ToList();
        var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
        var requests = endpoints.SelectMany(e => Refused.Select(r => (Endpoint: e, r.Key, r.Value))).ToList();

        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, _) =>
        {
            var (endpoint, name, text) = request;
            var raw = text.Replace("METHOD", endpoint.Method, StringComparison.Ordinal)
                .Replace("PATH", endpoint.Path, StringComparison.Ordinal);
            // To Kestrel a client that stops sending is gone: it may get no answer.
            var isCutOff = name.EndsWith("early", StringComparison.Ordinal);
            var answer = await RawAsync(raw, isCutOff);
            if (isCutOff && answer.Length == 0)
                return;
            if (WhatIsWrong(answer, endpoint.Contract) is { } reason)
                wrong.Add($"{name}: {endpoint.Method} {endpoint.Path}: {reason}");
        });

        Assert.True(endpoints.Count > 45 && requests.Count > 2000, $"{requests.Count} requests");
        Assert.True(
            wrong.IsEmpty,
            string.Join('\n', wrong.GroupBy(w => w.Split(':')[0], StringComparer.Ordinal)
                .SelectMany(g => g.Order(StringComparer.Ordinal).Take(4))));
        Assert.Equal(before, await SnapshotAsync());
    }

    [Fact]
    public async Task Send_MethodThatAPathDoesNotHave_Is405_AndNamesThoseThatItHas()
    {
        foreach (var path in Endpoints().GroupBy(e => e.Path, StringComparer.Ordinal))
        {
            foreach (var method in new[] { "HEAD", "OPTIONS", "PATCH", "BREW" })
            {
                var answer = await RawAsync($"{method} {path.Key} HTTP/1.1\r\n{Head}\r\n");

                Assert.StartsWith("HTTP/1.1 405", answer, StringComparison.Ordinal);
                var allowed = Allow().Match(answer).Groups["methods"].Value.Split(", ");
                // A fixed name may also be an id to routing: GET of runs/batch is the one of runs/{id}.
                Assert.Subset(allowed.ToHashSet(), path.Select(e => e.Method).ToHashSet());
            }
        }
    }

    /// <summary>What is odd and means the same: the answer is that of the plain request.</summary>
    [Fact]
    public async Task Get_InAnotherForm_IsAnsweredAlike()
    {
        await PrepareAsync();
        foreach (var endpoint in Endpoints().Where(e => e.Method == "GET" && e.Contract.Name != "streamEvents"))
        {
            var plain = Status(await RawAsync($"GET {endpoint.Path} HTTP/1.1\r\n{Head}\r\n"));
            var others = new[]
            {
                $"GET {endpoint.Path}/ HTTP/1.1\r\n{Head}\r\n", $"GET /API/V1{endpoint.Path[7..]} HTTP/1.1\r\n{Head}\r\n",
                $"GET {endpoint.Path} HTTP/1.0\r\n{Head}\r\n", $"GET {endpoint.Path}? HTTP/1.1\r\n{Head}\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}Content-Length: 0\r\n\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}Accept: application/xml\r\nX-HTTP-Method-Override: DELETE\r\n\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}Range: bytes=0-1\r\n\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}Expect: 100-continue\r\n\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}If-None-Match: \"\r\n\r\n",
                $"GET {endpoint.Path} HTTP/1.1\r\n{Head}X-Forwarded-Host: evil.example\r\nX-Forwarded-Prefix: /x\r\n\r\n",
            };
            foreach (var other in others)
                Assert.Equal((other, plain), (other, Status(await RawAsync(other))));
        }
    }

    /// <summary>Bodies without a length, and bodies where none is taken, as HTTP/2 has them.</summary>
    [Fact]
    public async Task Send_Http2WithoutALength_IsAnsweredAsHttp1Is()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(null, [new("Kestrel:EndpointDefaults:Protocols", "Http2")]);

        var (accepted, _) = await SendAsync(HttpMethod.Post, "/api/v1/runs", """{"job":"diag.echo"}""");
        var (empty, emptyCode) = await SendAsync(HttpMethod.Post, "/api/v1/runs", "");
        var (large, largeCode) = await SendAsync(HttpMethod.Post, "/api/v1/runs", "{\"job\":\"" + new string('a', 2_000_000) + "\"}");
        var (got, gotCode) = await SendAsync(HttpMethod.Get, "/api/v1/runs", "{}");
        var (deleted, deletedCode) = await SendAsync(HttpMethod.Delete, "/api/v1/schedules/none", "{}");
        var (plain, _) = await SendAsync(HttpMethod.Get, "/api/v1/runs", "");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (accepted, plain));
        Assert.Equal((HttpStatusCode.BadRequest, "empty_body"), (empty, emptyCode));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), (large, largeCode));
        Assert.Equal((HttpStatusCode.BadRequest, "unexpected_body"), (got, gotCode));
        Assert.Equal((HttpStatusCode.BadRequest, "unexpected_body"), (deleted, deletedCode));

        async Task<(HttpStatusCode, string?)> SendAsync(HttpMethod method, string path, string body)
        {
            using var request = new HttpRequestMessage(method, new Uri(fleet.Http.BaseAddress!, path))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new Unsized(body),
            };
            using var response = await fleet.Http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            return (response.StatusCode, (int)response.StatusCode < 400 ? null : JsonElement.Parse(text).GetProperty("code").GetString());
        }
    }

    [Theory]
    [InlineData("{},")]
    [InlineData("null,")]
    [InlineData("[],")]
    [InlineData("{\"job\":\"diag.echo\"},", 500_000)]
    public async Task EnqueueMany_AMillionRuns_IsRefusedBeforeTheyAreRead(string item, int count = 1_000_000)
    {
        var body = "{\"x\":[1,2],\"RUNS\":[" + new StringBuilder().Insert(0, item, count).ToString().TrimEnd(',') + "]}";

        var answer = await api.SendAsync("POST", "/api/v1/runs/batch", body);

        Assert.Equal((400, "invalid_batch", "runs"), (answer.Status, answer["code"], answer["field"]));
        Assert.Contains("more than 1000", answer["detail"], StringComparison.Ordinal);
    }

    /// <summary>Behind a proxy that takes the prefix off, and behind one that does not.</summary>
    [Theory]
    [InlineData("/ops/fleet", "")]
    [InlineData("/ops/fleet/", "/ops/fleet")]
    [InlineData("/ünï", "/%C3%BCn%C3%AF")]
    public async Task Send_BelowAPathBase_LinksLeadThere(string setting, string sent)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(null, [new("Fleet:Api:PathBase", setting)]);
        var root = new Uri("http://localhost" + setting.TrimEnd('/')).AbsolutePath;

        using var accepted = await fleet.Http.PostAsync(
            new Uri(fleet.Http.BaseAddress!, sent + "/api/v1/runs"),
            new StringContent("""{"job":"diag.echo","delay":"1h"}""", Encoding.UTF8, "application/json"));
        var id = JsonElement.Parse(await accepted.Content.ReadAsStringAsync()).GetProperty("id").GetString();
        var document = JsonElement.Parse(await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, sent + "/api/v1/openapi.json")));
        var explained = await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, $"{sent}/api/v1/runs/{id}/explain"));
        using var refused = await fleet.Http.GetAsync(new Uri(fleet.Http.BaseAddress!, sent + "/api/v1/runs?limit=0"));
        using var unknown = await fleet.Http.GetAsync(new Uri(fleet.Http.BaseAddress!, sent + "/nothing"));

        Assert.Equal($"{root}/api/v1/runs/{id}", accepted.Headers.Location!.OriginalString);
        Assert.Equal(root, document.GetProperty("servers")[0].GetProperty("url").GetString());
        Assert.Contains($"{root}/api/v1/runs/", explained, StringComparison.Ordinal);
        foreach (var problem in new[] { refused, unknown })
            Assert.Contains($"\"type\":\"{root}/problems/", await problem.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fleet")]
    [InlineData("http://x/fleet")]
    [InlineData("/a b")]
    [InlineData("/a?b")]
    public async Task Start_PathBaseMalformed_IsRefusedByTheSettingsName(string setting)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => EmbeddedFleet.StartAsync(null, [new("Fleet:Api:PathBase", setting)]));

        Assert.StartsWith("Fleet:Api:PathBase: '", error.Message, StringComparison.Ordinal);
    }

    private static string With(string headers, string body) => string.Create(
        CultureInfo.InvariantCulture, $"METHOD PATH HTTP/1.1\r\n{Head}{headers}Content-Length: {body.Length}\r\n\r\n{body}");

    private static string Status(string answer) => answer.Length < 12 ? answer : answer[9..12];

    private static string? WhatIsWrong(string answer, EndpointContract contract)
    {
        if (answer.Length == 0)
            return "no answer";
        var (status, split) = (Status(answer), answer.IndexOf("\r\n\r\n", StringComparison.Ordinal));
        if ((status[0] != '4' && status != "505") || split < 0)
            return answer[..Math.Min(answer.Length, 200)];
        if (!answer[..split].Contains("Content-Type: application/problem+json", StringComparison.Ordinal))
            return status + " without a problem document";
        var body = Chunk().Replace(answer[(split + 4)..], "");
        var problem = JsonElement.Parse(body[..(body.LastIndexOf('}') + 1)]);
        var code = problem.GetProperty("code").GetString()!;
        if ($"{problem.GetProperty("status").GetInt32()}" != status)
            return $"{status}, and its document says {problem.GetProperty("status")}";
        if (body.Contains("Exception", StringComparison.Ordinal) || body.Length > 4000)
            return "it shows too much: " + body[..Math.Min(body.Length, 300)];
        return OfTheServer.Contains(code) || contract.AllCodes.Contains(code) ? null : $"{code} is not declared";
    }

    private IEnumerable<(string Method, string Path, EndpointContract Contract)> Endpoints() =>
        api.Fleet.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith("/api/v1", StringComparison.Ordinal))
            .Select(e =>
            {
                var contract = e.Metadata.GetRequiredMetadata<EndpointContract>();
                var path = contract.Parameters.Where(p => p.Place == ParameterPlace.Path).Aggregate(
                    e.RoutePattern.RawText!,
                    (filled, p) => filled.Replace($"{{{p.Name}}}", Uri.EscapeDataString(p.Example!), StringComparison.Ordinal));
                return (e.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0], path, contract);
            });

    /// <summary>What changes of the endpoints would find.</summary>
    private async Task PrepareAsync() =>
        await api.SendAsync("PUT", "/api/v1/schedules/nightly-report", """{"job":"diag.echo","cron":"0 2 * * *"}""");

    private async Task<string> SnapshotAsync()
    {
        await using var db = api.Fleet.Storage.Read();
        var schedules = await db.Schedules.AsNoTracking().OrderBy(s => s.Id).ToListAsync();
        var count = await api.CountAsync();
        var lanes = await api.SendAsync("GET", "/api/v1/lanes");
        return $"{count.Runs} {string.Join(',', schedules.Select(s => s.Id + s.EditVersion()))} "
            + string.Join(',', lanes.Items.Select(l => l.GetProperty("paused").GetRawText()));
    }

    /// <summary>Sends bytes as they are, and answers with what comes back.</summary>
    private async Task<string> RawAsync(string request, bool isCutOff = false)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var client = new TcpClient();
        await client.ConnectAsync(api.Http.BaseAddress!.Host, api.Http.BaseAddress.Port, limit.Token);
        var stream = client.GetStream();
        var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), limit.Token);
            if (isCutOff)
                client.Client.Shutdown(SocketShutdown.Send);
            // A body that the server did not want is waited for in vain: the answer is there long before the connection ends.
            var buffer = new byte[65536];
            for (int read; !IsWhole(answer) && (read = await stream.ReadAsync(buffer, limit.Token)) > 0;)
                answer.Write(buffer, 0, read);
        }
        catch (IOException)
        {
            // The server has answered, and closed before it had read all.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    private static bool IsWhole(MemoryStream answer)
    {
        var text = Encoding.Latin1.GetString(answer.GetBuffer(), 0, (int)answer.Length);
        return text.StartsWith("HTTP/1.1 4", StringComparison.Ordinal)
            && (text.EndsWith('}') || text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal));
    }

    [GeneratedRegex("Allow: (?<methods>.*)\r\n", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allow();

    [GeneratedRegex(@"^[0-9a-f]+\r\n|\r\n0\r\n\r\n", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Chunk();

    /// <summary>A body that does not know its length.</summary>
    private sealed class Unsized : HttpContent
    {
        private readonly byte[] _body;

        public Unsized(string body)
        {
            _body = Encoding.UTF8.GetBytes(body);
            Headers.ContentType = new("application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(_body).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
