using System.Text.Json;
using System.Text.RegularExpressions;
using Fleet.Api.Contract;
using Fleet.Tests.House;

namespace Fleet.Tests.Api;

/// <summary>The codes of refusals: all that the sources use are explained, and no others.</summary>
[Collection(ApiFleet.Shared)]
public sealed partial class ProblemCodesTests(ApiFleet api)
{
    [Fact]
    public void Codes_InTheSources_AreThoseOfTheTable()
    {
        var contracts = EndpointContracts.In(api.Fleet.Services).ToList();
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.EndsWith("ProblemCode.cs", StringComparison.Ordinal)
                && !f.Contains("/src/Cli/", StringComparison.Ordinal));
        var sources = string.Join('\n', files.Select(File.ReadAllText));
        var used = Uses().Matches(sources).Select(m => m.Groups["code"].Value).Concat(contracts.SelectMany(c => c.AllCodes))
            .Distinct(StringComparer.Ordinal).ToList();

        Assert.True(used.Count > 60);
        Assert.Empty(used.Where(code => ProblemCode.Find(code, contracts) is null).Order(StringComparer.Ordinal));
        Assert.Empty(ProblemCode.All.Select(p => p.Code).Where(code => !IsIn(sources, code)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Type_OfARefusal_LeadsToItsExplanation()
    {
        var refused = await api.SendAsync("GET", "/api/v1/runs?limit=0");
        var page = await api.SendAsync("GET", refused["type"]!);

        Assert.Equal((200, "/problems/invalid_limit"), (page.Status, refused["type"]));
        Assert.Equal(("invalid_limit", "400"), (page["code"], page["status"]));
        Assert.Contains("limit", page["meaning"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_All_AreListed_AndAnswer_AsPagesToo()
    {
        var list = await api.SendAsync("GET", "/problems");
        var codes = list.Items.Select(i => i.GetProperty("code").GetString()!).ToList();

        Assert.Contains("never_fires", codes);
        Assert.All(ProblemCode.All, p => Assert.Contains(p.Code, codes));
        foreach (var code in codes)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/problems/{code}") { Headers = { { "Accept", "text/html" } } };
            using var answer = await api.Http.SendAsync(request);
            Assert.Equal((200, "text/html"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            Assert.Equal("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
        }

        Assert.Equal(404, (await api.SendAsync("GET", "/problems/nothing")).Status);
    }

    [Fact]
    public async Task Docs_ListTheCodesOfTheTable()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "problems.md"));
        var rows = ProblemCode.All.OrderBy(p => p.Code, StringComparer.Ordinal)
            .Select(p => $"| `{p.Code}` | {p.Status} | {p.Meaning} | {p.Remedy} |");

        Assert.Equal(rows, text.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Put_ManyBadFields_NamesAllOfThem_WithPointers()
    {
        var answer = await api.SendAsync(
            "PUT", "/api/v1/schedules/Bad?dryRun=maybe&x=1",
            """{"job":"nothing.here","cron":"x","zone":"Nowhere","tags":[""],"maxAttempts":0,"startsAt":"soon"}""", key: "");

        AssertErrors(
            answer, "query /dryRun invalid_dry_run", "query /x unknown_parameter", "body /job unknown_job",
            "body /cron invalid_cron", "body /zone unknown_zone", "body /tags/0 invalid_tags",
            "body /maxAttempts invalid_max_attempts", "body /startsAt invalid_instant", "path /id invalid_name");
        Assert.Equal(answer.Json.GetProperty("errors")[0].GetProperty("detail").GetString(), answer["detail"]);
    }

    [Fact]
    public async Task EnqueueMany_BadFieldsInSeveralRuns_NamesAllOfThem()
    {
        var answer = await api.SendAsync(
            "POST", "/api/v1/runs/batch",
            """
            {"runs":[
                {"job":"diag.echo","lane":"A"},
                {"job":"diag.sleep","args":{"ms":"x"},"delay":"soon"},
                {"job":"diag.echo","maxAttempts":0}]}
            """);

        AssertErrors(
            answer, "body /runs/0/lane invalid_lane", "body /runs/1/args/ms invalid_argument", "body /runs/1/delay invalid_delay",
            "body /runs/2/maxAttempts invalid_max_attempts");
    }

    [Fact]
    public async Task Enqueue_WrongTypesAndUnknownMembers_NamesAllOfThem()
    {
        var answer = await api.SendAsync("POST", "/api/v1/runs", """{"job":1,"tags":"x","foo":2,"maxAttempts":"3","lane":"A"}""");

        AssertErrors(
            answer, "body /job wrong_type", "body /tags wrong_type", "body /foo unknown_field", "body /maxAttempts wrong_type",
            "body /lane invalid_lane");
    }

    /// <summary>The args of a run, of a run in a batch, of a schedule and of their dry runs.</summary>
    [Theory]
    [InlineData("POST", "/api/v1/runs", "", "")]
    [InlineData("POST", "/api/v1/runs?dryRun=true", "", "")]
    [InlineData("POST", "/api/v1/runs/batch", """{"runs":[{"job":"diag.echo"},""", "]}")]
    [InlineData("PUT", "/api/v1/schedules/bad-args", "", "")]
    [InlineData("PUT", "/api/v1/schedules/bad-args?dryRun=true", "", "")]
    [InlineData("POST", "/api/v1/schedules/bad-args/diff", "", "")]
    public async Task Send_ManyBadArgs_NamesAllOfThem_WithPointers(string method, string path, string before, string after)
    {
        var trigger = path.Contains("/schedules/", StringComparison.Ordinal) ? ""","cron":"0 3 * * *" """ : "";
        var job = """{"job":"test.needy","args":{"second":"x","a.b":1,"c/d":{"e":2}}""" + trigger + "}";
        if (path.EndsWith("/diff", StringComparison.Ordinal))
            await api.SendAsync("PUT", "/api/v1/schedules/bad-args", """{"job":"diag.echo","cron":"0 3 * * *"}""");

        var answer = await api.SendAsync(method, path, before + job + after);

        Assert.Equal(400, answer.Status);
        var at = before.Length > 0 ? "/runs/1" : "";
        AssertErrors(
            answer, $"body {at}/args/second invalid_argument", $"body {at}/args/a.b unknown_argument",
            $"body {at}/args/c~1d unknown_argument", $"body {at}/args/first missing_argument");
    }

    [Fact]
    public async Task Enqueue_UnknownMemberWithADotInItsName_HasItsPointer()
    {
        var answer = await api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","x.y":1,"u v":2}""");

        AssertErrors(answer, "body /x.y unknown_field", "body /u v unknown_field");
    }

    [Theory]
    [InlineData(
        "POST", "/api/v1/schedules/any/pause", """{"until":"soon","foo":1,"reason":3}""",
        "body /until invalid_instant", "body /foo unknown_field", "body /reason wrong_type")]
    [InlineData(
        "POST", "/api/v1/lanes/any/pause", """{"until":"2001-01-01T00:00:00Z","foo":1}""",
        "body /until invalid_instant", "body /foo unknown_field")]
    [InlineData(
        "PUT", "/api/v1/views/Bad", """{"query":"nope:1","columns":["x"],"sort":"y","shared":"z"}""",
        "path /name invalid_name", "body /query invalid_query", "body /columns/0 unknown_column", "body /sort unknown_column",
        "body /shared wrong_type")]
    [InlineData(
        "PUT", "/api/v1/schedules/bad", """{"job":"diag.echo","cron":"61 * * * *","every":"5m"}""",
        "body /every invalid_trigger", "body /cron invalid_cron")]
    [InlineData("PUT", "/api/v1/schedules/bad", """{"job":"diag.echo"}""", "body /cron invalid_trigger")]
    [InlineData("GET", "/api/v1/triggers/describe", null, "query /cron invalid_trigger")]
    [InlineData(
        "PUT", "/api/v1/schedules/bad", """{"job":"diag.echo","every":"1d","labels":{"x":3,"a.b":4,"c":"d"},"tags":["a",3]}""",
        "body /labels/x wrong_type", "body /labels/a.b wrong_type", "body /tags/1 wrong_type")]
    [InlineData("POST", "/api/v1/runs", """{"job":"diag.echo","tags":[3]}""", "body /tags/0 wrong_type")]
    public async Task Send_SeveralBadFields_NamesEachWhereItIs(string method, string path, string? body, params string[] expected) =>
        AssertErrors(await api.SendAsync(method, path, body), expected);

    [Fact]
    public async Task Enqueue_KeyOfTheHeader_IsRefusedAsTheHeader()
    {
        Assert.Equal(202, (await api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo"}""", key: "header-key")).Status);

        var taken = await api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","tags":["x"]}""", key: "header-key");
        var tried = await api.SendAsync("POST", "/api/v1/runs?dryRun=true", """{"job":"diag.echo","tags":["x"]}""", key: "header-key");
        var inBody = await api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","tags":["x"],"idempotencyKey":"header-key"}""");
        var tooLong = await api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo"}""", key: new string('k', 201));

        AssertErrors(taken, "header /Idempotency-Key idempotency_conflict");
        AssertErrors(tried, "header /Idempotency-Key idempotency_conflict");
        AssertErrors(inBody, "body /idempotencyKey idempotency_conflict");
        AssertErrors(tooLong, "header /Idempotency-Key invalid_idempotency_key");
    }

    [Fact]
    public async Task Errors_WithoutAValueOrAnythingAllowed_SayNull()
    {
        var twice = await api.SendAsync("GET", "/api/v1/runs?q=state:failed%20state:failed");
        var noTag = await api.SendAsync("POST", "/api/v1/runs", """{"job":"diag.echo","tags":[null]}""");

        Assert.Equal(JsonValueKind.Null, twice.Json.GetProperty("errors")[0].GetProperty("allowed").ValueKind);
        Assert.Equal(JsonValueKind.Null, noTag.Json.GetProperty("errors")[0].GetProperty("value").ValueKind);
    }

    private static void AssertErrors(Answer answer, params string[] expected) => Assert.Equal(
        expected.Order(StringComparer.Ordinal),
        answer.Json.GetProperty("errors").EnumerateArray()
            .Select(e => $"{e.GetProperty("in")} {e.GetProperty("pointer")} {e.GetProperty("code")}").Order(StringComparer.Ordinal));

    /// <summary>As a literal, or put together from its parts.</summary>
    private bool IsIn(string sources, string code) => sources.Contains($"\"{code}\"", StringComparison.Ordinal)
        || code.StartsWith("no_", StringComparison.Ordinal)
        || EndpointContracts.In(api.Fleet.Services).SelectMany(c => c.Parameters).Any(p => p.Code == code);

    [GeneratedRegex(
        @"(?:(?:new InputError|Invalid|Refuse|Conflict)\(\s*|(?:Make|Details|Busy)\([^""();]*?,\s*|Code = )"
        + @"""(?<code>[a-z]+(?:_[a-z0-9]+)+)""",
        RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Uses();
}
