using System.Text.Json;
using Fleet.Tests.Api;
using Fleet.Tests.EndToEnd;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Cli;

/// <summary><c>fleet schedule next</c>, <c>simulate</c> and <c>diff</c>, the real program against a real server.</summary>
public sealed class PreviewCommandsTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Utc = "2026-10-24T00:00:00Z";

    [Fact]
    public async Task Next_StoredSchedule_IsAskedFromTheServer()
    {
        await PutAsync("cli-next", """ "cron":"30 2 * * *","zone":"Europe/Berlin" """);

        var (exit, output, error) = await RunAsync("next", "cli-next", "--from", Utc, "--count", "3");

        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(
            "2026-10-24T02:30:00+02:00 Sat\n2026-10-25T02:30:00+02:00 Sun  # the clock shows 02:30 twice; it fires the first time "
                + "only\n2026-10-26T02:30:00+01:00 Mon\n",
            output);
    }

    [Fact]
    public async Task Next_PausedSchedule_SaysSo()
    {
        await PutAsync("cli-paused", """ "every":"1h" """);
        await api.SendAsync("POST", "/api/v1/schedules/cli-paused/pause");

        var (exit, output, error) = await RunAsync("next", "cli-paused", "--count", "1", "-o", "json");
        var table = await RunAsync("next", "cli-paused", "--count", "1");

        Assert.Equal((0, ""), (exit, error));
        Assert.Equal("paused", JsonElement.Parse(output).GetProperty("status").GetString());
        Assert.Contains("paused", table.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Next_Trigger_RemarksWhatTheClockDoes()
    {
        var (exit, output, error) = await FleetProcess.RunAsync(
            "schedule", "next", "--cron", "15,45 2 * * *", "--zone", "America/New_York", "--from", "2026-03-08T00:00:00", "--count", "2");

        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(
            "2026-03-08T03:00:00-04:00 Sun  # the clock skips 02:15, 02:45; it fires at 03:00, when the clock has "
                + "jumped\n2026-03-09T02:15:00-04:00 Mon\n",
            output);
    }

    [Theory]
    [InlineData("--from: 'x' is not an instant", "cli-bad", "--from", "x")]
    [InlineData("--from: '2026-03-08T00:00:00' has no offset", "cli-bad", "--from", "2026-03-08T00:00:00")]
    [InlineData("--cron: give either", "cli-bad", "--cron", "0 * * * *")]
    [InlineData("--count: '1001' is not allowed; allowed is 1–1000", "cli-bad", "--count", "1001")]
    [InlineData("There is no schedule 'cli-bad'.", "cli-bad")]
    public async Task Next_BadInput_SaysWhat(string expected, params string[] args)
    {
        var (exit, output, error) = await RunAsync(["next", .. args]);

        Assert.Equal((expected.StartsWith("There is no", StringComparison.Ordinal) ? 4 : 2, ""), (exit, output));
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_Week_DrawsAMapAndNamesCollisions()
    {
        // Of all schedules: those of other tests would take the places of these among the busiest minutes.
        await api.Fleet.Storage.WriteAsync(scope => scope.Db.Schedules.ExecuteDeleteAsync(), CancellationToken.None);
        await PutAsync("cli-a", """ "cron":"30 2 * * *","zone":"Europe/Berlin" """);
        await PutAsync("cli-b", """ "cron":"30 0 25 10 *" """);

        var (exit, output, error) = await RunAsync("simulate", "--from", Utc, "--until", "2026-10-26T00:00:00Z");

        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("2026-10-24T00:00:00Z to 2026-10-26T00:00:00Z: ", output, StringComparison.Ordinal);
        Assert.Contains("\nUTC        00    03    06    09    12    15    18    21\n", output, StringComparison.Ordinal);
        Assert.Contains("\nSat 10-24  ", output, StringComparison.Ordinal);
        Assert.Matches(@"\n2026-10-25T00:30:00Z\t2\t.*\tcli-a, cli-b", output);
        Assert.Matches(@"\ncli-a\t2\t", output);
        Assert.Contains(
            "  2026-10-25T02:00:00+01:00 cli-a: the clock shows 02:30 twice; it fires the first time only\n", output,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\u001B', output);
    }

    [Fact]
    public async Task Simulate_Json_IsTheServersAnswer()
    {
        var (exit, output, _) = await RunAsync("simulate", "--from", Utc, "-o", "json");

        Assert.Equal(0, exit);
        Assert.Equal(10_081, JsonElement.Parse(output).GetProperty("load").GetProperty("starts").GetArrayLength());
    }

    [Fact]
    public async Task Simulate_BadRange_SaysWhat()
    {
        var (exit, _, error) = await RunAsync("simulate", "--from", Utc, "--until", Utc);

        Assert.Equal(2, exit);
        Assert.Contains("until: '2026-10-24T00:00:00", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_Edit_PrintsWhatComesAndGoes()
    {
        // With all that a definition may hold, so that the edited one is taken as it is.
        await PutAsync(
            "cli-diff",
            """ "cron":"0 4 * * *","zone":"Europe/Berlin","args":{"a":1},"lane":"x","maxAttempts":3,"tags":["t"],"misfire":"skip" """);

        var (exit, output, error) = await RunAsync(
            "diff", "cli-diff", "--cron", "30 2 * * SUN", "--from", Utc, "--until", "2026-10-26T00:00:00Z");

        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(
            """
            cli-diff from 2026-10-24T00:00:00Z to 2026-10-26T00:00:00Z
            - 2026-10-24T04:00:00+02:00 Sat
            + 2026-10-25T02:30:00+02:00 Sun  # the clock shows 02:30 twice; it fires the first time only
            - 2026-10-25T04:00:00+01:00 Sun
            1 added, 2 removed, 0 kept

            """,
            output);
    }

    [Fact]
    public async Task Diff_AnotherKindOfTrigger_ReplacesTheOldOne()
    {
        await PutAsync("cli-kind", """ "every":"1h" """);

        var (exit, output, error) = await RunAsync("diff", "cli-kind", "--cron", "0 */2 * * *", "--from", Utc, "--count", "1");

        Assert.Equal((0, ""), (exit, error));
        // What it would collide with follows; that depends on the other schedules here.
        Assert.Contains(
            "\n- 2026-10-24T01:00:00+00:00 Sat\n… and 83 more\n0 added, 84 removed, 84 kept\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_NothingChanges_SaysSo()
    {
        await PutAsync("cli-same", """ "every":"1h" """);

        var (exit, output, _) = await RunAsync("diff", "cli-same", "--cron", "0 * * * *", "--from", Utc);

        Assert.Equal(0, exit);
        Assert.StartsWith(
            "No fire time changes from 2026-10-24T00:00:00Z to 2026-10-31T00:00:00Z: 168 kept.\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Nothing would change", "cli-wrong")]
    [InlineData("cron: ", "cli-wrong", "--cron", "61 * * * *")]
    [InlineData("zone: 'Mars' is not a known time zone", "cli-wrong", "--zone", "Mars")]
    [InlineData("trigger: cron and every are given together", "cli-wrong", "--cron", "0 * * * *", "--every", "1h")]
    [InlineData("There is no schedule 'cli-none'.", "cli-none", "--every", "1h")]
    public async Task Diff_BadInput_SaysWhat(string expected, params string[] args)
    {
        await PutAsync("cli-wrong", """ "every":"1h" """);

        var (exit, output, error) = await RunAsync(["diff", .. args]);

        Assert.Equal((expected.StartsWith("There is no", StringComparison.Ordinal) ? 4 : 2, ""), (exit, output));
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) =>
        FleetProcess.RunAsync(["schedule", .. args, "--server", api.Http.BaseAddress!.ToString()]);

    private async Task PutAsync(string id, string members) => Assert.InRange(
        (await api.SendAsync("PUT", "/api/v1/schedules/" + id, $$"""{"job":"diag.echo",{{members}}}""")).Status, 200, 201);
}
