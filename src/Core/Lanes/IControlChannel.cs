namespace Fleet.Core.Lanes;

/// <summary>Tells something to all workers and schedulers at once. Separate because it is a broadcast without any guarantee: everything it
/// says is also found in the database, only later.</summary>
public interface IControlChannel
{
    /// <summary>Tells every worker and every scheduler. Best effort: if the broker is down, this is logged and not thrown.</summary>
    Task PublishControlAsync(ControlMessage message, CancellationToken ct);

    /// <summary>Receives control messages until the result is disposed.</summary>
    Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct);
}

/// <summary>What all workers and schedulers are told.</summary>
/// <param name="CancelRuns">Runs that are to be stopped where they run.</param>
/// <param name="SchedulesChanged">True when the leader is to look at the schedules now.</param>
/// <param name="StandingChanged">True when workers are to read now what they may take: a lane was paused or resumed, or a worker was asked
/// to drain.</param>
/// <param name="By">Who caused it, for logs, as <c>Actor.ToRow</c> writes it.</param>
/// <param name="Fleet">Id of the fleet that it is for, set by a transport that other fleets may use. Null: this fleet.</param>
public sealed record ControlMessage(
    IReadOnlyList<RunId>? CancelRuns = null, bool SchedulesChanged = false, bool StandingChanged = false,
    string? By = null, string? Fleet = null);
