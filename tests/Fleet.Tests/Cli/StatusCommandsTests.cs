using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Cli.Status;
using Fleet.Client;
using Fleet.Tests.Api;

namespace Fleet.Tests.Cli;

/// <summary><c>fleet status</c>, <c>fleet top</c> and <c>fleet run watch</c>.</summary>
[Collection(ApiFleet.Shared)]
public sealed class StatusCommandsTests(ApiFleet api)
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 14, 2, 10, TimeSpan.Zero);

    private static readonly LiveFiguresView Figures = new()
    {
        At = Now,
        Ready = new CountView { Value = 10_000, Relation = "gte" },
        Running = new CountView { Value = 96 },
        Scheduled = new CountView { Value = 31 },
        Failed = new CountView { Value = 214 },
        Slots = 128,
        OldestReadyAt = Now.AddMinutes(-118),
        Lanes =
        [
            new LiveLaneView { Name = "imports", Ready = new() { Value = 1840 }, Running = new() { Value = 96 }, Slots = 128 },
            new LiveLaneView { Name = "mail", Ready = new() { Value = 8160, Relation = "gte" }, OldestReadyAt = Now.AddMinutes(-118) },
        ],
        LaneCount = 2,
        ActiveWorkers = 2,
        DrainingWorkers = 1,
        Leader = new LeaderView { Name = "sched-2/7", Term = 41 },
        Components =
        [
            new ComponentView { Name = "database", Status = "up", Milliseconds = 1.1 },
            new ComponentView { Name = "broker", Status = "degraded", Milliseconds = 0.9 },
        ],
        Findings =
        [
            new FindingView
            {
                Severity = "error", Code = "lane_without_worker", Sentence = "Lane mail: 812 runs are ready, no worker since 12:04 UTC.",
                Advice = "Start a worker with Fleet:Worker:Lanes:mail.",
            },
            new FindingView { Severity = "warning", Code = "clocks_differ", Sentence = "The clock of the database is 7.5 s behind." },
        ],
    };

    [Fact]
    public void Findings_ForPeople_SayWhatToDo()
    {
        Assert.Equal(
            [
                "error    Lane mail: 812 runs are ready, no worker since 12:04 UTC.",
                "         Start a worker with Fleet:Worker:Lanes:mail.",
                "warning  The clock of the database is 7.5 s behind.",
            ],
            StatusScreen.Findings(Figures, hasColor: false, hasAdvice: true));
        Assert.StartsWith(
            "\u001B[31merror    \u001B[0mLane", StatusScreen.Findings(Figures, hasColor: true, hasAdvice: true).First(),
            StringComparison.Ordinal);
        Assert.Equal(
            ["All is well. 2026-12-01T14:02:10Z"], StatusScreen.Findings(Figures with { Findings = [] }, hasColor: false, hasAdvice: true));
        Assert.Equal(
            ["error    The database does not answer. The figures are those of 2026-12-01T14:02:10Z."],
            StatusScreen.Findings(
                Figures with { Findings = [], Problem = "The database does not answer." }, hasColor: false, hasAdvice: true));
    }

    [Fact]
    public void Top_OnATerminal_FitsIt()
    {
        Assert.Equal(
            """
            fleet top   live   2026-12-01T14:02:10Z

            error    Lane mail: 812 runs are ready, no worker since 12:04 UTC.
            warning  The clock of the database is 7.5 s behind.

            runs     ready 10,000+   running 96 of 128 slots   scheduled 31   failed 214   …
            workers  2 active, 1 draining   leader sched-2/7, term 41
            server   database up 1.1 ms   broker degraded 0.9 ms

            LANE     READY   RUNNING  SLOTS  SCHEDULED  OLDEST
            mail     8,160+  0        0      0          1h 58m ago
            imports  1,840   96       128    0

            q quit   s sort by running   p pause
            """,
            Top(LaneOrder.Ready, height: 24));
        // A small window keeps the line of the keys; the findings take a quarter at most.
        Assert.Equal(
            """
            fleet top   no connection: away   2026-12-01T14:02:10Z

            error    Lane mail: 812 runs are ready, no worker since 12:04 UTC.

            runs     ready 10,000+   running 96 of 128 slots   scheduled 31   failed 214   …

            q quit   s sort by ready   p pause
            """,
            Top(LaneOrder.Name, height: 7, lost: "away"));
        Assert.Contains("paused", Top(LaneOrder.Running, height: 24, isPaused: true), StringComparison.Ordinal);
        var byRunning = Top(LaneOrder.Running, height: 24);
        Assert.True(byRunning.IndexOf("imports", StringComparison.Ordinal) < byRunning.IndexOf("mail   ", StringComparison.Ordinal));

        static string Top(LaneOrder order, int height, string? lost = null, bool isPaused = false) => string.Join(
            '\n', StatusScreen.Top(Figures, lost, order, isPaused, new Terminal(IsTerminal: true, 80, HasColor: false), height, Now));
    }

    [Fact]
    public async Task Status_Formats_TellTheSame()
    {
        await api.SendAsync("PUT", "/api/v1/schedules/status-next", """{"job":"diag.echo","cron":"* * * * * *"}""");

        var table = await RunAsync("status", "-o", "table");
        var tsv = await RunAsync("status", "-o", "tsv");
        var json = await RunAsync("status", "-o", "json");

        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        Assert.Contains("\nruns     ready ", "\n" + table.Output, StringComparison.Ordinal);
        Assert.Contains("\nNEXT  ", table.Output, StringComparison.Ordinal);
        Assert.Contains("every second", table.Output, StringComparison.Ordinal);
        Assert.Matches("(?m)^runs\tready\t\\d+\teq$", tsv.Output);
        Assert.Matches("(?m)^lane\tdefault\t\\d+\t\\d+\t64\t\\d+\t", tsv.Output);
        Assert.Matches("(?m)^next\t[^\t]+\tstatus-next\tdiag.echo$", tsv.Output);
        Assert.Equal(JsonValueKind.Array, JsonElement.Parse(json.Output).GetProperty("findings").ValueKind);
        await api.SendAsync("DELETE", "/api/v1/schedules/status-next");
    }

    [Fact]
    public async Task Status_ExitCode_SaysWhetherAnythingIsWrong()
    {
        for (var i = 0; i < 5; i++)
            await api.Fleet.WaitAsync(await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}"""));

        var (exit, output, _) = await RunAsync("status", "--exit-code", "-o", "tsv");

        Assert.Equal(1, exit);
        Assert.Contains("finding\twarning\tjob_failing\tJob test.scripted: ", output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("status", "-o", "tsv")).ExitCode);
    }

    [Fact]
    public async Task Top_IntoAPipe_PrintsOneDocumentOrLines()
    {
        var tsv = await RunAsync("top", "--count", "2", "-o", "tsv");
        var json = await RunAsync("top", "--count", "1", "-o", "json");
        var jsonl = await RunAsync("top", "--count", "1", "-o", "jsonl");

        Assert.Equal((0, ""), (tsv.ExitCode, tsv.Error));
        Assert.Equal(2, tsv.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(8, tsv.Output.Split('\n')[0].Split('\t').Length);
        Assert.Equal(1, JsonElement.Parse(json.Output).GetArrayLength());
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(jsonl.Output).ValueKind);
        Assert.Equal(2, (await RunAsync("top", "-o", "yaml")).ExitCode);
    }

    [Fact]
    public async Task Watch_Run_PrintsItsStatesAndEndsAsItDoes()
    {
        var failed = await RunAsync(
            "run", "watch", $"{await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}""")}", "-o", "tsv");
        var succeeded = await RunAsync("run", "watch", $"{await api.EnqueueAsync("""{"job":"diag.echo","args":{}}""")}", "-o", "json");

        Assert.Equal((1, ""), (failed.ExitCode, failed.Error));
        Assert.Matches("\tfailed\t1\t\tSaid to fail.\n$", failed.Output);
        Assert.Equal(0, succeeded.ExitCode);
        Assert.Equal("succeeded", JsonElement.Parse(succeeded.Output).EnumerateArray().Last().GetProperty("state").GetString());
    }

    [Theory]
    [InlineData(4, "run", "watch", "00000000-0000-7000-8000-000000000000")]
    [InlineData(2, "run", "watch", "x")]
    public async Task Watch_BadRun_SaysWhat(int exit, params string[] args)
    {
        var answer = await RunAsync(args);

        Assert.Equal((exit, ""), (answer.ExitCode, answer.Output));
        Assert.NotEqual("", answer.Error);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("top")]
    public async Task Command_ServerAway_IsUnreachable(string command)
    {
        var (exit, output, error) = await FleetCommand.RunAsync(command, "--server", "http://ana:secret@127.0.0.1:1");

        Assert.Equal((7, ""), (exit, output));
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) =>
        FleetCommand.RunAsync([.. args, "--server", $"{api.Http.BaseAddress}"]);
}
