using Fleet.Core.Storage;
using Fleet.Core.Workers;

namespace Fleet.Core.Runs;

/// <summary>What came of a claim.</summary>
public enum ClaimStatus
{
    /// <summary>The run is the worker's.</summary>
    Claimed = 0,

    /// <summary>The run has ended, is somebody else's, or does not exist: drop the nudge.</summary>
    Duplicate = 1,

    /// <summary>The nudge came before the due time.</summary>
    NotDue = 2,

    /// <summary>The worker itself was declared gone: it must take a new identity.</summary>
    WorkerGone = 3,

    /// <summary>It may run only in its turn: <see cref="TakeTurns"/> decides.</summary>
    NeedsTurn = 4,
}

/// <summary>The result of one claim.</summary>
/// <param name="Status">What came of it.</param>
/// <param name="Run">The run, when it was claimed.</param>
/// <param name="DueAt">When it is due, when it is not yet.</param>
public readonly record struct ClaimOutcome(ClaimStatus Status, ClaimedRun? Run = null, DateTimeOffset? DueAt = null)
{
    public static ClaimOutcome Duplicate { get; } = new(ClaimStatus.Duplicate);

    public static ClaimOutcome WorkerGone { get; } = new(ClaimStatus.WorkerGone);

    /// <summary>Of a run that is pending, and yet was not claimed.</summary>
    /// <param name="dueAt">When it is due.</param>
    /// <param name="takesTurns">Whether its schedule does not allow overlap.</param>
    /// <param name="now">When it was to be claimed.</param>
    /// <param name="inTurn">Whether it was its turn.</param>
    public static ClaimOutcome Left(DateTimeOffset dueAt, bool takesTurns, DateTimeOffset now, bool inTurn)
    {
        if (dueAt > now)
            return new ClaimOutcome(ClaimStatus.NotDue, DueAt: dueAt);
        // It takes turns, or is on its last chance and has to wait for another such run to end.
        return takesTurns && !inTurn
            ? new ClaimOutcome(ClaimStatus.NeedsTurn)
            : new ClaimOutcome(ClaimStatus.NotDue, DueAt: now + ClaimRuns.LastChancePause);
    }
}

/// <summary>All that a worker needs to execute a run.</summary>
public sealed record ClaimedRun
{
    public required RunId Id { get; init; }

    public required string Job { get; init; }

    public required string Lane { get; init; }

    public required string Args { get; init; }

    public required int Attempt { get; init; }

    public required int AttemptOffset { get; init; }

    public required int? MaxAttempts { get; init; }

    public required long LeaseToken { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public string? ScheduleId { get; init; }

    public DateTimeOffset? FireTime { get; init; }

    /// <summary>JSON array of strings.</summary>
    public string? Tags { get; init; }

    public string? TraceParent { get; init; }

    /// <summary>True when runs of the same schedule may wait for its end.</summary>
    public bool IsInTurn { get; init; }
}

/// <summary>Pending → Running: takes due runs for a worker, each under a fresh lease. Nudges that arrive together share one statement.</summary>
/// <remarks>The state is the lock: of two workers exactly one matches the row.</remarks>
public sealed class ClaimRuns : IAsyncDisposable
{
    /// <summary>When a run on its last chance is tried again that could not be claimed beside another such run.</summary>
    public static readonly TimeSpan LastChancePause = TimeSpan.FromSeconds(1);

    private readonly IStorage _storage;
    private readonly TakeTurns _turns;
    private readonly TimeProvider _time;
    private readonly GroupCommit<Request, ClaimOutcome> _group;

    public ClaimRuns(IStorage storage, TakeTurns turns, TimeProvider time)
    {
        _storage = storage;
        _turns = turns;
        _time = time;
        _group = new("claim", ClaimAsync, storage.JudgeBatch);
    }

    /// <summary>Claims one run. A run that has ended, or is owned by a live worker, comes back as
    /// <see cref="ClaimStatus.Duplicate"/>; that is normal.</summary>
    public async Task<ClaimOutcome> ExecuteAsync(WorkerId worker, RunId id, CancellationToken ct)
    {
        var outcome = await _group.AddAsync(new(worker, id), ct);
        return outcome.Status == ClaimStatus.NeedsTurn ? await _turns.ExecuteAsync(worker, id, ct) : outcome;
    }

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    private async Task<IReadOnlyList<ClaimOutcome>> ClaimAsync(IReadOnlyList<Request> requests, CancellationToken ct)
    {
        // In one process all requests carry the same worker, but for the moment in which it takes a new identity.
        var outcomes = new ClaimOutcome[requests.Count];
        await _storage.AutocommitAsync(
            async scope =>
            {
                foreach (var group in Enumerable.Range(0, requests.Count).GroupBy(i => requests[i].Worker))
                {
                    var indexes = group.ToArray();
                    var ids = Array.ConvertAll(indexes, i => requests[i].Id);
                    var claimed = await _storage.Statements.ClaimAsync(scope.Transaction, group.Key, ids, _time.GetUtcNow(), inTurn: false, ct);
                    for (var i = 0; i < indexes.Length; i++)
                        outcomes[indexes[i]] = claimed[i];
                }

                return true;
            },
            ct);
        return outcomes;
    }

    private readonly record struct Request(WorkerId Worker, RunId Id);
}
