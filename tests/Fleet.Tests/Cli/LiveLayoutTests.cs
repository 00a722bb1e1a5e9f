using Fleet.Cli.Dev;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Tests.Cli;

/// <summary>What <c>fleet dev</c> shows on a terminal.</summary>
public sealed class LiveLayoutTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Draw_FirstLine_HasTheServerTheDataAndHowToStop() => Assert.Contains(
        "Fleet at http://127.0.0.1:8710 · data in /home/ada/.fleet · Ctrl+C stops it", Draw(LiveSnapshot.Empty), StringComparison.Ordinal);

    [Theory]
    [InlineData("report.daily", false)]
    [InlineData("samples.flaky-import", true)]
    public void Draw_FailedRun_HasItsErrorAndItsJob_AndIsMarkedIfItIsASample(string job, bool isSample)
    {
        var run = new RunView
        {
            Id = "01a22d1a-c17b-7790-b5b6-2cfe7404d656",
            Job = job,
            State = "failed",
            Attempt = 2,
            ErrorType = "BoomException",
            CreatedAt = Noon,
            DueAt = Noon,
            FinishedAt = Noon,
        };

        var lines = Draw(new LiveSnapshot([], [], [run], Problem: null)).Split('\n');

        var line = Assert.Single(lines, l => l.Contains(run.Job, StringComparison.Ordinal));
        Assert.Contains("failed", line, StringComparison.Ordinal);
        Assert.Contains("BoomException", line, StringComparison.Ordinal);
        Assert.Equal(isSample, line.Contains("BoomException (a sample, on purpose)", StringComparison.Ordinal));
    }

    /// <summary>Planned runs are no work that waits: they are in the schedules' part, as the next fire time.</summary>
    [Fact]
    public void Draw_Lanes_CountWhatIsReady()
    {
        var lane = new LaneView { Name = "default", Ready = new CountView { Value = 2 }, ScheduledSoon = new CountView { Value = 11 } };

        var lines = Draw(new LiveSnapshot([], [lane], [], Problem: null)).Split('\n');

        var header = Assert.Single(lines, l => l.StartsWith("LANE", StringComparison.Ordinal));
        Assert.Equal(["LANE", "READY", "RUNNING", "SLOTS"], header.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain(lines, l => l.Contains("11", StringComparison.Ordinal));
    }

    private static string Draw(LiveSnapshot snapshot)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 160;
        console.Write(LiveLayout.Draw(snapshot, new Uri("http://127.0.0.1:8710"), "/home/ada/.fleet", 160, 40, Noon));
        return text.ToString();
    }
}
