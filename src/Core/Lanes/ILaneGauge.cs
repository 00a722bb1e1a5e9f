namespace Fleet.Core.Lanes;

/// <summary>Tells how full a lane is. Separate because it asks the broker about messages instead of carrying one, and may go over another
/// connection, such as a management interface.</summary>
public interface ILaneGauge
{
    /// <summary>Number of nudges that wait in the lane, as far as the transport sees. Those that workers hold are included where it can
    /// count them (a broker tells them over its management interface only). Null if nothing can be known now.</summary>
    /// <exception cref="Exception">The broker refuses the lane.</exception>
    Task<long?> CountWaitingAsync(string lane, CancellationToken ct);

    /// <summary>Number of messages that Fleet could not use and put aside. Null if it cannot be known now.</summary>
    Task<long?> CountParkedAsync(CancellationToken ct) => Task.FromResult<long?>(0);

    /// <summary>True if no message of the lane waits for somebody to take it, so a worker that is idle stays idle.</summary>
    /// <exception cref="Exception">The broker did not answer.</exception>
    Task<bool> IsDrainedAsync(string lane, CancellationToken ct);
}
