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

    [Fact]
    public void Draw_FailedRun_HasItsErrorAndItsJob()
    {
        var run = new RunView
        {
            Id = "01a22d1a-c17b-7790-b5b6-2cfe7404d656",
            Job = "report.daily",
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
