namespace Fleet.Client;

/// <summary>Listens to the events of a Fleet server, and connects again when the connection is lost.</summary>
public interface ILiveEvents
{
    /// <summary>The figures of the fleet and what changes in it, until the token trips.</summary>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="FleetServerException">The server refuses, or what answers is no Fleet server.</exception>
    IAsyncEnumerable<LiveEvent> ListenAsync(CancellationToken ct = default);

    /// <summary>The states of a run: the one that it has, then each change, until it has ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="FleetServerException">There is no such run, or the server refuses.</exception>
    IAsyncEnumerable<RunChangeView> FollowAsync(RunId run, CancellationToken ct = default);
}
