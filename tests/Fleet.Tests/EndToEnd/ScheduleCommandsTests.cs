using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>The commands around schedules against <c>fleet dev</c>, as an operator types them.</summary>
public sealed class ScheduleCommandsTests : IAsyncLifetime
{
    private const string Two = """
        # Both belong to one team.
        - id: nightly
          job: diag.echo
          cron: 0 3 * * *
          zone: Europe/Berlin
          args: { greeting: hello, times: 3, loud: true }
          exclude: [12-25, 2026-12-24..2027-01-02]
          overlap: skip
          labels: { team: reports }
        - id: often
          job: diag.echo
          every: 15m
          jitter: 5m
          maxOccurrences: 100000
          labels: { team: reports }
        """;

    private readonly TempFolder _folder = new();
    private FleetProcess _fleet = null!;

    public async ValueTask InitializeAsync() => _fleet = await FleetProcess.StartDevAsync(_folder.Path);

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Apply_DiffAndExport_GoRoundAndShowDrift()
    {
        var file = await WriteAsync(Two);

        var planned = await FleetAsync("apply", "-f", file, "--dry-run");
        Assert.Equal((0, true), (planned.ExitCode, planned.Output.StartsWith("nightly would be created\n", StringComparison.Ordinal)));
        Assert.Empty(await IdsAsync());

        var applied = await FleetAsync("apply", "-f", file);
        Assert.Equal(0, applied.ExitCode);
        Assert.Contains("""+ args: {"greeting":"hello","times":3,"loud":true}""", applied.Output, StringComparison.Ordinal);
        Assert.Equal(["nightly", "often"], await IdsAsync());
        Assert.Equal("nightly unchanged\noften unchanged\n", (await FleetAsync("apply", "-f", file)).Output);
        Assert.Equal(0, (await FleetAsync("diff", "-f", file)).ExitCode);

        // What export prints is what apply reads.
        var exported = await WriteAsync((await FleetAsync("export")).Output);
        Assert.Equal("nightly unchanged\noften unchanged\n", (await FleetAsync("apply", "-f", exported)).Output);

        // Somebody turns a knob by hand: the drift is shown, and reverted.
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/schedules/often");
        request.Content = JsonContent.Create(new { job = "diag.echo", every = "20m" });
        request.Headers.IfMatch.Add(System.Net.Http.Headers.EntityTagHeaderValue.Any);
        using var drifted = await _fleet.Http.SendAsync(request);
        drifted.EnsureSuccessStatusCode();
        var drift = await FleetAsync("diff", "-f", file);
        Assert.Equal(1, drift.ExitCode);
        Assert.Contains("often would be changed\n  - every: \"20m\"\n  + every: \"15m\"\n", drift.Output, StringComparison.Ordinal);
        await FleetAsync("apply", "-f", file);
        Assert.Equal(0, (await FleetAsync("diff", "-f", file)).ExitCode);
    }

    [Fact]
    public async Task Apply_Prune_DeletesWhatHasTheLabelAndIsNotDeclared()
    {
        await FleetAsync("apply", "-f", await WriteAsync(Two));
        using var other = await _fleet.Http.PutAsJsonAsync(
            "/api/v1/schedules/other", new { job = "diag.echo", every = "1h", labels = new { team = "billing" } });
        var one = await WriteAsync(Two[..Two.IndexOf("- id: often", StringComparison.Ordinal)]);

        Assert.Equal(
            "nightly unchanged\noften would be deleted\n",
            (await FleetAsync("apply", "-f", one, "--prune", "--label", "team=reports", "--dry-run")).Output);
        await FleetAsync("apply", "-f", one, "--prune", "--label", "team=reports", "--yes");

        Assert.Equal(["nightly", "other"], await IdsAsync());
    }

    [Theory]
    [InlineData("- id: a\n  job: diag.echo\n  cron: * * * * *\n", ":3: it is not valid YAML", "needs quotes")]
    [InlineData("id: a\njob: diag.echo\nevery: 5 parsecs\n", ":1: a: every: the period '5 parsecs' is not a duration", null)]
    [InlineData("id: a\njob: diag.echo\nevry: 5m\n", ":1: a: evry: there is no such field; did you mean 'every'?", null)]
    [InlineData("id: a\njob: diag.echo\nevery: 5m\n---\nid: a\njob: diag.echo\nevery: 6m\n", ":5: 'a' stands at ", ":1 too")]
    [InlineData("job: diag.echo\n", ":1: id: it is missing", null)]
    [InlineData("# nothing\n", "declares no schedule", null)]
    [InlineData("just text\n", ":1: a schedule is a mapping", null)]
    public async Task Apply_BadFile_NamesPlaceAndReasonAndPutsNothing(string yaml, string reason, string? hint)
    {
        var file = await WriteAsync("id: good\njob: diag.echo\nevery: 1h\n", "0-good.yaml");
        await WriteAsync(yaml, "1-bad.yaml");
        // A folder is taken whole; a file that declares nothing is an error only when it is all there is.
        var path = yaml[0] == '#' ? Path.Combine(Path.GetDirectoryName(file)!, "1-bad.yaml") : Path.GetDirectoryName(file)!;

        var (code, output, error) = await FleetAsync("apply", "-f", path);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Contains(hint ?? "", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Empty(await IdsAsync());
    }

    [Fact]
    public async Task Schedule_PauseStopStartBackfillFigures_SayWhatTheyDid()
    {
        await FleetAsync("apply", "-f", await WriteAsync(Two));

        Assert.StartsWith(
            "often paused until 20", (await FleetAsync("schedule", "pause", "often", "--for", "30m", "--reason", "maintenance")).Output,
            StringComparison.Ordinal);
        var paused = (await FleetAsync("schedule", "list")).Output;
        Assert.Contains("paused", paused, StringComparison.Ordinal);
        Assert.Contains($"maintenance, by {Environment.UserName} (person, 127.0.0.1), until 20", paused, StringComparison.Ordinal);
        Assert.Equal("often stopped\n", (await FleetAsync("schedule", "stop", "often")).Output);
        Assert.Equal("often started\n", (await FleetAsync("schedule", "start", "often")).Output);

        var now = TimeProvider.System.GetUtcNow();
        var (from, until) = (now.AddHours(-2).ToString("O"), now.AddHours(-1).ToString("O"));
        var planned = (await FleetAsync("schedule", "backfill", "often", "--from", from, "--until", until)).Output;
        Assert.StartsWith("often: 4 runs, for fire times from ", planned, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was created; --yes creates the runs.\n", planned, StringComparison.Ordinal);
        Assert.Contains("no runs are kept", planned, StringComparison.Ordinal);
        await FleetAsync("schedule", "backfill", "often", "--from", from, "--until", until, "--per-minute", "6000", "--yes");
        await Until.TrueAsync(async () => (await ListAsync("runs?schedule=often&state=succeeded")).Count == 4);
        Assert.StartsWith(
            "often: nothing to create; fire times of the range that have a run already: 4.",
            (await FleetAsync("schedule", "backfill", "often", "--from", from, "--until", until, "--yes")).Output,
            StringComparison.Ordinal);

        var history = (await FleetAsync("schedule", "history", "often", "--columns", "outcome,took")).Output;
        Assert.Equal(4, history.Split('\n').Count(line => line.StartsWith("succeeded\t", StringComparison.Ordinal)));
        Assert.Contains("outcomes\t4 succeeded", (await FleetAsync("schedule", "get", "often")).Output, StringComparison.Ordinal);
        Assert.Equal(4, (await ListAsync("schedules?outcomes=30")).Single(s => s!["id"]!.GetValue<string>() == "often")!["outcomes"]!
            .AsArray().Count);
        Assert.Contains("expected 0, fired 0", (await FleetAsync("schedule", "figures", "often")).Output, StringComparison.Ordinal);
        var wrong = await FleetAsync("schedule", "figures", "often", "--from", "yesterday");
        Assert.Equal((2, true), (wrong.ExitCode, wrong.Error.StartsWith("from: 'yesterday' is not allowed", StringComparison.Ordinal)));
    }

    private async Task<string> WriteAsync(string yaml, string? name = null)
    {
        var path = Path.Combine(
            Directory.CreateDirectory(Path.Combine(_folder.Path, "schedules")).FullName, name ?? $"{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(path, yaml);
        return path;
    }

    private Task<(int ExitCode, string Output, string Error)> FleetAsync(params string[] args) =>
        FleetProcess.RunAsync(new Dictionary<string, string> { ["FLEET_SERVER"] = _fleet.Http.BaseAddress!.ToString() }, args);

    private async Task<JsonArray> ListAsync(string path) =>
        (await _fleet.Http.GetFromJsonAsync<JsonObject>("/api/v1/" + path))!["items"]!.AsArray();

    private async Task<IEnumerable<string>> IdsAsync() => (await ListAsync("schedules")).Select(s => s!["id"]!.GetValue<string>());
}
