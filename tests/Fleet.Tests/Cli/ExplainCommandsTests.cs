using System.Globalization;
using System.Text.Json;
using Fleet.Cli;
using Fleet.Tests.Api;
using Fleet.Tests.Support;

namespace Fleet.Tests.Cli;

/// <summary><c>explain</c> of runs and schedules from the database to the terminal: the same sentences over HTTP and on the command line,
/// with times, and with rows that are really there.</summary>
[Collection(ApiFleet.Shared)]
public sealed class ExplainCommandsTests(ApiFleet api)
{
    [Fact]
    public async Task ExplainRun_Failed_TellsItFromTheEnqueueToTheEnd()
    {
        var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}""");
        await api.Fleet.WaitAsync(id);

        var answer = await api.SendAsync("GET", $"/api/v1/runs/{id}/explain");

        Assert.Equal((200, $"{id}"), (answer.Status, answer["id"]));
        var sentences = answer.Json.GetProperty("sentences").EnumerateArray().ToList();
        Assert.Equal(["enqueued", "attemptFailed", "failedNotRetryable"], sentences.Select(s => s.GetProperty("code").GetString()));
        var times = sentences.Select(s => s.GetProperty("at").GetDateTimeOffset()).ToList();
        Assert.Equal(times.Order(), times);
        Assert.All(times, at => Assert.Equal(TimeSpan.Zero, at.Offset));
        Assert.Equal("failed", answer.Json.GetProperty("now").GetProperty("state").GetString());
        await CheckEvidenceAsync(answer.Json, atLeast: sentences.Count);
        await CheckCommandsAsync(answer.Json, "run", "explain", $"{id}");
        Assert.Contains("Said to fail", answer["summary"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExplainRun_Waiting_SaysWhatItWaitsFor()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","lane":"nobody.here"}""");

        var answer = await api.SendAsync("GET", $"/api/v1/runs/{id}/explain");

        var now = answer.Json.GetProperty("now");
        Assert.Equal(("pending", "noWorker"), (
            now.GetProperty("state").GetString(), now.GetProperty("reasons")[0].GetProperty("code").GetString()));
        await CheckEvidenceAsync(answer.Json, atLeast: 1);
        var output = await CheckCommandsAsync(answer.Json, "run", "explain", $"{id}");
        Assert.Contains("\n\nNow: No active worker serves lane 'nobody.here'.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExplainRun_DeletedByRetentionOrNeverThere_IsNotFound()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo"}""");
        await api.Fleet.WaitAsync(id);
        var storage = api.Fleet.Storage;
        await storage.AutocommitAsync(
            session => storage.Statements.DeleteEndedAsync(
                session, succeeded: true, DateTimeOffset.MinValue, TimeProvider.System.GetUtcNow().AddHours(1), 10_000, default),
            default);

        foreach (var run in new[] { id, RunId.New(DateTimeOffset.UnixEpoch) })
        {
            var answer = await api.SendAsync("GET", $"/api/v1/runs/{run}/explain");
            Assert.Equal((404, "not_found"), (answer.Status, answer["code"]));
            var (exit, output, error) = await RunAsync("run", "explain", $"{run}", "-o", "json");
            Assert.Equal(((int)ExitCode.NotFound, "", $"There is no run '{run}'.\n"), (exit, output, error));
        }
    }

    [Fact]
    public async Task ExplainRun_DeletedBySomebody_NamesThem()
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");
        await RunAsync("run", "cancel", $"{id}");
        await RunAsync("run", "delete", $"{id}", "--yes");

        var answer = await api.SendAsync("GET", $"/api/v1/runs/{id}/explain");

        Assert.Equal("deleted", answer.Json.GetProperty("now").GetProperty("state").GetString());
        var output = await CheckCommandsAsync(answer.Json, "run", "explain", $"{id}");
        Assert.Contains($"{Environment.UserName} (person, 127.0.0.1) deleted it at ", output, StringComparison.Ordinal);
        // The row is there, but the API shows it nowhere else.
        Assert.False(answer.Json.GetProperty("sentences")[1].GetProperty("evidence")[0].TryGetProperty("link", out var link)
            && link.ValueKind != JsonValueKind.Null);
    }

    [Fact]
    public async Task ExplainSchedule_FireTimes_AreExplained()
    {
        const string path = "/api/v1/schedules/explained-often";
        Assert.Equal(201, (await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"1s"}""")).Status);
        JsonElement run = default;
        await Waiting.UntilAsync(async () =>
        {
            var page = (await api.SendAsync("GET", "/api/v1/runs?schedule=explained-often&state=succeeded")).Items;
            run = page.Count > 0 ? page[0] : default;
            return page.Count > 0;
        });
        await api.SendAsync("POST", path + "/stop");
        var fired = run.GetProperty("fireTime").GetDateTimeOffset();

        var answer = await ExplainAsync(fired);
        Assert.Equal("hasRun", answer.Json.GetProperty("now").GetProperty("state").GetString());
        Assert.Contains($"has run {run.GetProperty("id").GetString()}, which is succeeded.", answer["summary"], StringComparison.Ordinal);
        await CheckEvidenceAsync(answer.Json, atLeast: 2);
        await CheckCommandsAsync(answer.Json, "schedule", "explain", "explained-often", "--at", Text(fired));

        var later = await ExplainAsync(fired.AddDays(1));
        Assert.Equal("noRun", later.Json.GetProperty("now").GetProperty("state").GetString());
        var output = await CheckCommandsAsync(later.Json, "schedule", "explain", "explained-often", "--at", Text(fired.AddDays(1)));
        Assert.StartsWith("Now: Schedule 'explained-often' was stopped at ", output, StringComparison.Ordinal);

        Task<Answer> ExplainAsync(DateTimeOffset at) => api.SendAsync("GET", $"{path}/explain?at={Uri.EscapeDataString(Text(at))}");
    }

    [Fact]
    public async Task ExplainSchedule_BadRequests_AreRefused()
    {
        Assert.Equal(404, (await api.SendAsync("GET", "/api/v1/schedules/never-there/explain?at=2026-01-01T00:00:00Z")).Status);
        var missing = await api.SendAsync("GET", "/api/v1/schedules/never-there/explain");
        var odd = await api.SendAsync("GET", "/api/v1/schedules/never-there/explain?at=noon");
        var far = await api.SendAsync("GET", "/api/v1/schedules/never-there/explain?at=9999-12-31T23:59:59Z");
        Assert.Equal(["400", "400", "400"], new[] { missing, odd, far }.Select(a => $"{a.Status}"));
        var (exit, output, error) = await RunAsync("schedule", "explain", "never-there", "--at", "2026-01-01T00:00:00Z");
        Assert.Equal(((int)ExitCode.NotFound, "", "There is no schedule 'never-there'.\n"), (exit, output, error));
        Assert.Equal((int)ExitCode.Usage, (await RunAsync("schedule", "explain", "never-there", "--at", "noon")).ExitCode);
        Assert.Equal((int)ExitCode.Usage, (await RunAsync("schedule", "explain", "never-there")).ExitCode);
    }

    private static string Text(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) =>
        FleetCommand.RunAsync([.. args, "--server", $"{api.Http.BaseAddress}"]);

    /// <summary>Each link of the evidence leads to the thing with the id that stands beside it.</summary>
    private async Task CheckEvidenceAsync(JsonElement explanation, int atLeast)
    {
        var rows = explanation.GetProperty("sentences").EnumerateArray()
            .Concat(explanation.GetProperty("now").GetProperty("reasons").EnumerateArray())
            .SelectMany(s => s.GetProperty("evidence").EnumerateArray()).ToList();
        Assert.True(rows.Count >= atLeast, $"{rows.Count} rows");
        foreach (var row in rows)
        {
            Assert.NotEmpty(row.GetProperty("id").GetString()!);
            if (row.GetProperty("link").GetString() is { } link)
                Assert.Equal(200, (await api.SendAsync("GET", link)).Status);
        }
    }

    /// <summary>The command prints the sentences of the answer, as text and as the document.</summary>
    /// <returns>The text.</returns>
    private async Task<string> CheckCommandsAsync(JsonElement explanation, params string[] command)
    {
        var (exit, json, error) = await RunAsync([.. command, "-o", "json"]);
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(Codes(explanation), Codes(JsonElement.Parse(json)));
        var (shown, text, remarks) = await RunAsync([.. command, "-o", "table"]);
        Assert.Equal((0, ""), (shown, remarks));
        foreach (var sentence in explanation.GetProperty("sentences").EnumerateArray())
            Assert.Contains(sentence.GetProperty("text").GetString() + "\n", text, StringComparison.Ordinal);
        foreach (var reason in explanation.GetProperty("now").GetProperty("reasons").EnumerateArray())
            Assert.Contains("Now: " + reason.GetProperty("text").GetString()!.Split(". ")[0], text, StringComparison.Ordinal);
        return text;
    }

    private static List<string?> Codes(JsonElement explanation) =>
        [.. explanation.GetProperty("sentences").EnumerateArray().Select(s => s.GetProperty("code").GetString())];
}
