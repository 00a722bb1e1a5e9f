using Fleet.Core.Actors;
using Fleet.Core.Storage;

namespace Fleet.Core.Schedules.Planning;

/// <summary>Cancels the planned occurrences of a schedule that are not due yet: Pending → Canceled. A nudge that is already on the belt
/// then finds the run canceled.</summary>
public static class RevokeOccurrences
{
    /// <returns>The number of runs that were revoked.</returns>
    public static Task<int> ExecuteAsync(
        IStorage storage, StorageSession session, string scheduleId, DateTimeOffset now, string reason, Actor by, CancellationToken ct) =>
        storage.States.RevokeAsync(session, scheduleId, now, $"Revoked: {reason}.", by, ct);
}
