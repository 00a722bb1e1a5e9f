using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Operations;

/// <summary>Stops an operation. The runs that had their turn stay changed.</summary>
public sealed class CancelOperations(IStorage storage, TimeProvider time)
{
    /// <param name="id">The operation.</param>
    /// <param name="reason">The reason, in words for people.</param>
    /// <param name="by">Who stops it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The operation as it is now, and whether this call stopped it; null when there is none that the actor may see.</returns>
    public Task<(Operation Operation, bool IsStopped)?> ExecuteAsync(string id, string? reason, Actor by, CancellationToken ct) =>
        storage.WriteRetryingAsync<(Operation, bool)?>(
            async session =>
            {
                var now = time.GetUtcNow();
                // The lock of the row: a batch that is under way is finished before or rolled back.
                var stopped = await session.Db.Operations.Where(o => o.Id == id && o.State == OperationState.Running).ExecuteUpdateAsync(
                    set => set.SetProperty(o => o.State, OperationState.Canceled).SetProperty(o => o.FinishedAt, now)
                        .SetProperty(o => o.CanceledBy, by),
                    ct);
                if (await session.Db.Operations.AsNoTracking().FirstOrDefaultAsync(o => o.Id == id, ct) is not { } operation)
                    return null;
                if (stopped == 0)
                    return (operation, false);
                Audit(session, operation, now, by, reason);
                await session.Db.SaveChangesAsync(ct);
                return (operation, true);
            },
            ct);

    /// <summary>Writes into the audit that an operation was stopped.</summary>
    internal static void Audit(StorageSession session, Operation operation, DateTimeOffset now, Actor by, string? reason) => session.Audit(
        now, by, "operation.cancel", operation.Id, new AuditedState(OperationState.Running.ToWord()),
        new AuditedState(OperationState.Canceled.ToWord(), operation.Done), reason);

    /// <summary>What the audit says of an operation that was stopped.</summary>
    private sealed record AuditedState(string State, long? Done = null);
}
