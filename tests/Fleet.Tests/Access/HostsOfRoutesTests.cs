using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Tests.Support;

namespace Fleet.Tests.Access;

/// <summary>Every route under a name that is not the server's, in every form that HTTP has for it: refused before anything is looked at,
/// although the credential is an admin's.</summary>
public sealed class HostsOfRoutesTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    /// <summary><c>PATH</c> stands for the route's, and what follows the bar are the headers, with commas for line ends.</summary>
    private static readonly string[] Refused =
    [
        "PATH HTTP/1.1|",
        "PATH HTTP/1.1|Host:",
        "PATH HTTP/1.1|Host:   ",
        "PATH HTTP/1.1|Host: evil.example",
        "PATH HTTP/1.1|Host: localhost.evil.example:80",
        "PATH HTTP/1.1|Host: evil.example,Host: localhost",
        "PATH HTTP/1.1|Host: localhost,Host: evil.example",
        "PATH HTTP/1.1|Host: localhost,Host: localhost",
        "PATH HTTP/1.1|Host: localhost;evil.example",
        "PATH HTTP/1.1|Host: localhost evil.example",
        "PATH HTTP/1.1|Host: evil.example@localhost",
        "PATH HTTP/1.1|Host: localhost@evil.example",
        "PATH HTTP/1.1|Host: localhost/evil.example",
        "PATH HTTP/1.1|Host: localhost:80:80",
        "PATH HTTP/1.1|Host: localhost:x",
        "PATH HTTP/1.1|Host: [::1",
        "PATH HTTP/1.1|Host: 8.8.8.8",
        "PATH HTTP/1.1|Host : localhost",
        "PATH HTTP/1.0|",
        "PATH HTTP/1.0|Host:",
        "PATH HTTP/1.0|Host: evil.example",
        "PATH HTTP/1.0|Host: localhost,Host: evil.example",
        "http://evil.examplePATH HTTP/1.1|Host: evil.example",
        "http://evil.examplePATH HTTP/1.1|Host: localhost",
        "http://localhostPATH HTTP/1.1|Host: evil.example",
        "http://evil.examplePATH HTTP/1.0|Host: localhost",
        "http://localhost@evil.examplePATH HTTP/1.1|Host: evil.example",
    ];

    [Fact]
    public async Task EveryRoute_OfAnotherHost_IsRefused_AndChangesNothing()
    {
        await access.PrepareAsync();
        var before = await access.Fleet.Storage.ReadContentsAsync();
        var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
        var requests = Route.All(access.Fleet).SelectMany(route => Refused.Select(form => (route, form)));

        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, _) =>
        {
            var answer = await SendAsync(request.route, request.form);
            if (!answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal) || !IsAProblem(answer))
                wrong.Add($"{request.route}, {request.form}: {answer}");
        });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order(StringComparer.Ordinal).Take(20)));
        Assert.Equal(before, await access.Fleet.Storage.ReadContentsAsync());
    }

    /// <summary>So that the test above can fail.</summary>
    [Theory]
    [InlineData("PATH HTTP/1.1|Host: localhost")]
    [InlineData("PATH HTTP/1.0|Host: localhost")]
    [InlineData("http://localhostPATH HTTP/1.1|Host: localhost")]
    public async Task EveryGet_OfThisHost_IsNotRefusedForIt(string form)
    {
        foreach (var route in Route.All(access.Fleet).Where(r => r.Method == "GET" && r.Contract.Name != "streamEvents"))
            Assert.DoesNotContain("\"code\":\"invalid_host\"", await SendAsync(route, form), StringComparison.Ordinal);
    }

    /// <summary>In HTTP/2 a request may have <c>:authority</c>, <c>host</c>, or both.</summary>
    [Theory]
    [InlineData("localhost", null, true)]
    [InlineData(null, "localhost", true)]
    [InlineData("evil.example", null, false)]
    [InlineData(null, "evil.example", false)]
    [InlineData("evil.example", "localhost", false)]
    [InlineData("", null, false)]
    [InlineData(null, null, false)]
    public async Task EveryGet_OverHttp2_IsAnsweredForItsAuthority(string? authority, string? host, bool isAnswered)
    {
        await using var fleet = await AccessFleet.StartAsync([new("Kestrel:EndpointDefaults:Protocols", "Http2")]);
        var routes = Route.All(fleet.Fleet).Where(
            r => r.Method == "GET" && r.Contract.Name is not ("streamEvents" or "describeTrigger")
                && !r.Contract.Parameters.Any(p => p.IsRequired && p.Place == ParameterPlace.Query));
        foreach (var route in routes)
        {
            var status = await Http2.GetStatusAsync(fleet.Fleet.Http.BaseAddress!, route.Path, authority, host, fleet.Key(Role.Admin));
            // Kestrel ends the stream of a request that is not well formed.
            Assert.True(
                isAnswered ? status is 200 or 404 : status is 400 or null, $"{route} with :authority {authority}, host {host}: {status}");
        }
    }

    private static bool IsAProblem(string answer) =>
        answer.Contains("application/problem+json", StringComparison.Ordinal) && answer.Contains("nosniff", StringComparison.Ordinal)
        && (answer.Contains("invalid_host", StringComparison.Ordinal) || answer.Contains("bad_request", StringComparison.Ordinal));

    private async Task<string> SendAsync(Route route, string form)
    {
        var (target, headers) = (form.Split('|')[0], form.Split('|')[1]);
        var text = new StringBuilder($"{route.Method} {target.Replace("PATH", route.Path, StringComparison.Ordinal)}\r\n");
        foreach (var header in headers.Split(',', StringSplitOptions.RemoveEmptyEntries))
            text.Append(header).Append("\r\n");
        text.Append("Connection: close\r\nAuthorization: Bearer ").Append(access.Key(Role.Admin)).Append("\r\n");
        if (route.Body is { } body)
            text.Append("Content-Type: application/json\r\nContent-Length: ").Append(Encoding.UTF8.GetByteCount(body)).Append("\r\n");
        text.Append("\r\n").Append(route.Body);
        return await RawHttp.SendAsync(access.Fleet.Http.BaseAddress!, Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>As much of HTTP/2 as one request without a body needs, so that its header can be what no client sends.</summary>
    private static class Http2
    {
        private const byte Headers = 1;
        private const byte ResetStream = 3;
        private const byte Settings = 4;
        private const byte GoAway = 7;
        private const byte EndStreamAndHeaders = 5;

        /// <returns>Null if the server ended the stream without an answer.</returns>
        public static async Task<int?> GetStatusAsync(Uri server, string path, string? authority, string? host, string key)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            using var client = new TcpClient();
            await client.ConnectAsync(server.Host, server.Port, limit.Token);
            var stream = client.GetStream();
            var block = new List<byte>();
            Add(block, ":method", "GET");
            Add(block, ":scheme", "http");
            Add(block, ":path", path);
            Add(block, ":authority", authority);
            Add(block, "host", host);
            Add(block, "authorization", "Bearer " + key);
            byte[] request =
            [
                .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, []),
                .. Frame(Headers, EndStreamAndHeaders, 1, [.. block]),
            ];
            await stream.WriteAsync(request, limit.Token);
            var head = new byte[9];
            while (true)
            {
                await stream.ReadExactlyAsync(head, limit.Token);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await stream.ReadExactlyAsync(payload, limit.Token);
                if (head[3] is ResetStream or GoAway)
                    return null;
                if (head[3] == Headers)
                    return StatusOf(payload);
            }
        }

        /// <summary>The first field is the status, from the table of HPACK; a change of the table's size may stand before it.</summary>
        private static int StatusOf(byte[] block) => block.SkipWhile(b => (b & 0xE0) == 0x20).First() switch
        {
            0x88 => 200,
            0x8C => 400,
            0x8D => 404,
            0x8E => 500,
            _ => 0,
        };

        private static void Add(List<byte> block, string name, string? value)
        {
            if (value is null)
                return;
            // A literal that is not remembered, with plain text.
            block.Add(0);
            foreach (var text in new[] { name, value })
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                AddLength(block, bytes.Length);
                block.AddRange(bytes);
            }
        }

        private static void AddLength(List<byte> block, int length)
        {
            if (length < 127)
            {
                block.Add((byte)length);
                return;
            }

            block.Add(127);
            var rest = length - 127;
            for (; rest >= 128; rest /= 128)
                block.Add((byte)((rest % 128) | 128));
            block.Add((byte)rest);
        }

        private static byte[] Frame(byte type, byte flags, int streamId, byte[] payload)
        {
            var frame = new byte[9 + payload.Length];
            (frame[0], frame[1], frame[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
            (frame[3], frame[4]) = (type, flags);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
            payload.CopyTo(frame, 9);
            return frame;
        }
    }
}
