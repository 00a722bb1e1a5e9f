namespace Fleet.Core.Lanes;

/// <summary>What is done with the messages of a lane.</summary>
/// <param name="OnReady">Called per nudge. Whatever it throws brings the nudge again after a pause.</param>
/// <param name="OnSubmit">Called per run that came as a message. A <see cref="MessageRefusedException"/> parks the message; after an outage
/// (<see cref="IsOutage"/>) it comes again until it is handled; after any other error a bounded number of times, and is then
/// parked.</param>
public sealed record LaneHandlers(
    Func<IReadOnlyList<RunId>, CancellationToken, Task> OnReady, Func<SubmittedRun, CancellationToken, Task> OnSubmit)
{
    /// <summary>Called per nudge that was sent before its runs were committed; as <see cref="OnReady"/> unless set.</summary>
    public Func<IReadOnlyList<RunId>, CancellationToken, Task> OnEarly { get; init; } = OnReady;

    /// <summary>Whether an error is known to be an outage of what the handlers need. Unless set: errors of input and output, timeouts and
    /// cancellations.</summary>
    public Func<Exception, bool> IsOutage { get; init; } = static e =>
        e is ListenerPausedException or IOException or TimeoutException or OperationCanceledException;

    /// <summary>Whether so many runs may start now, before all that waits. A transport may bring an early nudge past the lane to a listener
    /// that says yes; where nobody can tell (null) it comes on the lane.</summary>
    public Func<int, bool>? HasRoom { get; init; }
}

/// <summary>A run that came as a message, from a person, a script or another language.</summary>
/// <param name="Lane">The lane it came in on: the run's lane unless it names another.</param>
/// <param name="Job">The job's name or an alias.</param>
/// <param name="Args">JSON text.</param>
/// <param name="Options">What else was asked for. A message with an id and no idempotency key has <c>msg:</c> and its id as key,
/// so that a redelivery makes no second run.</param>
/// <param name="TraceParent">W3C trace context of the sender.</param>
public sealed record SubmittedRun(string Lane, string Job, string Args, EnqueueOptions Options, string? TraceParent);

/// <summary>The listener takes nothing now, and will again: an outage of its own, whatever the message says.</summary>
/// <param name="reason">One sentence that says why.</param>
public sealed class ListenerPausedException(string reason) : Exception(reason);

/// <summary>A message that will not be accepted however often it comes.</summary>
/// <param name="reason">One sentence that names what is wrong.</param>
/// <param name="inner">The cause.</param>
public sealed class MessageRefusedException(string reason, Exception? inner = null) : Exception(reason, inner);
