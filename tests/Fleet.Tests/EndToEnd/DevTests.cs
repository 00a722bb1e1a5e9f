using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Access;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>What a newcomer sees first.</summary>
public sealed class DevTests
{
    [Fact]
    public async Task Dev_WithSamples_EverySampleSucceedsWithinAMinute()
    {
        using var folder = new TempFolder();
        await using var fleet = await FleetProcess.StartDevAsync(folder.Path, withSamples: true);
        string[] samples = [
            "samples.sync", "samples.nightly-report", "samples.health-probe", "samples.clean-sessions", "samples.retry-dead-letters"];

        foreach (var job in samples)
        {
            await Until.TrueAsync(async () =>
            {
                var page = await fleet.Http.GetFromJsonAsync<JsonObject>($"/api/v1/runs?job={job}&state=succeeded");
                return page!["items"]!.AsArray().Count > 0;
            });
        }

        Assert.True(File.Exists(Path.Combine(folder.Path, "reports", "runs-last-24-hours.html")));
        await Until.TrueAsync(
            () => Task.FromResult(fleet.Output.Contains("succeeded samples.sync by sample-sync", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Command_AgainstAServer_EnqueuesFollowsAndExplains()
    {
        using var folder = new TempFolder();
        await using var fleet = await FleetProcess.StartDevAsync(folder.Path);
        var server = fleet.Http.BaseAddress!.ToString();

        var flaky = await FleetProcess.RunAsync("--server", server, "run", "enqueue", "diag.flaky", "{\"failures\":1}", "--wait");
        Assert.Equal((0, true), (flaky.ExitCode, flaky.Output.Contains("succeeded", StringComparison.Ordinal)));

        var list = await FleetProcess.RunAsync("--server", server, "run", "list", "-o", "json");
        Assert.Equal(2, JsonNode.Parse(list.Output)![0]!["attempt"]!.GetValue<int>());

        var failed = await FleetProcess.RunAsync("--server", server, "run", "list", "state:failed", "since:1h");
        Assert.Equal((0, "", "No runs."), (failed.ExitCode, failed.Output, failed.Error.Trim()));

        var count = await FleetProcess.RunAsync("--server", server, "run", "count", "job:diag.flaky");
        Assert.Equal((0, "1"), (count.ExitCode, count.Output.Trim()));

        // What is planned does not stand before what has happened.
        var later = await FleetProcess.RunAsync("--server", server, "run", "enqueue", "diag.echo", "--delay", "1h");
        var happened = await FleetProcess.RunAsync("--server", server, "run", "list", "--job", "diag.echo");
        Assert.DoesNotContain(later.Output.Trim(), happened.Output, StringComparison.Ordinal);
        Assert.Contains("--state scheduled lists them", happened.Error, StringComparison.Ordinal);
        var scheduled = await FleetProcess.RunAsync("--server", server, "run", "list", "--state", "scheduled");
        Assert.Contains(later.Output.Trim(), scheduled.Output, StringComparison.Ordinal);

        // The glossary's words are states, and what failed is understood from the command line.
        var failing = await FleetProcess.RunAsync("--server", server, "run", "enqueue", "diag.fail", "{\"retryable\":false}", "--wait");
        Assert.Equal(1, failing.ExitCode);
        var dead = await FleetProcess.RunAsync("--server", server, "run", "list", "--state", "dead", "-o", "table");
        var id = failing.Output.Split('\n')[0].Trim();
        Assert.Contains(id, dead.Output, StringComparison.Ordinal);
        Assert.Contains($"The message and the stack of an error: fleet run get {id}", dead.Error, StringComparison.Ordinal);
        var understood = await FleetProcess.RunAsync("--server", server, "run", "get", id);
        Assert.Contains("Stack of attempt 1:", understood.Output, StringComparison.Ordinal);
        Assert.Contains("FailJob.RunAsync", understood.Output, StringComparison.Ordinal);
        var ready = await FleetProcess.RunAsync("--server", server, "run", "list", "--state", "ready");
        Assert.Equal((0, "No runs."), (ready.ExitCode, ready.Error.Trim()));
        var misspelt = await FleetProcess.RunAsync("--server", server, "run", "enqueue", "diag.echo", "--lane", "mial", "-o", "json");
        Assert.Equal(0, misspelt.ExitCode);
        Assert.Equal(36, JsonNode.Parse(misspelt.Output)!["id"]!.GetValue<string>().Length);
        Assert.StartsWith("Warning: No active worker serves lane 'mial'.", misspelt.Error.Trim(), StringComparison.Ordinal);

        var wrong = await FleetProcess.RunAsync("--server", server, "run", "list", "--failed");
        Assert.NotEqual(0, wrong.ExitCode);
        Assert.Contains("'--failed' is no option of this command", wrong.Error, StringComparison.Ordinal);

        var unknown = await FleetProcess.RunAsync("--server", server, "run", "enqueue", "diag.eco");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("did you mean 'diag.echo'?", unknown.Error, StringComparison.Ordinal);
    }

    /// <summary>The token is printed once, opens the API, and ends with the process.</summary>
    [Fact]
    public async Task Dev_WithToken_LetsInWhoHasIt_AndNobodyElse()
    {
        using var folder = new TempFolder();
        string first, database = Path.Combine(folder.Path, "fleet.db");
        await using (var fleet = await FleetProcess.StartDevAsync(folder.Path, options: ["--token"]))
        {
            await Until.TrueAsync(() => Task.FromResult(fleet.Output.Contains("Programs: ", StringComparison.Ordinal)));
            first = fleet.Output.Split("#token=")[1].Split('\n')[0].Trim();
            var server = fleet.Http.BaseAddress!.ToString();
            using var open = await fleet.Http.GetAsync(new Uri("/api/v1/runs", UriKind.Relative));
            var refused = await FleetProcess.RunAsync("--server", server, "run", "list");
            var listed = await FleetProcess.RunAsync(
                new Dictionary<string, string> { ["FLEET_API_KEY"] = first }, "--server", server, "whoami", "-o", "json");

            Assert.Contains($"Sign in:  {server}#token={first}", fleet.Output, StringComparison.Ordinal);
            Assert.Contains($"Programs: FLEET_API_KEY={first}", fleet.Output, StringComparison.Ordinal);
            Assert.Matches($"^{KeyText.Pattern}$", first);
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, open.StatusCode);
            Assert.Equal(6, refused.ExitCode);
            Assert.Equal("admin", JsonNode.Parse(listed.Output)!["role"]!.GetValue<string>());
            // Nobody is told to make a key who has one.
            Assert.DoesNotContain("fleet key create", fleet.Output, StringComparison.Ordinal);
            await fleet.TerminateAsync();
        }

        await using var again = await FleetProcess.StartDevAsync(folder.Path, options: ["--token"]);
        var second = await FleetProcess.RunAsync(
            new Dictionary<string, string> { ["FLEET_API_KEY"] = first }, "--server", again.Http.BaseAddress!.ToString(), "whoami");
        Assert.Equal(6, second.ExitCode);
        Assert.DoesNotContain(first, again.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(database));
    }

    [Fact]
    public async Task Command_WithoutAServer_SaysSoInOneLine()
    {
        var result = await FleetProcess.RunAsync("--server", "http://127.0.0.1:9", "run", "list");

        Assert.Equal(7, result.ExitCode);
        Assert.Equal(
            "No Fleet server answers at http://127.0.0.1:9: Connection refused. Name another with --server or FLEET_SERVER, or start one "
                + "with 'fleet dev'.",
            result.Error.Trim().Split('\n')[^1]);
    }

    [Fact]
    public async Task ScheduleNext_WithoutAServer_PrintsFireTimes()
    {
        var result = await FleetProcess.RunAsync(
            "schedule", "next", "--cron", "0 30 2 * * *", "--zone", "Europe/Berlin", "--from", "2026-03-28T00:00:00Z", "--count", "2", "-o",
            "json");

        Assert.Equal(0, result.ExitCode);
        // On the 29th half past two does not exist: it fires at the first instant that does.
        var times = JsonNode.Parse(result.Output)!.AsArray().Select(t => t!.GetValue<DateTimeOffset>()).ToArray();
        Assert.Equal([DateTimeOffset.Parse("2026-03-28T02:30:00+01:00"), DateTimeOffset.Parse("2026-03-29T03:00:00+02:00")], times);
    }

    [Fact]
    public async Task Dev_PortTaken_SaysWhichAndExitsWithOne()
    {
        using var folder = new TempFolder();
        await using var first = await FleetProcess.StartDevAsync(folder.Path);
        using var other = new TempFolder();

        var second = await FleetProcess.RunAsync(
            "dev", "--plain", "--no-samples", "--data", other.Path, "--port", $"{first.Http.BaseAddress!.Port}");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains($"127.0.0.1:{first.Http.BaseAddress.Port}", second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Error, StringComparison.Ordinal);
    }
}
