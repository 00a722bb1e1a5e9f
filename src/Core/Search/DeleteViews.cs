using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Search;

/// <summary>Deletes a saved view.</summary>
public sealed partial class DeleteViews(IStorage storage, TimeProvider time, ILogger<DeleteViews> logger)
{
    /// <param name="name">The view.</param>
    /// <param name="by">Who deletes it.</param>
    /// <param name="expected">What must be stored.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False when there is no such view, or it is somebody else's own.</returns>
    /// <exception cref="InvalidRunException">It is shared, and belongs to somebody else.</exception>
    /// <exception cref="UnexpectedVersionException">Something else is stored than expected.</exception>
    public async Task<bool> ExecuteAsync(string name, Actor by, Expected expected, CancellationToken ct)
    {
        var found = await storage.WriteRetryingAsync(
            async session =>
            {
                if (await session.Db.Views.AsTracking().FirstOrDefaultAsync(v => v.Name == name, ct) is not { } view || !view.IsSeenBy(by))
                    return false;
                if (PutViews.RefuseChange(view, by) is { } refused)
                    throw new InvalidRunException(refused);
                expected.Check(view.EditVersion());
                session.Db.Views.Remove(view);
                session.Audit(time.GetUtcNow(), by, "view.delete", name, ViewFacts.Of(view), after: null);
                await session.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        // The row is gone, and leaves no other trace of who deleted it.
        if (found)
            LogDeleted(name, by);
        return found;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "View {View} was deleted by {By}.")]
    private partial void LogDeleted(string view, Actor by);
}
