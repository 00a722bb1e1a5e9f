using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Operations;

/// <summary>Reads operations.</summary>
public sealed class GetOperations(IStorage storage)
{
    /// <summary>Reads one.</summary>
    /// <returns>Null when there is none.</returns>
    public async Task<Operation?> FindAsync(string id, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Operations.AsNoTracking().FirstOrDefaultAsync(o => o.Id == id, ct);
    }

    /// <summary>Reads the operations that somebody may know of, the newest first.</summary>
    /// <param name="lanes">The lanes to which they are bound; null: all.</param>
    /// <param name="state">Only those in this state; null: all.</param>
    /// <param name="before">Only those with a smaller id; null: from the newest on.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Cancels the query.</param>
    public async Task<IReadOnlyList<Operation>> ListAsync(
        IReadOnlyList<string>? lanes, OperationState? state, string? before, int limit, CancellationToken ct)
    {
        await using var db = storage.Read();
        var operations = db.Operations.AsNoTracking();
        if (state is { } wanted)
            operations = operations.Where(o => o.State == wanted);
        if (before is not null)
            operations = operations.Where(o => o.Id.CompareTo(before) < 0);
        var found = new List<Operation>();
        await foreach (var operation in operations.OrderByDescending(o => o.Id).AsAsyncEnumerable().WithCancellation(ct))
        {
            if (operation.IsSeenWithin(lanes))
                found.Add(operation);
            if (found.Count == limit)
                break;
        }

        return found;
    }
}
