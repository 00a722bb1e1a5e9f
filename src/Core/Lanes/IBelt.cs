namespace Fleet.Core.Lanes;

/// <summary>Keeps nudges until their due time. Separate because delaying is what brokers differ in most: one that cannot delay messages
/// gets a belt in memory and keeps all other roles.</summary>
public interface IBelt
{
    /// <summary>Puts nudges on the belt. Each travels to its lane at its time, even if this process dies. For the leader only: what two
    /// processes put on one belt is late.</summary>
    /// <param name="term">Number of the leader's term; with a new one, others may have used the belt meanwhile.</param>
    /// <param name="nudges">In due order.</param>
    /// <param name="ct">Cancels what has not been sent.</param>
    /// <exception cref="LanesRefusedException">Some lanes take no nudges. Those of all other lanes are on the belt.</exception>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct);

    /// <summary>Holds nudges in this process, in any order, and sends each at its time. They are lost with the process.</summary>
    void HoldReady(IReadOnlyList<DelayedNudge> nudges);
}

/// <summary>A nudge that is to travel at its time.</summary>
public readonly record struct DelayedNudge(string Lane, RunId Id, DateTimeOffset DueAt);
