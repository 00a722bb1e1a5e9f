namespace Fleet;

/// <summary>Submits runs and follows them. Safe for concurrent use; calls that arrive together share one commit.</summary>
public interface IFleetClient
{
    /// <summary>Stores one run; when this returns, the run will end in exactly one terminal state.</summary>
    /// <returns>The id of the run, or of the earlier run with the same idempotency key and request.</returns>
    /// <exception cref="InvalidRunException">The job is unknown, or a field is out of range.</exception>
    /// <exception cref="IdempotencyConflictException">The key belongs to another request.</exception>
    /// <exception cref="FleetBusyException">Too many runs wait to be stored.</exception>
    Task<RunId> EnqueueAsync<TArgs>(TArgs args, EnqueueOptions? options = null, CancellationToken ct = default) where TArgs : notnull;

    /// <summary>Stores many runs of one job in one commit: all, or none when one of them is refused.</summary>
    /// <returns>The ids, in the order of <paramref name="args"/>.</returns>
    /// <inheritdoc cref="EnqueueAsync{TArgs}" path="/exception"/>
    Task<IReadOnlyList<RunId>> EnqueueManyAsync<TArgs>(
        IReadOnlyList<TArgs> args, EnqueueOptions? options = null, CancellationToken ct = default) where TArgs : notnull;

    /// <summary>Calls a run off. A pending run is canceled at once; a running one is asked to stop.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="reason">Kept with the run, at most 500 characters.</param>
    /// <param name="ct">Cancels the call.</param>
    Task<CancelResult> CancelAsync(RunId runId, string? reason = null, CancellationToken ct = default);

    /// <summary>Deletes a run that has ended, with its args, output, attempts and log. Its idempotency key stays taken.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="ct">Cancels the call.</param>
    Task<DeleteResult> DeleteAsync(RunId runId, CancellationToken ct = default);

    /// <summary>Reads a run. Null when there is none with this id.</summary>
    Task<RunInfo?> GetAsync(RunId runId, CancellationToken ct = default);

    /// <summary>Waits until the run is in a terminal state.</summary>
    /// <returns>The run as it ended; null when there is none with this id.</returns>
    Task<RunInfo?> WaitAsync(RunId runId, CancellationToken ct = default);
}

/// <summary>What a cancel did.</summary>
public enum CancelResult
{
    /// <summary>There is no such run.</summary>
    NotFound = 0,

    /// <summary>It was pending and is canceled.</summary>
    Canceled = 1,

    /// <summary>It is running; its token trips and it ends as canceled when the handler stops.</summary>
    Requested = 2,

    /// <summary>It had ended before; nothing was changed.</summary>
    AlreadyEnded = 3,
}

/// <summary>What a deletion did.</summary>
public enum DeleteResult
{
    /// <summary>There is no such run, or it was deleted before.</summary>
    NotFound = 0,

    /// <summary>It is deleted.</summary>
    Deleted = 1,

    /// <summary>It is waiting or running; nothing was changed. Cancel it first.</summary>
    NotEnded = 2,
}

/// <summary>A run as it stands in the database.</summary>
public sealed record RunInfo
{
    /// <summary>The id.</summary>
    public required RunId Id { get; init; }

    /// <summary>The stable name of the job.</summary>
    public required string Job { get; init; }

    /// <summary>The lane.</summary>
    public required string Lane { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required RunState State { get; init; }

    /// <summary>The number of the latest try; 0 before the first.</summary>
    public required int Attempt { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is (or was) to start.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When its latest attempt started; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null until then.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The message of the latest error, or why it was canceled.</summary>
    public string? Error { get; init; }

    /// <summary>The args as JSON text.</summary>
    public required string ArgsJson { get; init; }

    /// <summary>The output as JSON text; null when there is none.</summary>
    public string? OutputJson { get; init; }

    /// <summary>The tags that the caller gave the run.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>True in a terminal state.</summary>
    public bool HasEnded => State is RunState.Succeeded or RunState.Failed or RunState.Canceled;
}
