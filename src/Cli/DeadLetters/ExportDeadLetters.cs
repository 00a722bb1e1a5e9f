using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Cli.Runs;
using Fleet.Client;

namespace Fleet.Cli.DeadLetters;

/// <summary><c>fleet dead export</c> and <c>fleet dead import</c>: dead letters as JSON lines.</summary>
public static class ExportDeadLetters
{
    /// <summary>How many lines a request imports: 1,000 runs, and 16 MiB.</summary>
    private const int MaxLines = 1000, MaxCharacters = 4 * 1024 * 1024;

    /// <summary><c>fleet dead export</c>.</summary>
    public static Command ExportCommand(CommandContext cli)
    {
        var command = new Command("export", "Write dead letters as JSON lines, for 'fleet dead import' elsewhere. Secrets are left out.");
        var terms = RunTerms.AddTo(command, withState: false);
        command.SetAction(async (parsed, ct) =>
        {
            // Whatever the format is: an import reads nothing else. One that is none is refused.
            _ = cli.Output(parsed);
            using var api = cli.Connect(parsed);
            string? cursor = null;
            do
            {
                var answer = await api.GetAsync(
                    terms.Path(parsed, "dead-letters/export", basis: null, ("limit", "100"), ("cursor", cursor)), ct);
                foreach (var item in api.Items(answer).EnumerateArray())
                    Console.Out.WriteLine(Screen.JsonText(item));
                cursor = api.Read(answer, ApiJson.Default.DeadLetterExportView).Next;
            }
            while (cursor is not null);
        });
        return command;
    }

    /// <summary><c>fleet dead import</c>.</summary>
    public static Command ImportCommand(CommandContext cli)
    {
        var file = new Argument<string>("FILE") { Description = "JSON lines of 'fleet dead export'; - for standard input." };
        var command = new Command("import", "Enqueue exported dead letters; each of them makes one run, also when imported twice.")
        {
            file, cli.DryRunOption,
        };
        cli.Confirm.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            var lines = Read(parsed.GetRequiredValue(file));
            if (lines.Count == 0)
                throw new UsageException("FILE: it has no lines.");
            using var api = cli.Connect(parsed);
            // All of it is checked before any of it is enqueued.
            var total = new ImportedView();
            foreach (var part in Parts(lines))
                total = Sum(total, await SendAsync(api, part, isDryRun: true, ct));
            cli.Confirm.Expect(parsed, total.Imported);
            var isDryRun = parsed.GetValue(cli.DryRunOption);
            if (!isDryRun)
            {
                cli.Confirm.Ask(parsed, $"Enqueue {total.Imported} runs", total.Imported);
                total = new ImportedView();
                foreach (var part in Parts(lines))
                    total = Sum(total, await SendAsync(api, part, isDryRun: false, ct));
            }

            var answer = JsonSerializer.SerializeToElement(total, ApiJson.Default.ImportedView);
            cli.Output(parsed).Answer(
                answer, total.Imported.ToString(CultureInfo.InvariantCulture),
                $"{total.Imported} {(isDryRun ? "would be imported" : "imported")}, {total.Known} known already");
        });
        return command;
    }

    private static List<(int Line, JsonNode Json, int Length)> Read(string file)
    {
        var (lines, number) = (new List<(int, JsonNode, int)>(), 0);
        string text;
        try
        {
            text = file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"FILE: '{file}' cannot be read: {e.Message}");
        }

        foreach (var line in text.Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            try
            {
                var json = JsonNode.Parse(line) as JsonObject ?? throw new JsonException("a JSON object is expected");
                lines.Add((number, json, line.Length));
            }
            catch (JsonException e)
            {
                throw new UsageException($"line {number}: this is no dead letter: {e.Message}");
            }
        }

        return lines;
    }

    private static IEnumerable<List<(int Line, JsonNode Json, int Length)>> Parts(List<(int Line, JsonNode Json, int Length)> lines)
    {
        var (part, length) = (new List<(int, JsonNode, int)>(), 0);
        foreach (var line in lines)
        {
            if (part.Count == MaxLines || (part.Count > 0 && length + line.Length > MaxCharacters))
            {
                yield return part;
                (part, length) = ([], 0);
            }

            part.Add(line);
            length += line.Length;
        }

        yield return part;
    }

    private static async Task<ImportedView> SendAsync(
        FleetApi api, List<(int Line, JsonNode Json, int Length)> part, bool isDryRun, CancellationToken ct)
    {
        var body = new JsonObject { ["runs"] = new JsonArray([.. part.Select(l => l.Json.DeepClone())]) };
        try
        {
            return api.Read(
                await api.PostAsync(
                    $"dead-letters/import{CommandContext.DryRunQuery(isDryRun)}", Encoding.UTF8.GetBytes(body.ToJsonString()), ct),
                ApiJson.Default.ImportedView);
        }
        catch (CommandFailedException e) when (e.Code is ExitCode.Usage or ExitCode.Conflict)
        {
            // As people count: the line of the file in the place of the index in the request.
            var message = Index().Replace(
                e.Message,
                m => int.TryParse(m.Groups["index"].Value, CultureInfo.InvariantCulture, out var index) && index < part.Count
                    ? $"line {part[index].Line}{(m.Groups["dot"].Value.Length > 0 ? ": " : "")}"
                    : m.Value);
            throw new CommandFailedException(message, e.Code);
        }
    }

    private static ImportedView Sum(ImportedView one, ImportedView other) => new()
    {
        Imported = one.Imported + other.Imported,
        Known = one.Known + other.Known,
        Ids = [.. one.Ids, .. other.Ids],
    };

    private static System.Text.RegularExpressions.Regex Index() => new(
        @"runs\[(?<index>\d+)\](?<dot>\.?)", System.Text.RegularExpressions.RegexOptions.NonBacktracking);
}
