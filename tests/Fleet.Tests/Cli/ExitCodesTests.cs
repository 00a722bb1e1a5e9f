using System.Text.Json;
using Fleet.Cli;
using Fleet.Cli.Help;

namespace Fleet.Tests.Cli;

/// <summary>Every command that asks the server × every way in which a server can fail: the exit code, an empty standard output, and a
/// reason without the password of the address.</summary>
public sealed class ExitCodesTests(RudeServer server) : IClassFixture<RudeServer>
{
    private const string Run = "0198c0de-7a3b-7c4d-8e5f-0123456789ab";

    /// <summary>The commands with arguments that are allowed.</summary>
    private static readonly Dictionary<string, string[]> Asking = new(StringComparer.Ordinal)
    {
        ["run enqueue"] = ["diag.echo"],
        ["run get"] = [Run],
        ["run list"] = [],
        ["run count"] = [],
        ["run logs"] = [Run],
        ["run watch"] = [Run],
        ["run explain"] = [Run],
        ["key create"] = ["x", "--role", "viewer"],
        ["key list"] = [],
        ["key get"] = ["abcdefgh"],
        ["key rotate"] = ["abcdefgh"],
        ["key revoke"] = ["abcdefgh", "--yes"],
        ["session list"] = [],
        ["session end"] = ["abcdefgh"],
        ["operation list"] = [],
        ["operation get"] = [Run],
        ["operation watch"] = [Run],
        ["operation cancel"] = [Run],
        ["whoami"] = [],
        ["audit"] = [],
        ["status"] = [],
        ["top"] = ["--count", "1"],
        ["run cancel"] = [Run],
        ["dead list"] = [],
        ["dead get"] = [Run],
        ["dead group list"] = [],
        ["dead group get"] = ["v1:0123456789abcdef"],
        ["dead replay"] = [Run],
        ["dead edit"] = [Run, "--patch", "{}", "--yes"],
        ["dead discard"] = [Run, "--reason", "old", "--yes"],
        ["dead mute"] = ["v1:0123456789abcdef", "--until-new-version"],
        ["dead unmute"] = ["v1:0123456789abcdef"],
        ["dead export"] = [],
        ["dead import"] = [DeadLettersFile.Path, "--yes"],
        ["view list"] = [],
        ["view get"] = ["broken"],
        ["view save"] = ["broken", "state:failed"],
        ["view delete"] = ["broken", "--yes"],
        ["run replay"] = [Run],
        ["run delete"] = [Run, "--yes"],
        ["schedule list"] = [],
        ["schedule get"] = ["nightly"],
        ["schedule create"] = ["nightly", "--job", "diag.echo", "--every", "1h"],
        ["schedule update"] = ["nightly", "--every", "1h"],
        ["job list"] = [],
        ["job get"] = ["diag.echo"],
        ["job schema"] = ["diag.echo"],
        ["job example"] = ["diag.echo"],
        ["schedule next"] = ["nightly"],
        ["schedule explain"] = ["nightly", "--at", "2026-01-01T03:00:00Z"],
        ["schedule simulate"] = [],
        ["schedule diff"] = ["nightly", "--every", "1h"],
        ["schedule trigger"] = ["nightly"],
        ["schedule backfill"] = ["nightly", "--from", "2026-01-01T00:00:00Z", "--until", "2026-01-02T00:00:00Z"],
        ["schedule delete"] = ["nightly", "--yes"],
        ["schedule figures"] = ["nightly"],
        ["schedule history"] = ["nightly"],
        ["schedule pause"] = ["nightly"],
        ["schedule resume"] = ["nightly"],
        ["schedule stop"] = ["nightly"],
        ["schedule start"] = ["nightly"],
        ["lane list"] = [],
        ["lane get"] = ["mail"],
        ["lane pause"] = ["mail"],
        ["lane resume"] = ["mail"],
        ["lane demand"] = ["mail"],
        ["worker list"] = [],
        ["worker get"] = [Run],
        ["worker drain"] = [Run],
        ["worker resume"] = [Run],
        ["apply"] = ["-f", SchedulesFile.Path],
        ["diff"] = ["-f", SchedulesFile.Path],
        ["export"] = [],
        ["calendar"] = [],
    };

    /// <summary>They do not ask the server, or only look whether it is there.</summary>
    private static readonly string[] Others =
    [
        "dev", "db migrate", "db status", "db script", "broker apply", "help exit-codes", "config list", "completion", "key generate",
        "config get", "config set", "config use", "config delete", "config view", "doctor", "version",
    ];

    private static readonly Dictionary<string, ExitCode> Ways = new(StringComparer.Ordinal)
    {
        ["400"] = ExitCode.Usage,
        ["413"] = ExitCode.Usage,
        ["422"] = ExitCode.Usage,
        ["401"] = ExitCode.Auth,
        ["403"] = ExitCode.Auth,
        ["404"] = ExitCode.NotFound,
        ["409"] = ExitCode.Conflict,
        ["412"] = ExitCode.Conflict,
        ["428"] = ExitCode.Conflict,
        ["429"] = ExitCode.Unreachable,
        ["500"] = ExitCode.Unreachable,
        ["502"] = ExitCode.Unreachable,
        ["503"] = ExitCode.Unreachable,
        ["html"] = ExitCode.Unreachable,
        ["html404"] = ExitCode.Unreachable,
        ["array"] = ExitCode.Unreachable,
        ["garbage"] = ExitCode.Unreachable,
        ["nothing"] = ExitCode.Unreachable,
        ["slow"] = ExitCode.Unreachable,
        ["away"] = ExitCode.Unreachable,
    };

    public static TheoryData<string> Commands { get; } = new(Asking.Keys);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_ServerFails_ExitCodeSaysHow(string command)
    {
        foreach (var (way, expected) in Ways)
        {
            var (exit, output, error) = await RunAsync(way, command, "-o", way.Length % 2 == 0 ? "json" : "table");

            Assert.True(exit == (int)expected, $"{way}: {exit} instead of {(int)expected}: {error}");
            Assert.True(output.Length == 0, $"{way}: {output}");
            Assert.NotEqual("", error);
            Assert.DoesNotContain("sesame", error, StringComparison.Ordinal);
            Assert.DoesNotContain("user", error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
            if (char.IsAsciiDigit(way[0]))
                Assert.Contains($"Refused with {way}.", error, StringComparison.Ordinal);
            else
                Assert.Contains($"127.0.0.1:{server.Url(way).Split(':')[^1]}", error, StringComparison.Ordinal);
        }
    }

    /// <summary>Other requests are answered; only the stream of events is refused.</summary>
    [Theory]
    [InlineData("run watch", "401", ExitCode.Auth)]
    [InlineData("run watch", "404", ExitCode.NotFound)]
    [InlineData("top", "403", ExitCode.Auth)]
    [InlineData("top", "400", ExitCode.Usage)]
    [InlineData("top", "html404", ExitCode.Unreachable)]
    public async Task Command_EventsAreRefused_ExitCodeSaysHow(string command, string way, ExitCode expected)
    {
        var (exit, output, error) = await RunAsync($"events-{way}", command);

        Assert.Equal(((int)expected, ""), (exit, output));
        Assert.NotEqual("", error);
        Assert.DoesNotContain("fleet failed", error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_UnknownOption_IsUsage(string command)
    {
        var (exit, output, error) = await RunAsync("away", command, "--frobnicate");

        Assert.Equal((int)ExitCode.Usage, exit);
        Assert.Equal("", output);
        Assert.Contains("--frobnicate", error, StringComparison.Ordinal);
    }

    /// <summary>The server is away: whoever asked it before would end with another code.</summary>
    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_FormatOfTheEnvironmentIsNone_IsUsageBeforeAnythingIsAsked(string command)
    {
        var (exit, output, error) = await FleetCommand.RunAsync(
            new CommandContext(TimeProvider.System)
            {
                Environment = name => name switch { "FLEET_OUTPUT" => "xml", "FLEET_CONFIG" => "/nowhere", _ => null },
            },
            [.. command.Split(' '), .. Asking[command], "--server", server.Url("away")]);

        Assert.Equal(((int)ExitCode.Usage, ""), (exit, output));
        Assert.Contains("FLEET_OUTPUT: 'xml' is not allowed", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("run lst")]
    [InlineData("run get")]
    [InlineData("run get 1")]
    [InlineData("run list --columns nix")]
    [InlineData("run list --columns id -o json")]
    [InlineData("run list -o xml")]
    [InlineData("run list --color red")]
    [InlineData("run list --server ftp://x")]
    [InlineData("run enqueue diag.echo {")]
    [InlineData("run enqueue diag.echo --wait --timeout soon")]
    [InlineData("run enqueue diag.echo --timeout 1s")]
    [InlineData("schedule create x --args {")]
    [InlineData("schedule pause x --for soon")]
    [InlineData("schedule next --cron 61")]
    [InlineData("apply -f /nowhere")]
    [InlineData("db script -o json")]
    [InlineData("db migrate --wait soon")]
    [InlineData("dev -o json")]
    public async Task Command_BadUsage_IsTwoWithAnEmptyOutput(string line)
    {
        var (exit, output, error) = await FleetCommand.RunAsync(line.Split(' '));

        Assert.Equal(((int)ExitCode.Usage, ""), (exit, output));
        Assert.NotEqual("", error);
    }

    [Fact]
    public void Commands_ThatAskTheServer_AreAllTestedHere() => Assert.Equal(
        Asking.Keys.Concat(Others).Order(StringComparer.Ordinal), FleetCommand.All().Order(StringComparer.Ordinal));

    [Fact]
    public async Task HelpExitCodes_PrintsEveryCode()
    {
        var (exit, output, _) = await FleetCommand.RunAsync("help", "exit-codes", "-o", "json");

        Assert.Equal(0, exit);
        var codes = JsonElement.Parse(output).EnumerateArray().Select(c => (ExitCode)c.GetProperty("code").GetInt32());
        Assert.Equal(Enum.GetValues<ExitCode>(), codes);
        Assert.Equal(Enum.GetValues<ExitCode>(), HelpTopics.ExitCodes.Select(c => c.Code));
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string way, string command, params string[] more) =>
        FleetCommand.RunAsync(
            new CommandContext(TimeProvider.System) { AnswerTime = TimeSpan.FromMilliseconds(way == "slow" ? 100 : 30_000) },
            [.. command.Split(' '), .. Asking[command], "--server", server.Url(way), .. more]);

    /// <summary>A file with one dead letter.</summary>
    private static class DeadLettersFile
    {
        public static string Path { get; } = Write();

        private static string Write()
        {
            var path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "fleet-exit-codes.jsonl");
            File.WriteAllText(path, $$"""{"id":"{{Run}}","job":"diag.echo"}""");
            return path;
        }
    }

    /// <summary>A file with one schedule.</summary>
    private static class SchedulesFile
    {
        public static string Path { get; } = Write();

        private static string Write()
        {
            var path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "fleet-exit-codes.yaml");
            File.WriteAllText(path, "id: nightly\njob: diag.echo\nevery: 1h\n");
            return path;
        }
    }
}
