using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Api;

/// <summary>Every endpoint that changes something stores its caller: the name in the header and the address of the connection.</summary>
public sealed class CallerTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Header = "X-Fleet-User";

    private const string Name = "Alex Jürgen B";

    private static readonly Actor Alex = Actor.Create(ActorKind.Person, Name, "127.0.0.1");

    private const string Range = """{"from":"2026-01-01T00:00:00Z","until":"2026-01-04T00:00:00Z"}""";

    private const string Why = """{"reason":"twice"}""";

    private const string Muted = """{"untilNewVersion":true}""";

    private static readonly DateTimeOffset January = new(2026, 1, 31, 0, 0, 0, TimeSpan.Zero);

    private static int _schedules;

    /// <summary>Each endpoint that changes something: calls it, and returns the actors that were stored.</summary>
    private static readonly Dictionary<string, Func<CallerTests, Task<IEnumerable<Actor?>>>> Cases = new(StringComparer.Ordinal)
    {
        ["POST /runs"] = async test =>
        {
            var run = await test.CallAsync("POST", "runs", """{"job":"diag.echo","args":{}}""");
            return [(await test.RunAsync(run.Id)).EnqueuedBy, Shown(await test.GetAsync($"runs/{run.Id}"), "enqueuedBy")];
        },
        ["POST /runs/batch"] = async test =>
        {
            var runs = await test.CallAsync(
                "POST", "runs/batch", """{"runs":[{"job":"diag.echo","args":{}},{"job":"diag.echo","args":{}}]}""");
            var ids = runs.Json.GetProperty("ids").EnumerateArray().Select(id => new RunId(id.GetGuid()));
            return await Task.WhenAll(ids.Select(async id => (await test.RunAsync(id)).EnqueuedBy));
        },
        ["POST /runs/{id}/cancel"] = async test =>
        {
            var id = await test.WaitingAsync();
            await test.CallAsync("POST", $"runs/{id}/cancel");
            return [(await test.RunAsync(id)).CanceledBy, Shown(await test.GetAsync($"runs/{id}"), "canceledBy")];
        },
        ["POST /runs/{id}/replay"] = async test =>
        {
            var id = await test.WaitingAsync();
            Assert.Equal(200, (await test.SendAsync("POST", $"runs/{id}/cancel")).Status);
            await test.CallAsync("POST", $"runs/{id}/replay");
            await using var db = test.Storage();
            var shown = (await test.GetAsync($"runs/{id}")).GetProperty("lineage")[0];
            return [(await db.Replays.SingleAsync(r => r.RunId == id)).By, Shown(shown, "by")];
        },
        ["DELETE /runs/{id}"] = async test =>
        {
            var id = await test.WaitingAsync();
            await test.CallAsync("POST", $"runs/{id}/cancel");
            await test.CallAsync("DELETE", $"runs/{id}");
            await using var db = test.Storage();
            return [(await db.Runs.IgnoreQueryFilters().SingleAsync(r => r.Id == id)).DeletedBy];
        },
        ["POST /dead-letters/{id}/replay"] = async test =>
        {
            var (id, _) = await test.DeadAsync();
            await test.CallAsync("POST", $"dead-letters/{id}/replay", "{}");
            await using var db = test.Storage();
            return [(await db.Replays.SingleAsync(r => r.RunId == id)).By];
        },
        ["POST /dead-letters/{id}/discard"] = async test =>
        {
            var (id, _) = await test.DeadAsync();
            await test.CallAsync("POST", $"dead-letters/{id}/discard", Why);
            return [await test.AuditedAsync("dead.discard", $"{id}")];
        },
        ["POST /dead-letters/import"] = async test =>
        {
            var letter = RunId.New(TimeProvider.System.GetUtcNow());
            var answer = await test.CallAsync(
                "POST", "dead-letters/import", $$$"""{"runs":[{"id":"{{{letter}}}","job":"diag.echo","args":{}}]}""");
            return [(await test.RunAsync(new RunId(answer.Json.GetProperty("ids")[0].GetGuid()))).EnqueuedBy];
        },
        ["POST /dead-letters/groups/{fingerprint}/discard"] = async test =>
        {
            var (id, group) = await test.DeadAsync();
            await test.CallAsync("POST", $"dead-letters/groups/{group}/discard", Why);
            return [await test.AuditedAsync("dead.discard", $"{id}")];
        },
        ["POST /dead-letters/groups/{fingerprint}/mute"] = async test =>
        {
            var (_, group) = await test.DeadAsync();
            await test.CallAsync("POST", $"dead-letters/groups/{group}/mute", Muted);
            return [await test.AuditedAsync("dead.mute", group)];
        },
        ["POST /dead-letters/groups/{fingerprint}/unmute"] = async test =>
        {
            var (_, group) = await test.DeadAsync();
            await test.CallAsync("POST", $"dead-letters/groups/{group}/mute", Muted);
            await test.CallAsync("POST", $"dead-letters/groups/{group}/unmute", "{}");
            return [await test.AuditedAsync("dead.unmute", group)];
        },
        ["POST /operations"] = async test => [Shown(await test.OperateAsync("tag:nobody"), "createdBy")],
        ["POST /operations/{id}/cancel"] = async test =>
        {
            // At one run per second it is still under way.
            var tag = NewId();
            var runs = string.Join(',', Enumerable.Repeat(
                $$"""{"job":"diag.echo","args":{},"delay":"1h","tags":["{{tag}}"]}""", 100));
            await test.CallAsync("POST", "runs/batch", $$"""{"runs":[{{runs}}]}""");
            var operation = (await test.OperateAsync($"tag:{tag}")).GetProperty("id").GetString()!;
            await test.CallAsync("POST", $"operations/{operation}/cancel", "{}");
            return [await test.AuditedAsync("operation.cancel", operation)];
        },
        ["POST /keys"] = async test => [Shown((await test.CreateKeyAsync()).GetProperty("key"), "createdBy")],
        ["POST /keys/{id}/rotate"] = async test =>
        {
            var id = (await test.CreateKeyAsync()).GetProperty("key").GetProperty("id").GetString();
            return [Shown((await test.CallAsync("POST", $"keys/{id}/rotate", "{}")).Json.GetProperty("key"), "createdBy")];
        },
        ["POST /keys/{id}/revoke"] = async test =>
        {
            var id = (await test.CreateKeyAsync()).GetProperty("key").GetProperty("id").GetString();
            return [Shown((await test.CallAsync("POST", $"keys/{id}/revoke", "{}")).Json, "revokedBy")];
        },
        ["DELETE /sessions/{id}"] = async test =>
        {
            var (_, session) = await test.Services.GetRequiredService<SignIn>().ExecuteAsync(
                new Principal("x", ActorKind.Person, Role.Viewer), agent: null, Somebody.Me, CancellationToken.None);
            await test.CallAsync("DELETE", $"sessions/{session.Id}");
            await using var db = test.Storage();
            return [(await db.Audit.SingleAsync(e => e.Target == session.Id && e.Action == "session.end")).By];
        },
        ["PUT /schedules/{id}"] = async test =>
        {
            var id = NewId();
            await test.CallAsync("PUT", $"schedules/{id}", """{"job":"diag.echo","every":"1d"}""");
            return [(await test.ScheduleAsync(id)).PutBy, Shown(await test.GetAsync($"schedules/{id}"), "putBy")];
        },
        ["PUT /views/{name}"] = async test =>
        {
            var name = NewId();
            await test.CallAsync("PUT", $"views/{name}", """{"query":"state:failed","shared":true}""");
            var view = await test.GetAsync($"views/{name}");
            return [Shown(view, "owner"), Shown(view, "changedBy")];
        },
        ["DELETE /views/{name}"] = async test =>
        {
            var name = NewId();
            var view = await test.CallAsync("PUT", $"views/{name}", """{"query":"state:failed","shared":true}""");
            await test.CallAsync("DELETE", $"views/{name}");
            return [Shown(view.Json, "owner")];
        },
        ["DELETE /schedules/{id}"] = test => test.RevokingAsync("DELETE", ""),
        ["POST /schedules/{id}/pause"] = test => test.ControlAsync("pause"),
        ["POST /schedules/{id}/stop"] = test => test.ControlAsync("stop"),
        ["POST /schedules/{id}/start"] = test => test.ControlAsync("start"),
        ["POST /schedules/{id}/resume"] = test => test.ControlAsync("resume"),
        ["POST /schedules/{id}/trigger"] = async test =>
        {
            var run = await test.CallAsync("POST", $"schedules/{await test.PutAsync()}/trigger");
            return [(await test.RunAsync(run.Id)).EnqueuedBy];
        },
        ["POST /lanes/{lane}/pause"] = async test =>
        {
            var answer = await test.CallAsync("POST", "lanes/caller.pause/pause");
            await using var db = test.Storage();
            return [(await db.Lanes.SingleAsync(l => l.Name == "caller.pause")).PausedBy, Shown(answer.Json.GetProperty("paused"), "by")];
        },
        // A lane that is not paused has nobody who resumed it.
        ["POST /lanes/{lane}/resume"] = async test =>
        {
            await test.CallAsync("POST", "lanes/caller.resume/pause");
            await using var db = test.Storage();
            var by = (await db.Lanes.SingleAsync(l => l.Name == "caller.resume")).PausedBy;
            await test.CallAsync("POST", "lanes/caller.resume/resume");
            return [by];
        },
        ["POST /workers/{id}/drain"] = test => test.DrainAsync("drain"),
        ["POST /workers/{id}/resume"] = test => test.DrainAsync("resume"),
        ["POST /schedules/{id}/backfill"] = async test =>
        {
            var id = await test.PutAsync();
            await test.CallAsync("POST", $"schedules/{id}/backfill", Range);
            await using var db = test.Storage();
            return [.. (await db.Runs.Where(r => r.ScheduleId == id && r.FireTime < January).ToListAsync()).Select(r => r.EnqueuedBy)];
        },
    };

    private static readonly string[] Reads =
        ["POST /schedules/{id}/diff", "POST /operations/preview", "POST /sessions", "DELETE /sessions/current"];

    [Fact]
    public void Endpoints_ThatChangeSomething_AreAllTestedHere()
    {
        var endpoints = api.Fleet.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        var changing = from endpoint in endpoints
                       from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
                       where method is not ("GET" or "HEAD")
                           && endpoint.RoutePattern.RawText!.StartsWith("/api/v1/", StringComparison.Ordinal)
                       select $"{method} {endpoint.RoutePattern.RawText!["/api/v1".Length..]}";

        Assert.Equal(Cases.Keys.Concat(Reads).Order(StringComparer.Ordinal), changing.Order(StringComparer.Ordinal));
    }

    public static TheoryData<string> Changing { get; } = new(Cases.Keys);

    [Theory]
    [MemberData(nameof(Changing))]
    public async Task Call_WithAName_StoresNameAndAddress(string endpoint)
    {
        var stored = (await Cases[endpoint](this)).ToList();

        Assert.NotEmpty(stored);
        Assert.All(stored, actor => Assert.Equal(Alex, actor));
    }

    [Fact]
    public async Task Call_WithoutAName_IsAProgramWithItsAddress()
    {
        var id = await PutAsync();
        var run = await SendAsync("POST", $"schedules/{id}/trigger");
        var plain = await api.EnqueueAsync("""{"job":"diag.echo","args":{}}""");

        var program = Actor.Create(ActorKind.Program, "api", "127.0.0.1");
        Assert.Equal((program, program), ((await ScheduleAsync(id)).PutBy, (await RunAsync(run.Id)).EnqueuedBy));
        // Stored with every run of a program, it would make each insert more expensive.
        Assert.Null((await RunAsync(plain)).EnqueuedBy);
    }

    [Fact]
    public async Task Call_WithTheNameOfAProgram_IsThatProgramUnlessThereIsAPerson()
    {
        async Task<Actor?> PutByAsync(params (string Header, string Name)[] names)
        {
            var id = NewId();
            using var request = new HttpRequestMessage(HttpMethod.Put, new Uri($"{api.Http.BaseAddress}api/v1/schedules/{id}"));
            request.Content = new StringContent("""{"job":"diag.echo","every":"1d"}""", Encoding.UTF8, "application/json");
            foreach (var (header, name) in names)
                request.Headers.TryAddWithoutValidation(header, name);
            using var response = await api.Http.SendAsync(request);
            return response.StatusCode == HttpStatusCode.Created ? (await ScheduleAsync(id)).PutBy : null;
        }

        Assert.Equal(Actor.Create(ActorKind.Program, "orders", "127.0.0.1"), await PutByAsync(("X-Fleet-Program", "orders")));
        Assert.Equal(
            Actor.Create(ActorKind.Person, "alex", "127.0.0.1"), await PutByAsync(("X-Fleet-Program", "orders"), (Header, "alex")));
        Assert.Null(await PutByAsync(("X-Fleet-Program", "a\u001bb")));
    }

    /// <summary>The name as UTF-8. The web server itself refuses what is no header, before it knows which header it is.</summary>
    [Theory]
    [InlineData("a\0b", "headers")]
    [InlineData("a\rb", "headers")]
    [InlineData("a\r\n b", "headers")]
    [InlineData("a\u001b[31mb", Header)]
    [InlineData("a\u007fb", Header)]
    [InlineData("a\u0085b", Header)]
    [InlineData("a\u2028b", Header)]
    [InlineData("a\u202Eb", Header)]
    [InlineData("a\u2066b", Header)]
    [InlineData("a\uFEFFb", Header)]
    [InlineData("a\r\nX-Fleet-User: b", Header)]
    [InlineData("10000", Header)]
    public async Task Call_HostileName_IsRefusedByTheNameOfTheField(string name, string field)
    {
        var before = await api.CountAsync();
        var sent = name == "10000" ? new string('x', 10_000) : name;
        foreach (var endpoint in Cases.Keys)
        {
            var (status, body) = await RawAsync(endpoint, sent);
            Assert.Equal((endpoint, 400, field), (endpoint, status, body.GetProperty("field").GetString()));
            Assert.StartsWith(field + ":", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(before, await api.CountAsync());
    }

    private static string NewId() => $"caller-{Interlocked.Increment(ref _schedules)}";

    private Core.Storage.FleetDbContext Storage() => api.Fleet.Storage.Read();

    private async Task<Run> RunAsync(RunId id)
    {
        await using var db = Storage();
        return await db.Runs.SingleAsync(r => r.Id == id);
    }

    private IServiceProvider Services => api.Fleet.Services;

    private async Task<(RunId Id, string Group)> DeadAsync()
    {
        var id = await WaitingAsync();
        Assert.Equal(200, (await SendAsync("POST", $"runs/{id}/cancel")).Status);
        return (id, await MadeUpDeath.OfAsync(api.Fleet, id));
    }

    private async Task<Actor?> AuditedAsync(string action, string target)
    {
        await using var db = Storage();
        return (await db.Audit.SingleAsync(e => e.Action == action && e.Target == target)).By;
    }

    /// <summary>Cancels all runs that match, one per second.</summary>
    private async Task<JsonElement> OperateAsync(string query)
    {
        var preview = await CallAsync("POST", "operations/preview", $$"""{"kind":"cancel","query":"{{query}}"}""");
        var token = preview.Json.GetProperty("token").GetString();
        return (await CallAsync(
            "POST", "operations", $$"""{"kind":"cancel","query":"{{query}}","token":"{{token}}","rate":1}""")).Json;
    }

    private async Task<JsonElement> CreateKeyAsync() =>
        (await CallAsync("POST", "keys", """{"name":"x","role":"viewer"}""")).Json;

    private async Task<Schedule> ScheduleAsync(string id)
    {
        await using var db = Storage();
        return await db.Schedules.SingleAsync(s => s.Id == id);
    }

    private async Task<JsonElement> GetAsync(string path) => (await api.SendAsync("GET", $"/api/v1/{path}")).Json;

    private Task<Answer> SendAsync(string method, string path, string? body = null) => api.SendAsync(method, $"/api/v1/{path}", body);

    private async Task<Answer> CallAsync(string method, string path, string? body = null)
    {
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"{api.Http.BaseAddress}api/v1/{path}"));
        request.Headers.TryAddWithoutValidation(Header, Name);
        if (method == "DELETE")
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await http.SendAsync(request);
        var answer = await Answer.ReadAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.Text);
        return answer;
    }

    private async Task<RunId> WaitingAsync() => await api.EnqueueAsync("""{"job":"diag.echo","args":{},"delay":"1h"}""");

    private async Task<string> PutAsync(string every = "1d")
    {
        var id = NewId();
        Assert.Equal(201, (await SendAsync("PUT", $"schedules/{id}", $$"""{"job":"diag.echo","every":"{{every}}"}""")).Status);
        return id;
    }

    private async Task<IEnumerable<Actor?>> DrainAsync(string verb)
    {
        var id = (await GetAsync("workers")).GetProperty("items")[0].GetProperty("id").GetString();
        var answer = await CallAsync("POST", $"workers/{id}/drain");
        await using var db = Storage();
        Actor?[] by = [(await db.Workers.FirstAsync(w => w.DrainSince != null)).DrainBy, Shown(answer.Json, "drainBy")];
        await CallAsync("POST", $"workers/{id}/resume");
        Assert.False(await db.Workers.AnyAsync(w => w.DrainSince != null), verb);
        return by;
    }

    private async Task<IEnumerable<Actor?>> ControlAsync(string verb)
    {
        if (verb is "pause" or "stop")
            return await RevokingAsync("POST", "/" + verb);
        var id = await PutAsync();
        Assert.Equal(200, (await SendAsync("POST", $"schedules/{id}/pause")).Status);
        var answer = await CallAsync("POST", $"schedules/{id}/{verb}");
        return [(await ScheduleAsync(id)).StatusBy, Shown(answer.Json, "statusBy")];
    }

    /// <summary>A verb that also revokes planned runs.</summary>
    private async Task<IEnumerable<Actor?>> RevokingAsync(string method, string verb)
    {
        var id = await PutAsync("1s");
        await Waiting.UntilAsync(async () =>
        {
            var later = TimeProvider.System.GetUtcNow().AddSeconds(10);
            await using var db = Storage();
            return await db.Runs.AnyAsync(r => r.ScheduleId == id && r.FireTime > later);
        });
        var answer = await CallAsync(method, $"schedules/{id}{verb}");
        await using var after = Storage();
        var revoked = await after.Runs.Where(r => r.ScheduleId == id && r.Revoked).ToListAsync();
        Assert.NotEmpty(revoked);
        return verb.Length == 0
            ? revoked.Select(r => r.CanceledBy)
            : [(await ScheduleAsync(id)).StatusBy, Shown(answer.Json, "statusBy"), .. revoked.Select(r => r.CanceledBy)];
    }

    /// <summary>An actor in an answer.</summary>
    private static Actor Shown(JsonElement answer, string member)
    {
        var actor = answer.GetProperty(member);
        return Actor.Create(
            Enum.Parse<ActorKind>(actor.GetProperty("kind").GetString()!, ignoreCase: true), actor.GetProperty("name").GetString()!,
            actor.GetProperty("address").GetString());
    }

    /// <summary>Sends a request as bytes: a client library would refuse the name itself.</summary>
    private async Task<(int Status, JsonElement Body)> RawAsync(string endpoint, string name)
    {
        var (method, path) = (endpoint.Split(' ')[0], endpoint.Split(' ')[1]);
        var isOfRun = path.StartsWith("/runs", StringComparison.Ordinal) || path.StartsWith("/dead-letters/{", StringComparison.Ordinal);
        var id = isOfRun ? $"{RunId.New(TimeProvider.System.GetUtcNow())}" : "nobody";
        path = path.Replace("{id}", id, StringComparison.Ordinal).Replace("{name}", id, StringComparison.Ordinal)
            .Replace("{fingerprint}", "v1:0123456789abcdef", StringComparison.Ordinal);
        var body = path switch
        {
            "/runs" => """{"job":"diag.echo","args":{}}""",
            "/runs/batch" => """{"runs":[{"job":"diag.echo","args":{}}]}""",
            "/views/nobody" when method == "PUT" => "{}",
            _ when method == "PUT" => """{"job":"diag.echo","every":"1d"}""",
            _ when path.EndsWith("/backfill", StringComparison.Ordinal) => Range,
            _ when path.EndsWith("/discard", StringComparison.Ordinal) => Why,
            _ when path.EndsWith("/mute", StringComparison.Ordinal) => Muted,
            "/dead-letters/import" => """{"runs":[{"id":"01938f3c-0000-7000-8000-000000000000","job":"diag.echo","args":{}}]}""",
            "/operations" => """{"kind":"cancel","query":"tag:x","token":"x"}""",
            _ when method == "DELETE" => "",
            _ => "{}",
        };
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, api.Http.BaseAddress!.Port);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{Header}: {name}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}")));
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader.ReadToEndAsync();
        var status = int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture);
        var (first, last) = (answer.IndexOf('{', StringComparison.Ordinal), answer.LastIndexOf('}'));
        return (status, JsonElement.Parse(answer[first..(last + 1)]));
    }
}
