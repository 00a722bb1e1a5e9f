namespace Fleet.Core.Lanes;

/// <summary>Sends nudges to lanes. Separate from <see cref="IBelt"/> because a nudge that is due needs no order and no leader, and from
/// <see cref="ILaneSource"/> because whoever accepts runs need not execute any.</summary>
public interface INudgeSender
{
    /// <summary>Sends one nudge for runs that are ready.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct);

    /// <summary>Sends one nudge for runs whose commit is under way; the listener learns that the row may not be there yet. If a listener
    /// has room (<see cref="LaneHandlers.HasRoom"/>), the nudge need not wait in the lane.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct);
}
