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
        var views = await db.Views.AsNoTracking().OrderBy(v => v.Name).Take(MaxListed).ToListAsync(ct);
        return [.. views.Where(v => v.IsSeenBy(caller))];
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
