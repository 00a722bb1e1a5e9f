using System.Text.Json;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Api.Runs;

/// <summary>A run as the API shows it.</summary>
public record RunView
{
    public required RunId Id { get; init; }
    public required string Job { get; init; }
    public required string Lane { get; init; }
    public required RunState State { get; init; }
    public required int Attempt { get; init; }
    public int? MaxAttempts { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset DueAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public string? ScheduleId { get; init; }
    public DateTimeOffset? FireTime { get; init; }
    public JsonElement? Args { get; init; }
    public JsonElement? Output { get; init; }
    public string? Error { get; init; }
    public string? ErrorType { get; init; }
    public double? Progress { get; init; }
    public string? ProgressMessage { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public string? Worker { get; init; }
    public int Replays { get; init; }
    public int Crashes { get; init; }
    public bool CancelRequested { get; init; }

    /// <summary>Why a canceled run was canceled, or a running run was asked to stop.</summary>
    public CancelCause? CancelCause { get; init; }

    public RunId? ParentId { get; init; }
    public string? IdempotencyKey { get; init; }

    public static RunView From(Run run) => Fill(run, new RunView
    {
        Id = run.Id,
        Job = run.Job,
        Lane = run.Lane,
        State = run.State,
        Attempt = run.Attempt,
        CreatedAt = run.CreatedAt,
        DueAt = run.DueAt,
    });

    /// <summary>Adds what is not required.</summary>
    protected static T Fill<T>(Run run, T view) where T : RunView => (T)(view with
    {
        MaxAttempts = run.MaxAttempts,
        StartedAt = run.StartedAt,
        FinishedAt = run.FinishedAt,
        ScheduleId = run.ScheduleId,
        FireTime = run.FireTime,
        Args = Parse(run.Args),
        Output = Parse(run.Output),
        Error = run.Error,
        ErrorType = run.ErrorType,
        Progress = run.Progress,
        ProgressMessage = run.ProgressMessage,
        Tags = GetRuns.ReadTags(run.Tags),
        Worker = run.WorkerId?.ToString(),
        Replays = run.Replays,
        Crashes = run.Crashes,
        CancelRequested = run is { State: RunState.Running, CancelRequestedAt: not null },
        CancelCause = run.CanceledBecause,
        ParentId = run.ParentId,
        IdempotencyKey = run.IdempotencyKey,
    });

    private static JsonElement? Parse(string? json) => json is null ? null : StoredJson.Read(json);
}

/// <summary>A run with all that happened to it.</summary>
public sealed record RunDetailView : RunView
{
    public required IReadOnlyList<AttemptView> Attempts { get; init; }
    public required IReadOnlyList<ReplayView> Lineage { get; init; }

    public static RunDetailView From(Run run, IEnumerable<Attempt> attempts, IEnumerable<Replay> replays) => Fill(run, new RunDetailView
    {
        Id = run.Id,
        Job = run.Job,
        Lane = run.Lane,
        State = run.State,
        Attempt = run.Attempt,
        CreatedAt = run.CreatedAt,
        DueAt = run.DueAt,
        Attempts = [.. attempts.Select(a => new AttemptView(
            a.Number, a.Outcome, a.WorkerId?.ToString(), a.StartedAt, a.EndedAt, a.ErrorType, a.Error, a.Stack, a.Times))],
        Lineage = [.. replays.Select(r => new ReplayView(r.Number, r.At, r.By, r.FromState, r.FromAttempt, r.FromError, r.FromFinishedAt))],
    });
}

/// <summary>An attempt that did not simply succeed at once.</summary>
/// <param name="Times">How many attempts in a row ended so; more than 1 where they share a row because none of them counts.</param>
public sealed record AttemptView(
    int Number, AttemptOutcome Outcome, string? Worker, DateTimeOffset? StartedAt, DateTimeOffset EndedAt, string? ErrorType, string? Error,
    string? Stack, int Times);

/// <summary>A replay: what the run was before it.</summary>
public sealed record ReplayView(
    int Number, DateTimeOffset At, string By, RunState FromState, int FromAttempt, string? FromError, DateTimeOffset? FromFinishedAt);
