using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run get ID</c>: shows one run with its attempts.</summary>
public static class GetRuns
{
    /// <summary>The argument that names a run.</summary>
    public static Argument<string> IdArgument() => new("ID") { Description = "The run's id." };

    /// <summary>Where the API keeps a run.</summary>
    public static string Path(string id) =>
        RunId.TryParse(id, out var run)
            ? $"runs/{run}"
            : throw new CommandFailedException(
                $"ID: '{id}' is not the id of a run; allowed are 36 characters such as 0198c0de-7a3b-7c4d-8e5f-0123456789ab.");

    public static Command Command(CommandContext cli)
    {
        var id = IdArgument();
        var command = new Command("get", "Show a run with its attempts.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var run = await api.GetAsync(Path(parsed.GetRequiredValue(id)), ct);
            if (cli.WantsJson(parsed))
                Screen.Json(run);
            else
                Show(api.Read(run, ApiJson.Default.RunDetailView), cli.Time.GetUtcNow());
        });
        return command;
    }

    private static void Show(RunDetailView run, DateTimeOffset now)
    {
        var facts = new Table().Border(TableBorder.None).HideHeaders();
        facts.AddColumn(new TableColumn("") { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        facts.AddColumn(new TableColumn("") { Padding = new Padding(0) });

        Add("id", run.Id);
        Add("job", run.Job);
        facts.AddRow(new Text("state", Label), Screen.State(run.State));
        Add("", run.CancelRequested ? "asked to stop" : null);
        Add("cause", run.CanceledBy is { } canceler ? $"{run.CancelCause}, by {canceler}" : run.CancelCause);
        Add("lane", run.Lane);
        Add("attempt", run.MaxAttempts is { } most ? $"{run.Attempt} of {most}" : $"{run.Attempt}");
        if (run.Crashes > 0)
            Add("crashes", $"{run.Crashes}");
        Add("progress", run.Progress is { } part ? $"{part * 100:0}% {run.ProgressMessage}" : run.ProgressMessage);
        Add("created", run.EnqueuedBy is { } creator ? $"{At(run.CreatedAt)} by {creator}" : At(run.CreatedAt));
        Add("due", At(run.DueAt));
        Add("started", At(run.StartedAt));
        Add("finished", At(run.FinishedAt));
        Add("worker", run.Worker);
        Add("schedule", run.ScheduleId is null ? null : $"{run.ScheduleId}, fire time {Times.Instant(run.FireTime)}");
        Add("parent", run.ParentId);
        Add("key", run.IdempotencyKey);
        Add("tags", run.Tags is { Count: > 0 } tags ? string.Join(", ", tags) : null);
        Add("args", run.Args is { } args ? Screen.JsonText(args) : null);
        Add("output", run.Output is { } output ? Screen.JsonText(output) : null);
        Add("error", run.ErrorType is null ? run.Error : $"{run.ErrorType}: {run.Error}");
        foreach (var replay in run.Lineage)
        {
            var by = replay.FromCanceledBy is { } before ? $" by {before}" : "";
            var state = $"was {replay.FromState}{by} after attempt {replay.FromAttempt}: {replay.FromError}".TrimEnd(':', ' ');
            Add($"replay {replay.Number}", $"{Times.Instant(replay.At)} by {replay.By}, {state}");
        }

        Screen.Show(facts);
        if (run.Attempts is { Count: > 0 } attempts)
        {
            ShowAttempts(run, attempts);
            ShowStack(attempts[^1]);
        }

        string At(DateTimeOffset? at) => at is null ? "" : $"{Times.Instant(at)} ({Times.Relative(at, now)})";

        void Add(string name, string? value)
        {
            if (!string.IsNullOrWhiteSpace(value))
                facts.AddRow(new Text(name, Label), new Text(Plain.Lines(value.Trim())));
        }
    }

    private static readonly Style Label = new(Color.Grey);

    /// <summary>Where the last attempt failed; empty when nothing was thrown.</summary>
    private static void ShowStack(AttemptView attempt)
    {
        if (string.IsNullOrEmpty(attempt.Stack))
            return;
        Screen.Line("");
        Screen.Line($"Stack of attempt {attempt.Number}:");
        foreach (var line in attempt.Stack.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Screen.Line("  " + line.TrimStart());
    }

    private static void ShowAttempts(RunDetailView run, IReadOnlyList<AttemptView> attempts)
    {
        Screen.Line("");
        var table = Screen.Table("ATTEMPT", "OUTCOME", "STARTED", "TOOK", "WORKER", "ERROR");
        foreach (var attempt in attempts)
        {
            var took = attempt.EndedAt - attempt.StartedAt;
            table.AddRow(
                Screen.Cell($"{attempt.Number}"),
                attempt.Times > 1 ? Screen.Cell($"{attempt.Outcome}, {attempt.Times} times") : Screen.State(attempt.Outcome ?? "running"),
                Screen.Cell(Times.Instant(attempt.StartedAt)),
                Screen.Cell(took is { } span ? Times.Span(span) : ""),
                Screen.Cell(attempt.Worker),
                Screen.Cell(attempt.ErrorType is null ? attempt.Error : $"{attempt.ErrorType}: {attempt.Error}"));
        }

        // An attempt that simply succeeded has no row of its own: its facts are those of the run.
        if (run is { State: "succeeded", FinishedAt: { } ended, StartedAt: { } started } && attempts[^1].Number < run.Attempt)
        {
            table.AddRow(
                Screen.Cell($"{run.Attempt}"), Screen.State(run.State), Screen.Cell(Times.Instant(started)),
                Screen.Cell(Times.Span(ended - started)), Screen.Cell(run.Worker), Screen.Cell(""));
        }

        Screen.Show(table);
    }
}
