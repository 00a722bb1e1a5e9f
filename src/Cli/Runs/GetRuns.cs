using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run get ID…</c>: shows runs with their attempts.</summary>
public static class GetRuns
{
    private static readonly Listing<AttemptView> Attempts = new(attempt => $"{attempt.Number}")
    {
        { "ATTEMPT", attempt => $"{attempt.Number}" },
        { "OUTCOME", OutcomeOf, ColumnKind.State },
        { "STARTED", attempt => Times.Instant(attempt.StartedAt), ColumnKind.Id },
        { "TOOK", attempt => attempt.EndedAt - attempt.StartedAt is { } took ? Times.Span(took) : "" },
        { "WORKER", attempt => attempt.WorkerName ?? attempt.Worker },
        { "ERROR", attempt => attempt.ErrorType is null ? attempt.Error : $"{attempt.ErrorType}: {attempt.Error}" },
    };

    /// <summary>The argument that names a run.</summary>
    public static Argument<string> IdArgument() => new("ID") { Description = "The run's id." };

    /// <summary>Where the API keeps a run.</summary>
    public static string Path(string id, string collection = "runs") =>
        RunId.TryParse(id, out var run)
            ? $"{collection}/{run}"
            : throw new UsageException(
                $"ID: '{id}' is not the id of a run; allowed are 36 characters such as 0198c0de-7a3b-7c4d-8e5f-0123456789ab.");

    public static Command Command(CommandContext cli)
    {
        var ids = EachRun.IdArgument();
        var command = new Command("get", "Show runs with their attempts.") { ids };
        command.SetAction((parsed, ct) => EachRun.DoAsync(
            cli, parsed, ids,
            async (api, _, path) =>
            {
                var run = await api.GetAsync(path, ct);
                var output = cli.Output(parsed);
                var shown = api.Read(run, ApiJson.Default.RunDetailView);
                var waits = output.IsText && shown.State == "pending" ? await ExplainRuns.WaitsAsync(api, shown.Id, ct) : null;
                return new DoneRun(run, () => Show(shown, cli.Time.GetUtcNow(), output, waits));
            },
            between: ""));
        return command;
    }

    /// <summary>The attempt and the limit, with whoever set it: <c>1 of 4 (set by the job)</c>.</summary>
    private static string AttemptOf(RunDetailView run) => run.AttemptLimit is { } limit
        ? $"{run.Attempt}{(run.AttemptsUsed == run.Attempt ? "" : $", {run.AttemptsUsed} counted")} of {limit.Max} ({limit.From switch
        {
            "run" => "set by the caller",
            "job" => "set by the job",
            "jobSetting" => "set for the job in the settings of the workers",
            _ => "set in the settings of the workers",
        }})"
        : run.MaxAttempts is { } most ? $"{run.Attempt} of {most}" : $"{run.Attempt}";

    internal static void Show(RunDetailView run, DateTimeOffset now, Output output, string? waits = null)
    {
        var facts = new Facts();
        Add("id", run.Id);
        Add("job", run.Job);
        facts.AddState("state", run.State);
        Add("waits", waits);
        Add("stop", run.CancelRequested ? "asked to stop" : null);
        Add("cause", run.CanceledBy is { } canceler ? $"{run.CancelCause}, by {canceler}" : run.CancelCause);
        Add("lane", run.Lane);
        Add("attempt", AttemptOf(run));
        if (run.Crashes > 0)
            Add("crashes", $"{run.Crashes}");
        Add("progress", run.Progress is { } part ? $"{part * 100:0}% {run.ProgressMessage}" : run.ProgressMessage);
        Add("created", run.EnqueuedBy is { } creator ? $"{At(run.CreatedAt)} by {creator}" : At(run.CreatedAt));
        Add("due", At(run.DueAt));
        Add("started", At(run.StartedAt));
        Add("finished", At(run.FinishedAt));
        Add("worker", run.WorkerName ?? run.Worker);
        Add("schedule", run.ScheduleId is null ? null : $"{run.ScheduleId}, fire time {Times.Instant(run.FireTime)}");
        Add("parent", run.ParentId);
        Add("key", run.IdempotencyKey);
        Add("tags", run.Tags is { Count: > 0 } tags ? string.Join(", ", tags) : null);
        Add("args", run.Args is { } args ? Screen.JsonText(args) : null);
        Add("output", run.Output is { } result ? Screen.JsonText(result) : null);
        Add("error", run.ErrorType is null ? run.Error : $"{run.ErrorType}: {run.Error}");
        Add("fingerprint", run.Fingerprint);
        Add("discarded", run.DiscardedAt is null ? null : $"{At(run.DiscardedAt)} by {run.DiscardedBy}: {run.DiscardReason}");
        foreach (var replay in run.Lineage)
        {
            var by = replay.FromCanceledBy is { } before ? $" by {before}" : "";
            var state = $"was {replay.FromState}{by} after attempt {replay.FromAttempt}: {replay.FromError}".TrimEnd(':', ' ');
            Add($"replay {replay.Number}", $"{Times.Instant(replay.At)} by {replay.By}, {state}");
        }

        output.Facts(facts);
        if (run.Attempts is { Count: > 0 } attempts)
        {
            ShowAttempts(run, attempts, output);
            ShowStack(attempts[^1]);
        }

        string At(DateTimeOffset? at) => at is null ? "" : $"{Times.Instant(at)} ({Times.Relative(at, now)})";

        void Add(string name, string? value) => facts.Add(name, value);
    }

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

    private static void ShowAttempts(RunDetailView run, IReadOnlyList<AttemptView> attempts, Output output)
    {
        List<AttemptView> all = [.. attempts];
        // An attempt that simply succeeded has no row of its own: its facts are those of the run.
        if (run is { State: "succeeded", FinishedAt: { } ended, StartedAt: { } started } && attempts[^1].Number < run.Attempt)
        {
            all.Add(new AttemptView
            {
                Number = run.Attempt,
                Outcome = run.State,
                StartedAt = started,
                EndedAt = ended,
                Worker = run.Worker,
                WorkerName = run.WorkerName,
            });
        }

        output.Line("");
        output.Table(Attempts, all);
    }

    private static string OutcomeOf(AttemptView attempt) =>
        attempt.Times > 1 ? $"{attempt.Outcome}, {attempt.Times} times" : attempt.Outcome ?? "running";
}
