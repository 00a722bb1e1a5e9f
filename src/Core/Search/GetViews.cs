using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Search;

/// <summary>Reads saved views: the shared ones and those of the caller.</summary>
public sealed class GetViews(IStorage storage)
{
    /// <summary>At most so many are listed.</summary>
    public const int MaxListed = 500;

    /// <summary>Ordered by name.</summary>
    public async Task<IReadOnlyList<SavedView>> ListAsync(Actor caller, CancellationToken ct)
    {
        await using var db = storage.Read();
        // Who owns a view is not for SQL to tell. Views of others that the caller does not see do not count.
        var seen = new List<SavedView>();
        await foreach (var view in db.Views.AsNoTracking().OrderBy(v => v.Name).AsAsyncEnumerable().WithCancellation(ct))
        {
            if (view.IsSeenBy(caller))
                seen.Add(view);
            if (seen.Count == MaxListed)
                break;
        }

        return seen;
    }

    /// <summary>Null when there is none, or it is somebody else's own.</summary>
    public async Task<SavedView?> FindAsync(string name, Actor caller, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Views.AsNoTracking().FirstOrDefaultAsync(v => v.Name == name, ct) is { } view && view.IsSeenBy(caller)
            ? view
            : null;
    }
}
