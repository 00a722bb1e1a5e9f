using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

/// <summary>The OpenAPI document: it is the approved one, and what it says is true.</summary>
public sealed class OpenApiTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Operations whose example cannot succeed on a server that was only just set up, with their answers.</summary>
    private static readonly Dictionary<string, int> Refused = new(StringComparer.Ordinal)
    {
        // Access is off here.
        ["signIn"] = 409,
        ["signOut"] = 404,
        // A token is of a preview.
        ["createOperation"] = 400,
        // The one that is stored has ended.
        ["cancelOperation"] = 409,
    };

    /// <summary>The runs that operations need. The others get one that has succeeded.</summary>
    private static readonly Dictionary<string, string> Runs = new(StringComparer.Ordinal)
    {
        ["cancelRun"] = """{"job":"diag.echo","args":{"text":"later"},"delay":"1h"}""",
        ["replayRun"] = """{"job":"test.scripted","args":{"word":"fail"}}""",
        ["getDeadLetter"] = """{"job":"test.scripted","args":{"word":"fail"}}""",
        ["replayDeadLetter"] = """{"job":"test.scripted","args":{"word":"fail"}}""",
        ["discardDeadLetter"] = """{"job":"test.scripted","args":{"word":"fail"}}""",
        ["getRunError"] = """{"job":"test.scripted","args":{"word":"fail"}}""",
    };

    [Fact]
    public async Task Document_IsTheApprovedOne()
    {
        var document = JsonNode.Parse((await api.SendAsync("GET", "/api/v1/openapi.json")).Text)!;

        Assert.Equal("3.1", document["openapi"]!.GetValue<string>()[..3]);
        Approved.Check(document.ToJsonString(Indented) + "\n", "openapi.approved.json");
    }

    [Fact]
    public async Task Examples_OfAllOperations_AreAnsweredAsDocumented()
    {
        var document = (await api.SendAsync("GET", "/api/v1/openapi.json")).Json;
        var schema = new DocumentSchema(document);
        // What the other operations need: everything that can be put.
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(p => p.Value.TryGetProperty("put", out _)))
        {
            var put = path.Value.GetProperty("put");
            await api.SendAsync(
                "PUT", Fill(path.Name, put),
                put.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText());
        }

        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(o => (Path: path.Name, Method: o.Name.ToUpperInvariant(), It: o.Value)))
            .OrderBy(o => o.Method == "DELETE").ToList();
        Assert.True(operations.Count >= 28, $"{operations.Count} operations");
        var wrong = new List<string>();
        foreach (var (path, method, operation) in operations)
        {
            var name = operation.GetProperty("operationId").GetString()!;
            await PrepareAsync(name, path, operation);
            // Workers choose their own ids.
            var to = path.Replace("/workers/{id}", "/workers/" + await WorkerAsync(), StringComparison.Ordinal);
            using var request = Request(to, method, operation);
            using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            // A stream of events has no end.
            var isStream = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
            var (status, text) = ((int)response.StatusCode, isStream ? "" : await response.Content.ReadAsStringAsync());
            var expected = Refused.TryGetValue(name, out var refusal) ? status == refusal : status is >= 200 and < 300;
            if (!expected || !operation.GetProperty("responses").TryGetProperty($"{status}", out var documented))
                wrong.Add($"{name}: {status} {text}");
            else if (HeadersOf(documented).Find(h => !response.Headers.Contains(h)) is { } absent)
                wrong.Add($"{name}: its answer has no header {absent}.");
            else if (response.Headers.ETag is not null && !HeadersOf(documented).Contains("ETag"))
                wrong.Add($"{name}: the ETag of its answer is not documented.");
            else if (documented.TryGetProperty("content", out var content)
                && content.TryGetProperty(response.Content.Headers.ContentType!.MediaType!, out var body))
                wrong.AddRange(schema.Check(body.GetProperty("schema"), text).Select(e => $"{name}: {e}"));
            else if (text.Length > 0)
                wrong.Add($"{name}: its answer is {response.Content.Headers.ContentType}, which is not documented.");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Somebody who has the document alone has to know what each of them means.</summary>
    [Fact]
    public async Task Members_OfAllSchemas_AreDescribed()
    {
        var document = (await api.SendAsync("GET", "/api/v1/openapi.json")).Json;

        var bare = document.GetProperty("components").GetProperty("schemas").EnumerateObject()
            .SelectMany(schema => Members(schema.Value).Where(m => !m.Value.TryGetProperty("description", out _))
                .Select(m => $"{schema.Name}.{m.Name}"));

        Assert.Empty(bare);
    }

    [Fact]
    public async Task Events_OfTheStream_FitTheirSchemas()
    {
        var document = (await api.SendAsync("GET", "/api/v1/openapi.json")).Json;
        var events = document.GetProperty("paths").GetProperty("/api/v1/events").GetProperty("get").GetProperty("responses")
            .GetProperty("200").GetProperty("content").GetProperty("text/event-stream").GetProperty("x-events");
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"},"delay":"1h"}""");
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(api.Http.BaseAddress!, $"/api/v1/events?topics=figures,changes&run={id}"));
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "another-1");
        using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var wrong = new List<string>();
        var stream = await response.Content.ReadAsStreamAsync(limit.Token);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(limit.Token))
        {
            var schema = events.GetProperty(item.EventType).GetProperty("data");
            wrong.AddRange(new DocumentSchema(document).Check(schema, item.Data).Select(e => $"{item.EventType}: {e}"));
            // Something changes once the stream is open.
            if (seen.Add(item.EventType) && item.EventType == "figures")
                await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel");
            // A ping comes every 15 s.
            if (seen.IsSupersetOf(["figures", "changes", "run", "resync"]))
                break;
        }

        Assert.Empty(wrong);
    }

    private static List<string> HeadersOf(JsonElement answer) =>
        answer.TryGetProperty("headers", out var headers) ? [.. headers.EnumerateObject().Select(h => h.Name)] : [];

    private static JsonElement.ObjectEnumerator Members(JsonElement schema) =>
        schema.TryGetProperty("properties", out var members) ? members.EnumerateObject() : default;

    /// <summary>Whatever a schema says of a number, the values just outside are refused for that member.</summary>
    [Fact]
    public async Task Ranges_OfAllParameters_AreTheOnesThatAreChecked()
    {
        var document = (await api.SendAsync("GET", "/api/v1/openapi.json")).Json;
        var checkedOnes = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(p => p.Value.TryGetProperty("get", out _)))
        {
            foreach (var parameter in Parameters(path.Value.GetProperty("get")).Where(p => p.GetProperty("in").GetString() == "query"))
            {
                var (name, schema) = (parameter.GetProperty("name").GetString()!, parameter.GetProperty("schema"));
                foreach (var outside in Outside(schema))
                {
                    var answer = await api.SendAsync("GET", $"{Fill(path.Name, path.Value.GetProperty("get"))}?{name}={outside}");
                    Assert.Equal((400, "invalid_" + name.ToLowerInvariant(), name), (answer.Status, answer["code"], answer["field"]));
                    checkedOnes++;
                }
            }
        }

        Assert.True(checkedOnes > 10);
    }

    private static IEnumerable<string> Outside(JsonElement schema)
    {
        if (schema.TryGetProperty("minimum", out var least))
            yield return (least.GetInt64() - 1).ToString(CultureInfo.InvariantCulture);
        if (schema.TryGetProperty("maximum", out var most))
            yield return ((decimal)most.GetInt64() + 1).ToString(CultureInfo.InvariantCulture);
        if (schema.TryGetProperty("enum", out _))
            yield return "nothing-of-the-kind";
    }

    private async Task PrepareAsync(string name, string path, JsonElement operation)
    {
        if (path.StartsWith("/api/v1/keys/{id}", StringComparison.Ordinal) || name == "endSession")
            await StoreCredentialsAsync(Parameters(operation)[0].GetProperty("example").GetString()!);
        if (name == "getOperation")
            await StoreOperationAsync(Parameters(operation)[0].GetProperty("example").GetString()!);
        if (path.Contains("{fingerprint}", StringComparison.Ordinal))
            await StoreDeadLetterAsync(Parameters(operation)[0].GetProperty("example").GetString()!);
        if (!path.StartsWith("/api/v1/runs/{id}", StringComparison.Ordinal)
            && !path.StartsWith("/api/v1/dead-letters/{id}", StringComparison.Ordinal))
            return;
        Assert.True(RunId.TryParse(Parameters(operation)[0].GetProperty("example").GetString(), out var example));
        await api.Fleet.Storage.WriteAsync(
            async scope =>
            {
                await scope.Db.DeadLetters.Where(l => l.RunId == example).ExecuteDeleteAsync();
                return await scope.Db.Runs.Where(r => r.Id == example).ExecuteDeleteAsync();
            },
            CancellationToken.None);
        var id = await api.EnqueueAsync(Runs.GetValueOrDefault(name, """{"job":"diag.echo","args":{"text":"hello"}}"""));
        if (name != "cancelRun")
            await api.Fleet.WaitAsync(id);
        await api.Fleet.Storage.WriteAsync(
            scope => scope.Db.Runs.Where(r => r.Id == id).ExecuteUpdateAsync(set => set.SetProperty(r => r.Id, example)),
            CancellationToken.None);
    }

    /// <summary>A dead letter with the fingerprint of the examples.</summary>
    private async Task StoreDeadLetterAsync(string fingerprint)
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}""");
        await api.Fleet.WaitAsync(id);
        await api.Fleet.Storage.WriteAsync(
            async scope =>
            {
                await scope.Db.Runs.Where(r => r.Id == id).ExecuteUpdateAsync(set => set.SetProperty(r => r.Fingerprint, fingerprint));
                return await scope.Db.DeadLetters.Where(l => l.RunId == id)
                    .ExecuteUpdateAsync(set => set.SetProperty(l => l.Fingerprint, fingerprint));
            },
            CancellationToken.None);
    }

    /// <summary>A key that is valid and a session, both with the id of the examples.</summary>
    private Task<int> StoreCredentialsAsync(string id) => api.Fleet.Storage.WriteAsync(
        async scope =>
        {
            await scope.Db.ApiKeys.Where(k => k.Id == id).ExecuteDeleteAsync();
            var now = TimeProvider.System.GetUtcNow();
            scope.Db.ApiKeys.Add(new ApiKey { Id = id, Name = "x", Role = "viewer", CreatedAt = now, ExpiresAt = now.AddDays(1) });
            if (!await scope.Db.Sessions.AnyAsync(s => s.Id == id))
                scope.Db.Sessions.Add(new Session { Id = id, Name = "x", Role = "viewer", LastSeenAt = now, ExpiresAt = now.AddDays(1) });
            return await scope.Db.SaveChangesAsync();
        },
        CancellationToken.None);

    private Task<int> StoreOperationAsync(string id) => api.Fleet.Storage.WriteAsync(
        scope =>
        {
            scope.Db.Operations.Add(new Operation
            {
                Id = id,
                State = OperationState.Completed,
                Query = "job:note",
                CreatedBy = Somebody.Me,
                FinishedAt = TimeProvider.System.GetUtcNow(),
            });
            return scope.Db.SaveChangesAsync();
        },
        CancellationToken.None);

    private async Task<string> WorkerAsync() => (await api.SendAsync("GET", "/api/v1/workers")).Items[0].GetProperty("id").GetString()!;

    private static List<JsonElement> Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    private static string Fill(string path, JsonElement operation) =>
        Parameters(operation).Where(p => p.GetProperty("in").GetString() == "path").Aggregate(
            path, (filled, p) => filled.Replace(
                $"{{{p.GetProperty("name").GetString()}}}", Uri.EscapeDataString(p.GetProperty("example").GetString()!),
                StringComparison.Ordinal));

    private HttpRequestMessage Request(string path, string method, JsonElement operation)
    {
        var given = Parameters(operation).Where(p => p.TryGetProperty("example", out _)).ToList();
        var query = string.Join('&', given.Where(p => p.GetProperty("in").GetString() == "query")
            .Select(p => $"{p.GetProperty("name").GetString()}={Uri.EscapeDataString(p.GetProperty("example").ToString())}"));
        var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri(api.Http.BaseAddress!, $"{Fill(path, operation)}{(query.Length > 0 ? "?" + query : "")}"));
        foreach (var header in given.Where(p => p.GetProperty("in").GetString() == "header"))
            request.Headers.TryAddWithoutValidation(header.GetProperty("name").GetString()!, header.GetProperty("example").GetString());
        if (operation.TryGetProperty("requestBody", out var body))
        {
            request.Content = new StringContent(
                body.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out var example)
                    ? example.GetRawText()
                    : "{}",
                Encoding.UTF8,
                new MediaTypeHeaderValue("application/json"));
        }

        return request;
    }
}
