using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Lanes;

/// <summary>The wire, as Core sees it: carries nudges to lanes, holds delayed ones, tells all workers things, publishes events.
/// A message is never the truth: losing or doubling one delays or repeats a question, not a run.</summary>
public interface ILaneTransport
{
    /// <summary>False when the lanes end in this process, as in memory; then nothing is gained by giving nudges back to the
    /// queue.</summary>
    bool ReachesOtherProcesses { get; }

    /// <summary>Sends one nudge for runs that are ready.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct);

    /// <summary>Sends one nudge for runs whose commit is under way: the listener learns that it may be the first to arrive. Where a
    /// listener has room (<see cref="LaneHandlers.HasRoom"/>) it need not wait in the lane.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct);

    /// <summary>Puts nudges on the belt; each travels to its lane at its time, also when this process dies. For the leader only:
    /// what two processes put on one belt is late.</summary>
    /// <param name="term">The leader's term; with a new one, others may have used the belt meanwhile.</param>
    /// <param name="nudges">In due order.</param>
    /// <param name="ct">Cancels what has not been sent.</param>
    /// <exception cref="LanesRefusedException">Some lanes take no nudges. Those of all other lanes are on the belt.</exception>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct);

    /// <summary>Holds nudges in this process, in any order, and sends each at its time; they are lost with the process.</summary>
    void HoldReady(IReadOnlyList<DelayedNudge> nudges);

    /// <summary>Tells every worker and every scheduler. Best effort: a broker that is down is logged, not thrown.</summary>
    Task PublishControlAsync(ControlMessage message, CancellationToken ct);

    /// <summary>Publishes an event to whoever listens.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task PublishEventAsync(EventMessage message, CancellationToken ct);

    /// <summary>Sends what a consumer sent through the outbox, to where it said.</summary>
    /// <exception cref="Exception">The broker did not confirm, or the message cannot be sent.</exception>
    Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct);

    /// <summary>True when the failure is the broker's (down, unreachable), not that of the message given to it.</summary>
    bool IsOutage(Exception e);

    /// <summary>Leaves a copy of a run that failed for good where operators of the broker look. Best effort: a failure is
    /// logged, not thrown; the row is what replay works from.</summary>
    Task PublishDeadAsync(DeadRun run, CancellationToken ct);

    /// <summary>How many nudges wait in the lane, as far as the transport sees: those in the hands of workers are counted where it can
    /// (a broker tells them over its management interface only); null when nothing can be known now.</summary>
    /// <exception cref="Exception">The broker refuses the lane.</exception>
    Task<long?> CountWaitingAsync(string lane, CancellationToken ct);

    /// <summary>True when no message of the lane waits for somebody to take it: a worker that is idle stays so.</summary>
    /// <exception cref="Exception">The broker did not answer.</exception>
    Task<bool> IsDrainedAsync(string lane, CancellationToken ct);

    /// <summary>Takes the messages of a lane until the result is disposed; disposing waits for the calls under way.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="slots">How many runs the listener can hold, to size the prefetch.</param>
    /// <param name="handlers">Called per message; it is acknowledged when the call returns, and comes again when it throws.</param>
    /// <param name="ct">Cancels the set-up.</param>
    Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct);

    /// <summary>Hears control messages until the result is disposed.</summary>
    Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct);
}

/// <summary>A nudge that is to travel at its time.</summary>
public readonly record struct DelayedNudge(string Lane, RunId Id, DateTimeOffset DueAt);

/// <summary>A run that failed for good, as its copy tells it.</summary>
/// <param name="Id">The run.</param>
/// <param name="Job">The job's name.</param>
/// <param name="Lane">The lane.</param>
/// <param name="Args">JSON text.</param>
/// <param name="Attempt">The last attempt, from 1.</param>
/// <param name="Error">The message of the error.</param>
/// <param name="ErrorType">The type name of the error.</param>
/// <param name="FailedAt">When the last attempt ended.</param>
public sealed record DeadRun(
    RunId Id, string Job, string Lane, string Args, int Attempt, string Error, string ErrorType, DateTimeOffset FailedAt);

/// <summary>What all workers and schedulers are told.</summary>
/// <param name="CancelRuns">Runs that are to be stopped where they run.</param>
/// <param name="SchedulesChanged">True when the leader is to look at the schedules now.</param>
public sealed record ControlMessage(IReadOnlyList<RunId>? CancelRuns = null, bool SchedulesChanged = false);

/// <summary>An event on the wire.</summary>
/// <param name="Id">Stable over re-sends.</param>
/// <param name="Name">The stable name of the event.</param>
/// <param name="Body">JSON text.</param>
/// <param name="RunId">The run that published it.</param>
/// <param name="TraceParent">W3C trace context.</param>
public sealed record EventMessage(Guid Id, string Name, string Body, RunId? RunId, string? TraceParent);
