using System.Text.Json;
using Fleet.Client;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Api.Runs;

/// <summary>Rows of runs as the API shows them.</summary>
internal static class RunViews
{
    public static RunView ToView(this RunSummary run) => Fill(run, new RunView());

    /// <summary>A run with all that happened to it, its args redacted.</summary>
    public static RunDetailView ToView(this RunHistory history, SecretMembers secrets, AttemptLimit? limit = null)
    {
        var details = new RunDetailView
        {
            Args = Parse(secrets.Redact(history.Run.Args)),
            Output = Parse(history.Run.Output),
            Error = history.Run.Error,
            WorkerName = history.NameOf(history.Run.WorkerId),
            AttemptLimit = limit is { } known ? new AttemptLimitView { Max = known.Max, From = known.From.ToWord() } : null,
            AttemptsUsed = Math.Max(0, history.Run.Attempt - history.Run.AttemptOffset),
            Attempts = [.. history.Attempts.Select(attempt => attempt.ToView(history.NameOf(attempt.WorkerId)))],
            DiscardedBy = history.Run.DiscardedBy?.ToView(),
            DiscardReason = history.Run.DiscardReason,
            Lineage = [.. history.Replays.Select(replay => replay.ToView(secrets))],
        };
        return Fill(RunColumns.ToSummary(history.Run), details);
    }

    public static LogLineView ToView(this RunLogLine line) =>
        new() { Id = line.Id, Attempt = line.Attempt, At = line.At, Level = line.Level.ToWord(), Message = line.Message };

    private static string? NameOf(this RunHistory history, WorkerId? worker) =>
        worker is { } id ? history.WorkerNames.GetValueOrDefault(id) : null;

    private static AttemptView ToView(this Attempt attempt, string? workerName) => new()
    {
        Number = attempt.Number,
        Outcome = attempt.Outcome.ToWord(),
        Worker = attempt.WorkerId?.ToString(),
        WorkerName = workerName,
        StartedAt = attempt.StartedAt,
        EndedAt = attempt.EndedAt,
        ErrorType = attempt.ErrorType,
        Error = attempt.Error,
        Stack = attempt.Stack,
        Times = attempt.Times,
        Verdict = attempt.Verdict?.ToWord(),
        MaxAttempts = attempt.MaxAttempts,
        MaxAttemptsFrom = attempt.MaxAttemptsFrom?.ToWord(),
    };

    private static ReplayView ToView(this Replay replay, SecretMembers secrets) => new()
    {
        Number = replay.Number,
        At = replay.At,
        By = replay.By.ToView(),
        FromState = replay.FromState.ToWord(),
        FromAttempt = replay.FromAttempt,
        FromError = replay.FromError,
        FromCanceledBy = replay.FromCanceledBy?.ToView(),
        FromFinishedAt = replay.FromFinishedAt,
        FromArgs = replay.FromArgs is { } args ? Parse(secrets.Redact(args)) : null,
    };

    public static ScannedView ToView(this Scanned scanned) =>
        new() { BackTo = scanned.BackTo, Rows = scanned.Rows, Complete = scanned.Complete };

    private static T Fill<T>(RunSummary run, T view) where T : RunView => (T)(view with
    {
        Id = run.Id.ToString(),
        Job = run.Job,
        Lane = run.Lane,
        State = run.State.ToWord(),
        Attempt = run.Attempt,
        MaxAttempts = run.MaxAttempts,
        CreatedAt = run.CreatedAt,
        DueAt = run.DueAt,
        StartedAt = run.StartedAt,
        FinishedAt = run.FinishedAt,
        ScheduleId = run.ScheduleId,
        FireTime = run.FireTime,
        ErrorType = run.ErrorType,
        Progress = run.Progress,
        ProgressMessage = run.ProgressMessage,
        Tags = GetRuns.ReadTags(run.Tags),
        Worker = run.WorkerId?.ToString(),
        Replays = run.Replays,
        Crashes = run.Crashes,
        CancelRequested = run is { State: RunState.Running, CancelRequestedAt: not null },
        CancelCause = run.CanceledBecause?.ToWord(),
        CanceledBy = run.CanceledBecause is null ? null : run.CanceledBy?.ToView(),
        EnqueuedBy = run.EnqueuedBy?.ToView(),
        ParentId = run.ParentId?.ToString(),
        IdempotencyKey = run.IdempotencyKey,
        Fingerprint = run.Fingerprint,
        DiscardedAt = run.DiscardedAt,
    });

    private static JsonElement? Parse(string? json) => json is null ? null : StoredJson.Read(json);
}
