namespace Fleet.Core.Lanes;

/// <summary>Delivers the messages of a lane to a worker. Separate because only workers listen, and because a source may also be something
/// that Fleet sends nothing to, such as a log of events.</summary>
public interface ILaneSource
{
    /// <summary>Takes the messages of a lane until the result is disposed; disposing waits for the calls under way.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="slots">Number of runs that the listener can hold, to size the prefetch.</param>
    /// <param name="handlers">Called per message. It is acknowledged when the call returns, and comes again when it throws.</param>
    /// <param name="ct">Cancels the set-up.</param>
    Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct);
}
