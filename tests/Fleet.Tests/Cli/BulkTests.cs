using System.Text.Json;
using Fleet.Cli;
using Fleet.Cli.Bulk;
using Fleet.Tests.Api;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Cli;

/// <summary><c>--yes</c>, <c>--expect</c>, several ids, and the bar.</summary>
public sealed class BulkTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private static int _names;

    [Fact]
    public async Task Cancel_SeveralWithoutATerminal_NeedsYes()
    {
        var (one, two) = (await WaitingAsync(), await WaitingAsync());

        var (exit, output, error) = await RunAsync(null, "run", "cancel", one, two);

        Assert.Equal(((int)ExitCode.Usage, ""), (exit, output));
        Assert.Contains("--yes: it is needed without a terminal", error, StringComparison.Ordinal);
        Assert.Equal("scheduled", await StateAsync(one));

        (exit, output, error) = await RunAsync(null, "run", "cancel", one, two, one, "--yes");
        Assert.Equal((0, $"{one}: canceled\n{two}: canceled\n", ""), (exit, output, error));
        Assert.Equal("canceled", await StateAsync(two));
    }

    [Theory]
    [InlineData("y", 0)]
    [InlineData("YES ", 0)]
    [InlineData("n", 1)]
    [InlineData("", 1)]
    [InlineData(null, 1)]
    public async Task Cancel_SeveralAtATerminal_Asks(string? answer, int expected)
    {
        var (one, two) = (await WaitingAsync(), await WaitingAsync());

        var (exit, output, error) = await RunAsync(() => answer, "run", "cancel", one, two);

        Assert.Equal(expected, exit);
        Assert.StartsWith("Cancel 2 runs? [y/N] ", error, StringComparison.Ordinal);
        Assert.Equal(expected == 0, output.Length > 0);
        Assert.Equal(expected == 0 ? "canceled" : "scheduled", await StateAsync(one));
    }

    [Fact]
    public async Task Cancel_OneRun_DoesNotAsk()
    {
        var one = await WaitingAsync();

        Assert.Equal((0, "canceled\n", ""), await RunAsync(null, "run", "cancel", one));
    }

    [Fact]
    public async Task Cancel_SomeRefused_IsPartial()
    {
        var (one, two) = (await WaitingAsync(), await WaitingAsync());
        await RunAsync(null, "run", "cancel", one);

        var (exit, output, error) = await RunAsync(null, "run", "cancel", one, two, "--yes", "-o", "json");

        Assert.Equal((int)ExitCode.Partial, exit);
        Assert.Equal(two, Assert.Single(JsonElement.Parse(output).EnumerateArray()).GetProperty("id").GetString());
        Assert.Contains($"{one}: ", error, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Conflict, (await RunAsync(null, "run", "cancel", one, two, "--yes")).ExitCode);
    }

    /// <summary>One of both has ended, so one would be touched.</summary>
    [Fact]
    public async Task Cancel_ExpectsAnotherNumber_ChangesNothing()
    {
        var (one, two) = (await WaitingAsync(), await WaitingAsync());
        await RunAsync(null, "run", "cancel", one);

        var (exit, output, error) = await RunAsync(null, "run", "cancel", one, two, "--yes", "--expect", "2");

        Assert.Equal(((int)ExitCode.Conflict, ""), (exit, output));
        Assert.Contains("--expect: 2 expected, and 1 would be touched", error, StringComparison.Ordinal);
        Assert.Equal("scheduled", await StateAsync(two));
        Assert.Equal((int)ExitCode.Partial, (await RunAsync(null, "run", "cancel", one, two, "--yes", "--expect", "1")).ExitCode);
        Assert.Equal("canceled", await StateAsync(two));
    }

    [Fact]
    public async Task Delete_ScheduleAtATerminal_AsksOnceAndDryRunDoesNot()
    {
        var id = $"bulk-{Interlocked.Increment(ref _names)}";
        await api.SendAsync("PUT", $"/api/v1/schedules/{id}", """{"job":"diag.echo","every":"1d"}""");

        Assert.Equal(0, (await RunAsync(null, "schedule", "delete", id, "--dry-run")).ExitCode);
        Assert.Equal((int)ExitCode.Usage, (await RunAsync(null, "schedule", "delete", id)).ExitCode);
        Assert.Equal((int)ExitCode.Failure, (await RunAsync(() => "n", "schedule", "delete", id)).ExitCode);
        Assert.Equal(200, (await api.SendAsync("GET", $"/api/v1/schedules/{id}")).Status);
        Assert.Equal(0, (await RunAsync(() => "y", "schedule", "delete", id)).ExitCode);
    }

    [Theory]
    [InlineData("backfill", "1", 5)]
    [InlineData("backfill", "2", 0)]
    public async Task Backfill_Expect_ComparesWithThePreview(string verb, string expected, int code)
    {
        var id = $"bulk-{Interlocked.Increment(ref _names)}";
        await api.SendAsync("PUT", $"/api/v1/schedules/{id}", """{"job":"diag.echo","cron":"0 3 * * *"}""");

        var (exit, _, _) = await RunAsync(
            null, "schedule", verb, id, "--from", "2026-01-01T00:00:00Z", "--until", "2026-01-03T00:00:00Z", "--expect", expected, "--yes");

        Assert.Equal(code, exit);
    }

    [Theory]
    [InlineData("cancel", "canceled", "Cancel")]
    [InlineData("delete", "deleted", "Delete")]
    public async Task AllMatching_Runs_PreviewsAsksAndTellsWhatWasDone(string verb, string done, string order)
    {
        var (one, two) = (await WaitingAsync(), await WaitingAsync());
        if (verb == "delete")
            await RunAsync(null, "run", "cancel", one, two, "--yes");
        string[] all = ["run", verb, "--all-matching", $"id:{one},{two}"];

        var (exit, output, error) = await RunAsync(null, [.. all, "--dry-run", "--expect", "2"]);
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith($"2 runs would be {done}:\n", output, StringComparison.Ordinal);
        Assert.Contains(one, output, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Conflict, (await RunAsync(null, [.. all, "--yes", "--expect", "3"])).ExitCode);
        Assert.Equal((int)ExitCode.Usage, (await RunAsync(null, all)).ExitCode);

        (exit, output, error) = await RunAsync(() => "y", [.. all, "--reason", "ordered twice"]);
        Assert.Equal((0, $"{order} 2 runs? [y/N] "), (exit, error));
        Assert.EndsWith($" completed: 2 {done}\n", output, StringComparison.Ordinal);
        if (verb == "cancel")
            Assert.Equal("canceled", await StateAsync(two));
        else
            Assert.Equal(404, (await api.SendAsync("GET", $"/api/v1/runs/{two}")).Status);

        // Nothing is left.
        Assert.Equal(
            (0, $"No run matches that can be {done}.\n", ""), await RunAsync(null, all));
    }

    [Fact]
    public async Task AllMatching_Replay_NoWait_NamesTheOperation()
    {
        var id = await WaitingAsync();
        await RunAsync(null, "run", "cancel", id);

        var (exit, operation, _) = await RunAsync(
            null, "run", "replay", "--all-matching", $"id:{id}", "--rate", "7", "--no-wait", "--yes", "-o", "name");
        Assert.Equal(0, exit);
        operation = operation.Trim();

        var (ended, output, _) = await RunAsync(null, "operation", "watch", operation);
        Assert.Equal((0, $"{operation} completed: 1 replayed\n"), (ended, output));
        var shown = (await RunAsync(null, "operation", "get", operation)).Output;
        Assert.Contains("7 runs per second at most", shown, StringComparison.Ordinal);
        Assert.Contains(
            operation, (await RunAsync(null, "operation", "list", "--state", "completed")).Output, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Conflict, (await RunAsync(null, "operation", "cancel", operation)).ExitCode);
    }

    [Fact]
    public async Task Group_OfDeadLetters_IsReplayedAsAnOperation()
    {
        var (one, two) = (await WaitingAsync(), await WaitingAsync());
        Assert.True(RunId.TryParse(one, out var dead));
        var group = await MadeUpDeath.OfAsync(api.Fleet, dead);
        string[] all = ["dead", "replay", "--group", group];

        var (exit, output, error) = await RunAsync(null, [.. all, "--dry-run", "--expect", "1"]);
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith("1 run would be replayed:\n", output, StringComparison.Ordinal);
        Assert.Contains(one, output, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Conflict, (await RunAsync(null, [.. all, "--yes", "--expect", "2"])).ExitCode);
        Assert.Equal((int)ExitCode.Usage, (await RunAsync(null, all)).ExitCode);

        (exit, output, error) = await RunAsync(() => "y", [.. all, "--rate", "3", "--reason", "mended"]);
        Assert.Equal((0, "Replay 1 run? [y/N] "), (exit, error));
        Assert.EndsWith(" completed: 1 replayed\n", output, StringComparison.Ordinal);
        Assert.Equal((0, "No run matches that can be replayed.\n", ""), await RunAsync(null, all));
        Assert.Equal(0, (await api.SendAsync("GET", $"/api/v1/runs/{two}")).Json.GetProperty("lineage").GetArrayLength());
        var operation = (await api.SendAsync("GET", "/api/v1/operations?limit=1")).Items[0];
        Assert.Equal(
            ($"fingerprint:{group}", 3), (operation.GetProperty("query").GetString(), operation.GetProperty("rate").GetInt32()));
    }

    [Theory]
    [InlineData("run", "cancel")]
    [InlineData("dead", "replay")]
    [InlineData("dead", "replay", "0198c0de-7a3b-7c4d-8e5f-0123456789ab", "--group", "v1:0123456789abcdef")]
    [InlineData("dead", "replay", "0198c0de-7a3b-7c4d-8e5f-0123456789ab", "--rate", "5")]
    [InlineData("dead", "replay", "--group", "v1:0123456789abcdef state:canceled")]
    [InlineData("run", "cancel", "0198c0de-7a3b-7c4d-8e5f-0123456789ab", "--all-matching", "state:ready")]
    [InlineData("run", "cancel", "0198c0de-7a3b-7c4d-8e5f-0123456789ab", "--rate", "5")]
    [InlineData("run", "replay", "0198c0de-7a3b-7c4d-8e5f-0123456789ab", "--reason", "x")]
    [InlineData("run", "replay", "--all-matching", "state:running")]
    [InlineData("run", "delete", "--all-matching", "")]
    [InlineData("run", "delete", "--all-matching", "stat:failed")]
    [InlineData("run", "delete", "--all-matching", "state:failed", "--rate", "0")]
    public async Task AllMatching_WhatCannotBe_IsUsage(params string[] args) =>
        Assert.Equal((int)ExitCode.Usage, (await RunAsync(null, args)).ExitCode);

    [Fact]
    public async Task Drain_NeitherIdNorAll_IsUsage()
    {
        Assert.Equal((int)ExitCode.Usage, (await RunAsync(null, "worker", "drain")).ExitCode);
        Assert.Equal((int)ExitCode.Conflict, (await RunAsync(null, "worker", "drain", "--all", "--yes", "--expect", "99")).ExitCode);
    }

    [Theory]
    [InlineData("250", true)]
    [InlineData("y", false)]
    public void Ask_Many_WantsTheCountTyped(string answer, bool mayGoOn)
    {
        var confirm = new Confirmation { CanAsk = () => true, ReadAnswer = () => answer };
        var parsed = new System.CommandLine.RootCommand { confirm.YesOption }.Parse([]);

        var refusal = Record.Exception(() => confirm.Ask(parsed, "Cancel 250 runs", 250));

        Assert.Equal(mayGoOn, refusal is null);
    }

    [Fact]
    public void Progress_IsThrottledAndErased()
    {
        var (time, text) = (new FakeTimeProvider(), new StringWriter());
        using (var progress = new Progress("Applying", time, text))
        {
            progress.Report(1, 4);
            Assert.Equal("", text.ToString());
            time.Advance(TimeSpan.FromSeconds(1));
            progress.Report(2, 4);
            progress.Report(3, 4);
        }

        Assert.Equal("\r\u001B[KApplying [############............] 2/4\r\u001B[K", text.ToString());
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(Func<string?>? answer, params string[] args) =>
        FleetCommand.RunAsync(
            new CommandContext(TimeProvider.System)
            {
                Confirm = new Confirmation { CanAsk = () => answer is not null, ReadAnswer = () => answer!() },
            },
            ["--server", $"{api.Http.BaseAddress}", .. args.Contains("-o") ? [] : new[] { "-o", "tsv" }, .. args]);

    private async Task<string> WaitingAsync() => $"{await api.EnqueueAsync("""{"job":"diag.echo","args":{},"delay":"1h"}""")}";

    private async Task<string> StateAsync(string id)
    {
        var run = await api.SendAsync("GET", $"/api/v1/runs/{id}");
        return run["state"] == "pending" ? "scheduled" : run["state"]!;
    }
}
