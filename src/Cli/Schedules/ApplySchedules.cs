using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Bulk;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet apply -f</c> puts the schedules that files declare; <c>fleet diff -f</c> shows what that would change.</summary>
public static class ApplySchedules
{
    private static readonly Option<string> Source = new("-f", "--file")
    {
        Description = "A YAML file, a folder of YAML files, or - for standard input.",
        HelpName = "PATH",
        Required = true,
    };

    private static readonly Option<bool> Prune = new("--prune")
    {
        Description = "Delete the schedules with the label of --label that no file declares.",
    };
    private static readonly Option<string> Label = new("--label")
    {
        Description = "Which schedules --prune may delete.",
        HelpName = "NAME=VALUE",
    };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only show what would change." };

    public static Command ApplyCommand(CommandContext cli)
    {
        var command = new Command("apply", "Create and update the schedules that YAML files declare.")
        {
            Source, Prune, Label, DryRun, cli.Confirm.YesOption, cli.Confirm.ExpectOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            await RunAsync(cli, parsed, parsed.GetValue(DryRun), ct);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command DiffCommand(CommandContext cli)
    {
        var command = new Command("diff", "Show what 'apply' would change. Exit code 1 if there is a difference.") { Source, Prune, Label };
        command.SetAction(async (parsed, ct) =>
            (int)(await RunAsync(cli, parsed, isDryRun: true, ct) == 0 ? ExitCode.Ok : ExitCode.Failure));
        return command;
    }

    /// <returns>How many schedules differ from what is declared.</returns>
    private static async Task<int> RunAsync(CommandContext cli, ParseResult parsed, bool isDryRun, CancellationToken ct)
    {
        var label = ReadLabel(parsed);
        var declared = ScheduleFiles.Read(parsed.GetRequiredValue(Source));
        var output = cli.Output(parsed);
        using var api = cli.Connect(parsed);
        var existing = api.Items(await api.GetAsync("schedules", ct)).EnumerateArray()
            .ToDictionary(s => s.GetProperty("id").GetString()!, StringComparer.Ordinal);

        // Everything is checked before anything is put.
        var changes = new List<Change>();
        using (var progress = new Progress("Checking", cli.Time))
        {
            foreach (var schedule in declared)
            {
                changes.Add(await TryAsync(api, schedule, existing, progress, ct));
                progress.Report(changes.Count, declared.Count);
            }
        }

        if (parsed.GetValue(Prune))
        {
            changes.AddRange(existing.Values
                .Where(s => s.GetProperty("labels").TryGetProperty(label.Name, out var value) && value.GetString() == label.Value)
                .ExceptBy(declared.Select(d => d.Id), s => s.GetProperty("id").GetString()!, StringComparer.Ordinal)
                .Select(s => new Change(s.GetProperty("id").GetString()!, Deleted, null, [], s)));
        }

        if (!isDryRun)
            Confirm(cli, parsed, changes);
        List<Change> done = [];
        try
        {
            using var progress = new Progress("Applying", cli.Time);
            foreach (var change in changes)
            {
                if (!isDryRun)
                    await DoAsync(api, change, ct);
                done.Add(change);
                progress.Report(done.Count, changes.Count);
            }
        }
        catch (CommandFailedException e) when (done.Exists(c => c.What != Unchanged))
        {
            // A schedule that passed its check a moment ago: it was changed meanwhile, or the server went away.
            Print(output, done, isDryRun);
            throw new CommandFailedException(e.Message, ExitCode.Partial);
        }

        Print(output, changes, isDryRun);
        return changes.Count(c => c.What != Unchanged);
    }

    private const string Unchanged = "unchanged";
    private const string Deleted = "deleted";
    private const int MaxNamed = 3;

    /// <summary>What is deleted is asked for; what is put is what the files say.</summary>
    private static void Confirm(CommandContext cli, ParseResult parsed, List<Change> changes)
    {
        cli.Confirm.Expect(parsed, changes.Count(c => c.What != Unchanged));
        string[] deleted = [.. changes.Where(c => c.What == Deleted).Select(c => c.Id)];
        if (deleted.Length == 0)
            return;
        var names = string.Join(", ", deleted.Take(MaxNamed)) + (deleted.Length > MaxNamed ? ", …" : "");
        cli.Confirm.Ask(parsed, $"Delete {deleted.Length} schedule(s), with their planned runs: {names}", deleted.Length);
    }

    private static (string Name, string Value) ReadLabel(ParseResult parsed)
    {
        var text = parsed.GetValue(Label);
        if (parsed.GetValue(Prune) != text is not null)
            throw new UsageException("--prune and --label go together: --prune deletes schedules with that label only.");
        return text?.Split('=', 2) switch
        {
            null => ("", ""),
            [{ Length: > 0 } name, var value] => (name, value),
            _ => throw new UsageException($"--label: '{text}' is not allowed; allowed is NAME=VALUE."),
        };
    }

    private static async Task<Change> TryAsync(FleetApi api, DeclaredSchedule schedule, Dictionary<string, JsonElement> existing,
        Progress progress, CancellationToken ct)
    {
        var body = Encoding.UTF8.GetBytes(schedule.Body.ToJsonString());
        JsonElement after;
        try
        {
            var version = existing.TryGetValue(schedule.Id, out var stored) ? stored.GetProperty("version").GetString() : null;
            after = await api.PutAsync(GetSchedules.Path(schedule.Id) + "?dryRun=true", body, ct, version);
        }
        catch (CommandFailedException e) when (e is not ServerUnreachableException)
        {
            throw new CommandFailedException($"{schedule.Place}: {schedule.Id}: {e.Message}", e.Code);
        }

        var warnings = api.Read(after, ApiJson.Default.ScheduleView).Warnings;
        if (warnings.Count > 0)
            progress.Clear();
        FireTimes.Warn(warnings, $"{schedule.Place}: {schedule.Id}");
        if (!existing.TryGetValue(schedule.Id, out var before))
        {
            return new Change(
                schedule.Id, "created", body, [.. ScheduleFields.Differences(JsonElement.Parse("{}"), after)], Before: null);
        }

        string[] differences = [.. ScheduleFields.Differences(before, after)];
        return new Change(schedule.Id, differences.Length == 0 ? Unchanged : "changed", body, differences, before);
    }

    /// <summary>Changes the version that was compared, and no other.</summary>
    private static async Task DoAsync(FleetApi api, Change change, CancellationToken ct)
    {
        var version = change.Before?.GetProperty("version").GetString();
        try
        {
            if (change is { What: not Unchanged, Body: { } body })
                await api.PutAsync(GetSchedules.Path(change.Id), body, ct, version);
            else if (change.What != Unchanged)
                await api.DeleteAsync(GetSchedules.Path(change.Id), ct, version!);
        }
        catch (CommandFailedException e)
        {
            var differences = change.Before is { } before && e is ChangedMeanwhileException { Current: { } current }
                ? string.Join("; ", ScheduleFields.Differences(before, current))
                : "";
            throw new CommandFailedException($"{change.Id}: {e.Message} {differences}".TrimEnd(), e.Code);
        }
    }

    private static void Print(Output output, IReadOnlyList<Change> changes, bool isDryRun)
    {
        if (output.Format == OutputFormat.Name)
        {
            foreach (var change in changes.Where(c => c.What != Unchanged))
                output.Line(change.Id);
            return;
        }

        var json = new JsonArray([.. changes.Select(c => new JsonObject
        {
            ["id"] = c.Id,
            ["change"] = c.What,
            ["differences"] = new JsonArray([.. c.Differences.Select(d => JsonValue.Create(d))]),
            ["dryRun"] = isDryRun,
        })]);
        output.Answer(json.ToElement(), "", () =>
        {
            foreach (var change in changes)
                Show(change, isDryRun);
        });
    }

    private static void Show(Change change, bool isDryRun)
    {
        Screen.Line(change.What == Unchanged || !isDryRun ? $"{change.Id} {change.What}" : $"{change.Id} would be {change.What}");
        foreach (var line in change.Differences)
            Screen.Line("  " + line);
    }

    private sealed record Change(string Id, string What, byte[]? Body, string[] Differences, JsonElement? Before);
}
