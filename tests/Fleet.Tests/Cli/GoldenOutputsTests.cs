using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Fleet.Cli;
using Fleet.Cli.Dev;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Tests.Api;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Cli;

/// <summary>What each command prints, on a terminal (a pseudo-terminal of 160 columns) and into a pipe, against one server. Ids, instants,
/// spans and names of the machine are replaced. A command without a case fails the test.</summary>
public sealed partial class GoldenOutputsTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Approvals = "cli-output.approved.txt";
    private const int MaxLines = 40;
    private const int FirstLines = 8;
    private const int Columns = 160;
    private const int AtOnce = 4;
    private const int MaxTries = 3;
    private const string Nobody = "0198c0de-7a3b-7c4d-8e5f-0123456789ab";

    /// <summary>Of these the beginning is enough: other tests know the rest.</summary>
    private static readonly string[] Long = ["completion", "db script"];

    /// <summary>'run explain' says more of a run that started later than this.</summary>
    private static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(1);

    /// <summary>The commands that change nothing on the server; they see what <see cref="PrepareAsync"/> has made.</summary>
    private static readonly (string Command, Func<Fixture, string[]> Args)[] Readers =
    [
        ("dev", _ => ["-o", "json"]),
        ("status", _ => []),
        ("top", _ => ["--count", "1", "-o", "tsv"]),
        ("doctor", _ => []),
        ("version", _ => []),
        ("run list", _ => ["state:succeeded"]),
        ("run count", _ => ["--by-state"]),
        ("run get", f => [f.Failed]),
        ("run explain", f => [f.Succeeded]),
        ("run logs", f => [f.Succeeded]),
        ("run watch", f => [f.Succeeded]),
        ("dead list", _ => []),
        ("dead get", f => [f.Failed]),
        ("dead group list", _ => []),
        ("dead group get", f => [f.Group]),
        // The stack has paths of the machine.
        ("dead export", _ => ["job:nothing"]),
        ("job list", _ => []),
        ("job get", _ => ["diag.sleep"]),
        ("job schema", _ => ["diag.sleep"]),
        ("job example", _ => ["diag.sleep"]),
        ("db script", f => ["--provider", "Sqlite", "--connection", f.Database]),
        ("db status", f => ["--provider", "Sqlite", "--connection", f.Database + "x"]),
        ("broker apply", _ => ["--uri", "amqp://user:sesame@127.0.0.1:9/"]),
        ("schedule list", _ => []),
        ("schedule get", _ => ["nightly"]),
        ("schedule next", _ => ["nightly", "--from", "2035-01-01T00:00:00Z", "--count", "2"]),
        ("schedule explain", _ => ["nightly", "--at", "2026-01-01T03:00:00Z"]),
        ("schedule simulate", _ => ["--from", "2035-01-01T00:00:00Z", "--until", "2035-01-03T00:00:00Z"]),
        ("schedule diff", _ => ["nightly", "--cron", "30 3 1 1 *", "--from", "2035-01-01T00:00:00Z", "--until", "2035-01-02T00:00:00Z"]),
        ("schedule figures", _ => ["nightly"]),
        ("schedule history", _ => ["nightly"]),
        ("calendar", _ => ["--from", "2035-01-01T00:00:00Z", "--days", "2", "--zone", "Europe/Berlin"]),
        ("lane list", _ => []),
        ("lane get", _ => ["default"]),
        ("lane demand", _ => ["default"]),
        ("worker list", _ => []),
        ("worker get", f => [f.Worker]),
        ("diff", f => ["-f", f.File]),
        ("export", _ => []),
        ("view list", _ => []),
        ("view get", _ => ["broken"]),
        ("config list", _ => []),
        ("config get", _ => ["prod"]),
        ("config view", _ => []),
        ("key list", _ => []),
        ("key get", f => [f.Key]),
        ("key generate", _ => []),
        ("session list", _ => []),
        ("operation list", _ => []),
        ("operation get", f => [f.Operation]),
        ("operation watch", f => [f.Operation]),
        ("whoami", _ => []),
        ("audit", f => ["--target", f.Key]),
        ("completion", _ => ["fish"]),
        ("help exit-codes", _ => []),
    ];

    /// <summary>The others; each makes what it needs.</summary>
    private static readonly (string Command, Func<Fixture, Task<string[]>> Args)[] Changers =
    [
        ("db migrate", f => Args("--provider", "Sqlite", "--connection", f.Database)),
        ("run enqueue", _ => Args("diag.echo", "{}", "--delay", "1h")),
        ("run cancel", async f => [await f.WaitingAsync()]),
        ("run replay", async f => [await f.CanceledAsync(), await f.CanceledAsync(), Nobody, "--yes"]),
        ("run delete", async f => [await f.CanceledAsync(), "--yes"]),
        ("dead replay", async f => [await f.DeadAsync()]),
        ("dead edit", async f => [await f.DeadAsync(), "--patch", """{"word":"talk"}""", "--yes"]),
        ("dead discard", async f => [await f.DeadAsync(), "--reason", "of no use", "--yes"]),
        ("dead mute", f => Args(f.Group, "--until", "2035-01-01T00:00:00Z", "--reason", "known")),
        ("dead unmute", async f =>
        {
            await FleetCommand.RunAsync(f.Context, ["dead", "mute", f.Group, "--until-new-version"]);
            return [f.Group];
        }
        ),
        ("dead import", f => Args(f.Letters, "--yes")),
        ("schedule create", f => Args(Fixture.NewName(), "--job", "diag.echo", "--every", "1h")),
        ("schedule update", async f => [await f.ScheduleAsync(), "--cron", "0 4 * * *"]),
        ("schedule trigger", async f => [await f.ScheduleAsync()]),
        ("schedule backfill",
            async f => [await f.ScheduleAsync(), "--from", "2026-01-01T00:00:00Z", "--until", "2026-01-03T00:00:00Z"]),
        ("schedule delete", async f => [await f.ScheduleAsync(), "--yes"]),
        ("schedule pause", async f => [await f.ScheduleAsync(), "--reason", "moving"]),
        ("schedule resume", async f => [await f.ScheduleAsync()]),
        ("schedule stop", async f => [await f.ScheduleAsync()]),
        ("schedule start", async f => [await f.ScheduleAsync()]),
        ("apply", f => Args("-f", f.File)),
        ("view save", f => Args(Fixture.NewName(), "state:failed")),
        ("view delete", _ => Args("broken", "--yes", "--server", "http://127.0.0.1:9")),
        ("lane pause", f => Args(Fixture.NewName(), "--reason", "moving")),
        ("lane resume", f => Args(Fixture.NewName())),
        ("worker drain", f => Args(f.Worker, "--wait")),
        ("worker resume", f => Args(f.Worker)),
        ("key create", _ => Args("ci", "--role", "operator", "--lane", "default", "--expires", "30d")),
        ("key rotate", async f => [await f.KeyAsync(), "--overlap", "1h"]),
        ("key revoke", async f => [await f.KeyAsync(), "--reason", "leaked", "--yes"]),
        ("operation cancel", f => Args(f.Operation)),
        ("session end", async f => [await f.SessionAsync()]),
        ("config set", f => Args(Fixture.NewName(), "--server", "http://127.0.0.1:9")),
        ("config use", _ => Args("prod")),
        ("config delete", _ => Args("nobody")),
    ];

    [Fact]
    public async Task Commands_OnATerminalAndPiped_PrintTheApprovedOutput()
    {
        if (Programs.Find("script") is null)
            Assert.Skip("script is not installed (Debian: apt-get install bsdutils).");
        Assert.Equal(
            FleetCommand.All().Order(StringComparer.Ordinal),
            Readers.Select(r => r.Command).Concat(Changers.Select(c => c.Command)).Order(StringComparer.Ordinal));
        using var folder = new TempFolder();
        var fixture = await PrepareAsync(folder.Path);

        var outputs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            Readers, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (reader, _) => Keep(reader.Command, await ReadAsync(fixture, reader.Command, reader.Args(fixture))));
        foreach (var (command, args) in Changers)
            Keep(command, await RunAsync(fixture, command, () => args(fixture)));

        Approved.Check(string.Join('\n', outputs.Values), Approvals);

        void Keep(string command, string output)
        {
            lock (outputs)
                outputs[command] = output;
        }
    }

    private static Task<string[]> Args(params string[] args) => Task.FromResult(args);

    private async Task<Fixture> PrepareAsync(string folder)
    {
        var file = Path.Combine(folder, "schedules.yaml");
        await File.WriteAllTextAsync(file, "- id: applied\n  job: diag.echo\n  cron: 0 5 1 1 *\n");
        var fixture = new Fixture(api, folder, file)
        {
            Succeeded = await SucceedAsync(),
            Failed = $"{await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}""")}",
            Worker = (await api.SendAsync("GET", "/api/v1/workers")).Items[0].GetProperty("id").GetString()!,
        };
        await api.SendAsync("PUT", "/api/v1/schedules/nightly", """{"job":"diag.echo","cron":"0 3 1 1 *","zone":"Europe/Berlin"}""");
        foreach (var line in new[] { "config set prod --server http://127.0.0.1:9", "view save broken state:failed since:1d" })
            Assert.Equal(0, (await FleetCommand.RunAsync(fixture.Context, line.Split(' '))).ExitCode);
        fixture.Operation = await fixture.OperationAsync();
        fixture.Key = await fixture.KeyAsync();
        await fixture.SessionAsync();
        await Waiting.UntilAsync(async () => await StateAsync(fixture.Failed) == "failed");
        fixture.Group = (await api.SendAsync("GET", $"/api/v1/runs/{fixture.Failed}"))["fingerprint"]!;
        await File.WriteAllTextAsync(
            fixture.Letters, """{"id":"0198c0de-7a3b-7c4d-8e5f-0123456789ab","job":"diag.echo","args":{"text":"a"}}""");
        return fixture;
    }

    /// <summary>A run that has succeeded. On a slow machine it may have started late, which 'run explain' says: then it takes
    /// another.</summary>
    private async Task<string> SucceedAsync()
    {
        while (true)
        {
            var id = $"{await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"talk"}}""")}";
            await Waiting.UntilAsync(async () => await StateAsync(id) == "succeeded");
            var run = await api.Fleet.FindAsync(RunId.TryParse(id, out var known) ? known : default);
            if (run!.StartedAt - run.DueAt < LateAfter)
                return id;
            Assert.Equal(204, (await api.SendAsync("DELETE", $"/api/v1/runs/{id}")).Status);
        }
    }

    private async Task<string> StateAsync(string run) => (await api.SendAsync("GET", $"/api/v1/runs/{run}"))["state"]!;

    /// <summary>Executes a command that changes nothing. On a slow machine a finding may come and go, such as a late heartbeat: an output
    /// that is not the approved one is asked for again.</summary>
    private static async Task<string> ReadAsync(Fixture fixture, string command, string[] args)
    {
        var file = Repository.HouseFile(Approvals);
        var approved = File.Exists(file) ? await File.ReadAllTextAsync(file) : "";
        var output = "";
        for (var left = MaxTries; left > 0; left--)
        {
            output = await RunAsync(fixture, command, () => Task.FromResult(args));
            if (approved.Contains(output, StringComparison.Ordinal))
                break;
        }

        return output;
    }

    /// <summary>Executes a command in both ways, each with arguments of its own.</summary>
    private static async Task<string> RunAsync(Fixture fixture, string command, Func<Task<string[]>> args)
    {
        var text = new StringBuilder();
        var piped = await args();
        var most = Long.Contains(command) ? FirstLines : MaxLines;
        var (exit, output, error) = await FleetCommand.RunAsync(fixture.Context, [.. command.Split(' '), .. piped]);
        text.Append(CultureInfo.InvariantCulture, $"$ fleet {command} {Normalize(fixture, string.Join(' ', piped))}\n");
        text.Append(CultureInfo.InvariantCulture, $"--- piped, exit code {exit}\n{Normalize(fixture, output, most)}");
        if (error.Length > 0)
            text.Append("--- standard error\n").Append(Normalize(fixture, error));

        string[] line = ["dotnet", typeof(DevCommand).Assembly.Location, .. command.Split(' '), .. await args()];
        var (code, screen, _) = await Programs.RunAsync(
            ["script", "-qec", $"stty cols {Columns} rows 50; exec " + string.Join(' ', line.Select(Quote)), "/dev/null"],
            fixture.Folder, fixture.Variables);
        text.Append(CultureInfo.InvariantCulture, $"--- on a terminal, exit code {code}\n");
        return text.Append(Normalize(fixture, screen, most)).ToString();
    }

    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Normalize(Fixture fixture, string text, int maxLines = MaxLines)
    {
        // A slow machine shows a bar. The sequence after it is what the runtime sends when it opens a terminal.
        text = Bar().Replace(text, "").ReplaceLineEndings("\n").Replace("\u001B[?1h\u001B=", "", StringComparison.Ordinal)
            .Replace(fixture.Folder, "FOLDER", StringComparison.Ordinal);
        text = Color().Replace(text, "‹${code}›").Replace("\u001B", "␛", StringComparison.Ordinal);
        text = Folder().Replace(text, "FOLDER");
        text = fixture.HideKeys(text);
        text = Frame().Replace(text, "  at FRAME");
        text = ProcessId().Replace(text, "${name}PID");
        text = Id().Replace(text, "ID");
        text = Print().Replace(text, "FINGERPRINT");
        text = Migration().Replace(text, "NUMBER");
        text = Instant().Replace(text, "INSTANT");
        text = Address().Replace(text, "127.0.0.1:PORT");
        text = Process().Replace(text, "PROCESS");
        text = Machine().Replace(text, "${name}MACHINE");
        text = Name().Replace(text, "NAME");
        text = Version().Replace(text, "VERSION");
        text = Clock().Replace(text, "CLOCK");
        text = Span().Replace(text, "SPAN");
        text = Free().Replace(text, "N MB");
        text = User().Replace(text, "USER (person");
        text = Spaces().Replace(text, "  ");
        var lines = text.Split('\n').Select(l => l.TrimEnd()).ToList();
        while (lines.Count > 0 && lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        var shown = lines.Take(maxLines).ToList();
        if (lines.Count > maxLines)
            shown.Add("…");
        return shown.Count == 0 ? "" : string.Join('\n', shown) + "\n";
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Id();

    [GeneratedRegex("v1:[0-9a-f]{16}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Print();

    [GeneratedRegex(@"\b\d{14}(?=_)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Migration();

    // The year 2035 stays: the cases ask for it, so what is printed of it is always the same.
    [GeneratedRegex(
        @"(?!2035)\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?|(?<!\d[T ])\d{2}:\d{2}:\d{2}(\.\d+)?",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Instant();

    [GeneratedRegex(@"127\.0\.0\.1:\d+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Address();

    [GeneratedRegex(@"[A-Za-z][\w.-]*/\d+(/\w+)?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Process();

    [GeneratedRegex(@"/[^\s""]*/fleet-test\w+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Folder();

    [GeneratedRegex(@"^ +at .+( *\n +at .+)*", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Frame();

    [GeneratedRegex(@"(?<name>process(\t| +|‹0›)+)\d+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProcessId();

    [GeneratedRegex(@"(?<name>machine(\t| +|‹0›)+)\S+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Machine();

    [GeneratedRegex(@"\u001B\[(?<code>\d+)m", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Color();

    [GeneratedRegex(KeyText.Pattern, RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Key();

    [GeneratedRegex(@"\r\u001B\[K([^\r\n]*(?=\r\u001B\[K))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bar();

    [GeneratedRegex(@"golden-\d+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<![\d.])\d+\.\d+\.\d+(\+[0-9a-f]+)?(, commit [0-9a-f]+…?)?(?!\.?\d)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Version();

    [GeneratedRegex(@"(agrees with|is \d[\d.]* s (ahead of|behind)) that of this process", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Clock();

    [GeneratedRegex(@"(in )?(?<![\[\w])\d+(\.\d+)?( ?ms|s|m|h|d)\b( \d+[smh]\b)?( ago)?|\d+\.\d+ s\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Span();

    [GeneratedRegex(@"[\d,]+ MB", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Free();

    [GeneratedRegex(@"[\w.-]+ \(person", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex User();

    [GeneratedRegex(@"[ ]{2,}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Spaces();

    /// <summary>The server, and what was made on it.</summary>
    private sealed class Fixture(ApiFleet api, string folder, string file)
    {
        private static int _names;

        private readonly ConcurrentDictionary<string, string> _hidden = new(StringComparer.Ordinal);

        public string Folder { get; } = folder;

        public string File { get; } = file;

        public string Letters { get; } = Path.Combine(folder, "dead.jsonl");

        public string Group { get; set; } = "";

        public async Task<string> DeadAsync()
        {
            var id = await api.EnqueueAsync("""{"job":"test.scripted","args":{"word":"fail"}}""");
            await api.Fleet.WaitAsync(id);
            return $"{id}";
        }

        public string Database { get; } = $"Data Source={Path.Combine(folder, "own.db")}";

        public required string Succeeded { get; init; }

        public required string Failed { get; init; }

        public required string Worker { get; init; }

        /// <summary>The id of an operation that has completed.</summary>
        public string Operation { get; set; } = "";

        /// <summary>The id of a key.</summary>
        public string Key { get; set; } = "";

        /// <summary>For the process on the terminal.</summary>
        public Dictionary<string, string> Variables { get; } = new()
        {
            ["FLEET_SERVER"] = $"{api.Http.BaseAddress}",
            ["FLEET_CONFIG"] = Path.Combine(folder, "config.json"),
            ["TERM"] = "xterm",
            ["COLUMNS"] = "",
            ["NO_COLOR"] = "",
            ["TZ"] = "UTC",
        };

        /// <summary>For the command in this process.</summary>
        public CommandContext Context => new(TimeProvider.System)
        {
            Environment = name => name == "FLEET_OUTPUT" ? "tsv" : Variables.GetValueOrDefault(name),
            Confirm = new() { CanAsk = () => false },
        };

        public static string NewName() => $"golden-{Interlocked.Increment(ref _names)}";

        public async Task<string> WaitingAsync() => $"{await api.EnqueueAsync("""{"job":"diag.echo","args":{},"delay":"1h"}""")}";

        public async Task<string> CanceledAsync()
        {
            var id = await WaitingAsync();
            Assert.Equal(200, (await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel")).Status);
            return id;
        }

        /// <summary>Deletes two runs at once and answers the id of the operation.</summary>
        public async Task<string> OperationAsync()
        {
            for (var i = 0; i < 2; i++)
            {
                var id = await api.EnqueueAsync("""{"job":"diag.echo","args":{},"delay":"1h","tags":["twice"]}""");
                Assert.Equal(200, (await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel")).Status);
            }

            var (exit, text, _) = await FleetCommand.RunAsync(
                Context, "run", "delete", "--all-matching", "tag:twice", "--reason", "ordered twice", "--yes", "-o", "name");
            Assert.Equal(0, exit);
            return text.Trim();
        }

        /// <summary>Makes a key and answers its id.</summary>
        public async Task<string> KeyAsync()
        {
            var (exit, text, _) = await FleetCommand.RunAsync(Context, "key", "create", "reports", "--role", "viewer", "-o", "name");
            Assert.Equal(0, exit);
            return Hide(KeyText.Parse(text.Trim())!.Id, "KEYID");
        }

        /// <summary>Signs a person in and answers the id of the session.</summary>
        public async Task<string> SessionAsync()
        {
            var (_, session) = await api.Fleet.Services.GetRequiredService<SignIn>().ExecuteAsync(
                new Principal("Ada", ActorKind.Person, Role.Viewer), agent: "Mozilla/5.0 (X11)", Somebody.Named("Ada"),
                CancellationToken.None);
            return Hide(session.Id, "SESSIONID");
        }

        /// <summary>Replaces the texts of keys, and all ids of keys and sessions that were seen so far.</summary>
        public string HideKeys(string text)
        {
            text = GoldenOutputsTests.Key().Replace(text, key =>
            {
                Hide(KeyText.Parse(key.Value)!.Id, "KEYID");
                return "KEY";
            });
            return _hidden.Aggregate(text, (shown, id) => shown.Replace(id.Key, id.Value, StringComparison.Ordinal));
        }

        private string Hide(string id, string instead)
        {
            _hidden[id] = instead;
            return id;
        }

        public async Task<string> ScheduleAsync()
        {
            var name = NewName();
            const string Body = """{"job":"diag.echo","cron":"0 3 1 1 *"}""";
            Assert.Equal(201, (await api.SendAsync("PUT", $"/api/v1/schedules/{name}", Body)).Status);
            return name;
        }
    }
}
