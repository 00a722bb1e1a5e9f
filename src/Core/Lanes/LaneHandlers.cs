namespace Fleet.Core.Lanes;

/// <summary>The handlers of a lane's messages.</summary>
/// <param name="OnReady">Called per nudge. If it throws, the nudge is delivered again after a pause.</param>
/// <param name="OnSubmit">Called per run that was submitted as a message. A <see cref="MessageRefusedException"/> parks the message. After
/// an outage (<see cref="IsOutage"/>) it is delivered again until it is handled. After any other error it is delivered again a limited
/// number of times, then parked.</param>
public sealed record LaneHandlers(
    Func<IReadOnlyList<RunId>, CancellationToken, Task> OnReady, Func<SubmittedRun, CancellationToken, Task> OnSubmit)
{
    /// <summary>Called per nudge that was sent before its runs were committed. Default: <see cref="OnReady"/>.</summary>
    public Func<IReadOnlyList<RunId>, CancellationToken, Task> OnEarly { get; init; } = OnReady;

    /// <summary>True if an error is a known outage of something that the handlers need. Default: I/O errors, timeouts and
    /// cancellations.</summary>
    public Func<Exception, bool> IsOutage { get; init; } = static e =>
        e is ListenerPausedException or IOException or TimeoutException or OperationCanceledException;

    /// <summary>Returns whether this many runs can start now, ahead of all waiting runs. If true, the transport may deliver an early nudge
    /// directly instead of through the lane. Null: unknown, so early nudges go through the lane.</summary>
    public Func<int, bool>? HasRoom { get; init; }
}

/// <summary>A run that was submitted as a message by a person, a script or another language.</summary>
/// <param name="Lane">The lane of the message; also the run's lane unless the message names another.</param>
/// <param name="Job">The job's name or an alias.</param>
/// <param name="Args">JSON text.</param>
/// <param name="Options">The other options. If a message has an id and no idempotency key, its key is <c>msg:</c> plus the id, so that a
/// redelivery creates no second run.</param>
/// <param name="TraceParent">W3C trace context of the sender.</param>
public sealed record SubmittedRun(string Lane, string Job, string Args, EnqueueOptions Options, string? TraceParent);

/// <summary>The listener accepts nothing for now. It counts as an outage, whatever the message says.</summary>
/// <param name="reason">The reason, in one sentence.</param>
public sealed class ListenerPausedException(string reason) : Exception(reason);

/// <summary>The message will never be accepted, so it is not delivered again.</summary>
/// <param name="reason">The problem, in one sentence.</param>
/// <param name="inner">The cause.</param>
public sealed class MessageRefusedException(string reason, Exception? inner = null) : Exception(reason, inner);
