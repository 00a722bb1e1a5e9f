using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Engine.Diagnostics;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Api;

/// <summary>Every endpoint gets odd values in every place of its path, its query and its body. Whatever it thinks of them, it answers with
/// success or with a problem, and never with an error of its own.</summary>
public sealed partial class OddInputTests(PostgresServer postgres)
{
    private static readonly string[] Texts =
    [
        "", " ", "\0", "a\0b", "\n", "2026-12-01T00:00:00Z\n", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-14:00", "2036-11-01T00:00:00Z", "-1", "0", "1", "501", "9223372036854775807", "-9223372036854775808",
        "99999999999999999999", "1e400", "NaN", "١", "1\0",
        "%", "%00", "a/b", "a\\b", "'; DROP TABLE runs; --", "\u202e", "😀", "null", "true", "{}", "[]", "*", "* * * * *", "0 0 31W * ?",
        "@every 1s", "P9999999D", "99999999999w",
        "-00:00:01", "10675199.02:48:05", new('x', 300),
    ];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "-9223372036854775809", new('1', 400), "[]", "[null]", "[[]]", "{}", """{"a":null}""",
        """{"a":{"b":[1e999]}}""", "\"\\ud800\"", "\"\\u0000\"",
    ];

    /// <summary>A body that each of the endpoints takes, to put the odd values into.</summary>
    private static readonly Dictionary<Type, string> Bodies = new()
    {
        [typeof(EnqueueBody)] = """{"job":"diag.sleep","args":{"ms":1},"delay":"PT1H"}""",
        [typeof(PutScheduleBody)] = """{"job":"diag.sleep","args":{"ms":1},"cron":"0 0 1 1 *"}""",
        [typeof(BackfillBody)] = """{"from":"2026-01-01T00:00:00Z","until":"2026-01-01T02:00:00Z","dryRun":true}""",
    };

    [Fact]
    public async Task Send_OddValues_NeverAnswersAServerError_Sqlite() => await SendAllAsync([], every: 1);

    [Fact]
    public async Task Send_OddValues_NeverAnswersAServerError_Postgres() => await SendAllAsync(
        [new("Fleet:Storage:Provider", "Postgres"), new("Fleet:Storage:ConnectionString", await postgres.CreateDatabaseAsync())], every: 5);

    /// <param name="settings">The database.</param>
    /// <param name="every">Which part of the requests is sent: a fifth of them, and all with NUL, is enough for what only a server
    /// refuses.</param>
    private static async Task SendAllAsync(KeyValuePair<string, string?>[] settings, int every)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(null, settings);
        var run = (await fleet.Client.EnqueueAsync(new Echo(), new EnqueueOptions { Delay = TimeSpan.FromHours(1) })).ToString();
        using (await SendAsync(fleet, new("PUT", "/api/v1/schedules/odd", Bodies[typeof(PutScheduleBody)], null!)))
        {
        }

        var requests = All(fleet, run);

        requests =
            [.. requests.Where(
                (r, i) => i % every == 0 || r.Path.Contains("%00", StringComparison.Ordinal)
                || r.Body?.Contains("u0000", StringComparison.Ordinal) is true)];
        using var changes = new SemaphoreSlim(1);
        var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, _) =>
        {
            // One after the other where they change something: else the database says now and then that another change was in the way.
            using var turn = request.Method == "GET" ? null : await Turn.TakeAsync(changes);
            using var response = await SendAsync(fleet, request);
            if (await WrongAsync(response, request.Contract) is { } reason)
                wrong.Add($"{request.Method} {Shorten(request.Path)} {Shorten(request.Body ?? "")} → {(int)response.StatusCode}: {reason}");
        });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order(StringComparer.Ordinal).Take(40)));
    }

    /// <summary>All requests.</summary>
    /// <param name="fleet">Has the endpoints.</param>
    /// <param name="run">The id of the run to ask about.</param>
    internal static List<Request> All(EmbeddedFleet fleet, string run)
    {
        var endpoints = fleet.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith("/api/v1", StringComparison.Ordinal)).ToList();
        var requests = endpoints.SelectMany(e => Requests(e, run)).ToList();
        Assert.True(endpoints.Count >= 22 && requests.Count > 2000, $"{endpoints.Count} endpoints, {requests.Count} requests");
        return requests;
    }

    private static IEnumerable<Request> Requests(RouteEndpoint endpoint, string run)
    {
        var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single();
        var input = endpoint.Metadata.GetMetadata<EndpointContract>()!;
        var pattern = endpoint.RoutePattern.RawText!;
        var body = input.Body is null
            ? null
            : Bodies.GetValueOrDefault(
                input.Body.Type, input.Body.Type == typeof(EnqueueBatchBody) ? $$"""{"runs":[{{Bodies[typeof(EnqueueBody)]}}]}""" : "{}");
        var known = pattern.Contains("/runs/", StringComparison.Ordinal) ? run
            : pattern.Contains("/jobs/", StringComparison.Ordinal) ? "diag.echo"
            : "odd";
        var path = Fill(pattern, known);
        // The schedule that all the others need stays.
        if (method != "DELETE")
            yield return new(method, path, body, input);
        if (pattern.Contains('{', StringComparison.Ordinal))
        {
            foreach (var text in Texts.Where(t => t.Length > 0))
                yield return new(method, Fill(pattern, text), body, input);
        }

        if (method == "DELETE")
            yield break;
        foreach (var name in input.Query.Append("unknown"))
        {
            foreach (var text in Texts)
                yield return new(method, $"{path}?{name}={Uri.EscapeDataString(text)}", body, input);
        }

        if (body is null)
            yield break;
        var values = Values.Concat(Texts.Select(t => JsonSerializer.Serialize(t))).ToList();
        foreach (var value in values)
        {
            yield return new(method, path, value, input);
            foreach (var property in input.Body!.Type.GetProperties())
                yield return new(method, path, With(body, JsonNamingPolicy.CamelCase.ConvertName(property.Name), value), input);
            if (body.Contains("\"args\"", StringComparison.Ordinal))
                yield return new(method, path, body.Replace("""{"ms":1}""", $$"""{"ms":{{value}}}""", StringComparison.Ordinal), input);
        }
    }

    /// <summary>Written by hand: a serializer would refuse some of the values.</summary>
    private static string With(string body, string name, string value)
    {
        var members = JsonNode.Parse(body)!.AsObject().Where(m => m.Key != name)
            .Select(m => $"\"{m.Key}\":{m.Value?.ToJsonString() ?? "null"}");
        // One trigger alone.
        if (name is "every" or "at")
            members = members.Where(m => !m.StartsWith("\"cron\"", StringComparison.Ordinal));
        if (name == "runAt")
            members = members.Where(m => !m.StartsWith("\"delay\"", StringComparison.Ordinal));
        return "{" + string.Join(',', members.Append($"\"{name}\":{value}")) + "}";
    }

    private static string Fill(string pattern, string value) =>
        Parameter().Replace(pattern, Uri.EscapeDataString(value));

    [GeneratedRegex(@"\{\w+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();

    private static async Task<HttpResponseMessage> SendAsync(EmbeddedFleet fleet, Request request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(request.Path, UriKind.Relative));
        if (request.Body is not null)
            message.Content = new StringContent(request.Body, Encoding.UTF8, "application/json");
        // A stream of events has no end.
        return await fleet.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<string?> WrongAsync(HttpResponseMessage response, EndpointContract contract)
    {
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            return null;
        var text = await response.Content.ReadAsStringAsync();
        if ((int)response.StatusCode >= 500 && !text.Contains("too_many_streams", StringComparison.Ordinal))
            return Shorten(text);
        if ((int)response.StatusCode < 400)
            return null;
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
            return "it is no problem document: " + Shorten(text);
        var problem = JsonElement.Parse(text);
        if (!problem.TryGetProperty("code", out _) || !problem.TryGetProperty("detail", out _)
            || problem.GetProperty("status").GetInt32() != (int)response.StatusCode)
            return "it lacks a member: " + Shorten(text);
        // A path that is not well formed finds no endpoint, or another one.
        if (response.RequestMessage!.RequestUri!.AbsolutePath.Contains("%00", StringComparison.Ordinal) is false
            && !contract.AllCodes.Append("bad_request").Append("method_not_allowed").Contains(
                problem.GetProperty("code").GetString(), StringComparer.Ordinal))
            return $"{contract.Name} does not declare this problem: " + Shorten(text);
        return text.Contains("Exception", StringComparison.Ordinal) || text.Length > 4000 ? "it shows too much: " + Shorten(text) : null;
    }

    private static string Shorten(string text) =>
        text.Length <= 300 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 300)}… ({text.Length})");

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        public static async Task<Turn> TakeAsync(SemaphoreSlim turns)
        {
            await turns.WaitAsync();
            return new Turn(turns);
        }

        public void Dispose() => turns.Release();
    }

    internal sealed record Request(string Method, string Path, string? Body, EndpointContract Contract);
}
