namespace Fleet.Core.Lanes;

/// <summary>The wire, as Core sees it: carries nudges to lanes, holds delayed ones, tells all workers things, publishes events.
/// A message is never the truth: losing or doubling one delays or repeats a question, not a run.</summary>
public interface ILaneTransport
{
    /// <summary>False when the lanes end in this process, as in memory; then nothing is gained by giving nudges back to the queue.</summary>
    bool ReachesOtherProcesses { get; }

    /// <summary>Sends one nudge for runs that are ready.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct);

    /// <summary>Puts nudges on the belt; each travels to its lane at its time. Given in due order.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendReadyAtAsync(IReadOnlyList<DelayedNudge> nudges, CancellationToken ct);

    /// <summary>Tells every worker. Best effort: a broker that is down is logged, not thrown.</summary>
    Task PublishControlAsync(ControlMessage message, CancellationToken ct);

    /// <summary>Publishes an event to whoever listens.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task PublishEventAsync(EventMessage message, CancellationToken ct);

    /// <summary>How many nudges wait in the lane or are in the hands of this process; null when that cannot be known now.</summary>
    Task<long?> CountWaitingAsync(string lane, CancellationToken ct);

    /// <summary>Takes nudges of a lane until the result is disposed; disposing waits for the calls under way.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="slots">How many runs the listener can hold, to size the prefetch.</param>
    /// <param name="onReady">Called per nudge; the nudge is acknowledged when it returns and comes again when it throws.</param>
    /// <param name="ct">Cancels the set-up.</param>
    Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, Func<IReadOnlyList<RunId>, CancellationToken, Task> onReady, CancellationToken ct);

    /// <summary>Hears control messages until the result is disposed.</summary>
    Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct);
}

/// <summary>A nudge that is to travel at its time.</summary>
public readonly record struct DelayedNudge(string Lane, RunId Id, DateTimeOffset DueAt);

/// <summary>What all workers are told.</summary>
/// <param name="CancelRuns">Runs that are to be stopped where they run.</param>
public sealed record ControlMessage(IReadOnlyList<RunId>? CancelRuns = null);

/// <summary>An event on the wire.</summary>
/// <param name="Id">Stable over re-sends.</param>
/// <param name="Name">The stable name of the event.</param>
/// <param name="Body">JSON text.</param>
/// <param name="RunId">The run that published it.</param>
/// <param name="TraceParent">W3C trace context.</param>
public sealed record EventMessage(Guid Id, string Name, string Body, RunId? RunId, string? TraceParent);
