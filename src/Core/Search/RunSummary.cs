using System.Linq.Expressions;
using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;
namespace Fleet.Core.Search;

/// <summary>A run in a list: its row without args, output and error text, which can be long.</summary>
public sealed record RunSummary
{
    public RunId Id { get; init; }

    public string Job { get; init; } = "";

    public string Lane { get; init; } = "";

    public RunState State { get; init; }

    public int Attempt { get; init; }

    public int? MaxAttempts { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset DueAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public string? ScheduleId { get; init; }

    public DateTimeOffset? FireTime { get; init; }

    public string? ErrorType { get; init; }

    public double? Progress { get; init; }

    public string? ProgressMessage { get; init; }

    /// <summary>JSON array of strings; null for none.</summary>
    public string? Tags { get; init; }

    public WorkerId? WorkerId { get; init; }

    public int Replays { get; init; }

    public int Crashes { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    public CancelCause? CancelCause { get; init; }

    public Actor? CanceledBy { get; init; }

    public Actor? EnqueuedBy { get; init; }

    public RunId? ParentId { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>As <see cref="Run.Fingerprint"/>.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>As <see cref="Run.DiscardedAt"/>.</summary>
    public DateTimeOffset? DiscardedAt { get; init; }

    /// <summary>Read only to match a query that asks for args; otherwise null.</summary>
    internal string? Args { get; init; }

    /// <summary>Read only to match a query that asks for errors; otherwise null.</summary>
    internal string? Error { get; init; }

    /// <summary>As <see cref="Run.CanceledBecause"/>.</summary>
    public CancelCause? CanceledBecause =>
        State == RunState.Canceled || (State == RunState.Running && CancelRequestedAt is not null) ? CancelCause : null;
}

/// <summary>Which columns of a run a search reads.</summary>
public static class RunColumns
{
    private static readonly Expression<Func<Run, RunSummary>> All = r => new RunSummary
    {
        Id = r.Id,
        Job = r.Job,
        Lane = r.Lane,
        State = r.State,
        Attempt = r.Attempt,
        MaxAttempts = r.MaxAttempts,
        CreatedAt = r.CreatedAt,
        DueAt = r.DueAt,
        StartedAt = r.StartedAt,
        FinishedAt = r.FinishedAt,
        ScheduleId = r.ScheduleId,
        FireTime = r.FireTime,
        ErrorType = r.ErrorType,
        Progress = r.Progress,
        ProgressMessage = r.ProgressMessage,
        Tags = r.Tags,
        WorkerId = r.WorkerId,
        Replays = r.Replays,
        Crashes = r.Crashes,
        CancelRequestedAt = r.CancelRequestedAt,
        CancelCause = r.CancelCause,
        CanceledBy = r.CanceledBy,
        EnqueuedBy = r.EnqueuedBy,
        ParentId = r.ParentId,
        IdempotencyKey = r.IdempotencyKey,
        Fingerprint = r.Fingerprint,
        DiscardedAt = r.DiscardedAt,
        Args = r.Args,
        Error = r.Error,
    };

    private static readonly Func<Run, RunSummary> Whole = All.Compile();

    /// <summary>The columns of a list, and those that the query compares.</summary>
    internal static Expression<Func<Run, RunSummary>> Listed(RunQuery query) => Of(name => name switch
    {
        nameof(RunSummary.Args) => query.Args.Count > 0,
        nameof(RunSummary.Error) => query.Errors.Count > 0,
        _ => true,
    });

    /// <summary>The columns that the query compares, and those that tell the state.</summary>
    internal static Expression<Func<Run, RunSummary>> Compared(RunQuery query) => Of(name => name switch
    {
        nameof(RunSummary.Id) or nameof(RunSummary.State) or nameof(RunSummary.DueAt) => true,
        nameof(RunSummary.FinishedAt) or nameof(RunSummary.StartedAt) => query.Horizon is not null,
        nameof(RunSummary.CreatedAt) => query.Since is not null || query.Until is not null,
        nameof(RunSummary.Job) => query.Jobs.Count > 0 || query.Args.Count > 0,
        nameof(RunSummary.Lane) => query.Lanes.Count > 0,
        nameof(RunSummary.ScheduleId) => query.Schedules.Count > 0,
        nameof(RunSummary.IdempotencyKey) => query.Keys.Count > 0,
        nameof(RunSummary.Fingerprint) => query.Fingerprints.Count + query.WithoutFingerprints.Count > 0,
        nameof(RunSummary.DiscardedAt) => query.LeavesOutDiscarded,
        nameof(RunSummary.Tags) => query.Tags.Count > 0,
        nameof(RunSummary.Args) => query.Args.Count > 0,
        nameof(RunSummary.Error) => query.Errors.Count > 0,
        _ => false,
    });

    /// <summary>The summary of a row that was read whole.</summary>
    public static RunSummary ToSummary(Run run) => Whole(run) with { Args = null, Error = null };

    private static Expression<Func<Run, RunSummary>> Of(Func<string, bool> isRead)
    {
        var summary = (MemberInitExpression)All.Body;
        return Expression.Lambda<Func<Run, RunSummary>>(
            summary.Update(summary.NewExpression, summary.Bindings.Where(b => isRead(b.Member.Name))), All.Parameters);
    }
}
