using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Schedules.Control;

/// <summary>Deletes a schedule and revokes its planned occurrences. Its past runs are kept.</summary>
public sealed partial class DeleteSchedules(
    IStorage storage, JobCatalog catalog, ScheduleChanges changes, TimeProvider time, ILogger<DeleteSchedules> logger)
{
    /// <param name="id">The schedule.</param>
    /// <param name="by">Who deletes it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="expected">What must be stored; null: anything.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <returns>False when there is no such schedule.</returns>
    /// <exception cref="UnexpectedVersionException">Something else is stored than expected.</exception>
    public async Task<bool> ExecuteAsync(string id, Actor by, CancellationToken ct, Expected? expected = null, bool isDryRun = false)
    {
        await catalog.RefreshSecretsAsync(ct);
        var found = await storage.WriteRetryingAsync(
            async session =>
            {
                if (!await LockSchedule.ExecuteAsync(session, id, ct))
                    return false;
                var row = await session.Db.Schedules.AsNoTracking().FirstAsync(s => s.Id == id, ct);
                expected?.Check(row.EditVersion());
                var now = time.GetUtcNow();
                await RevokeOccurrences.ExecuteAsync(storage, session, id, now, "the schedule was deleted", by, ct);
                await session.Db.Schedules.Where(s => s.Id == id).ExecuteDeleteAsync(ct);
                session.Audit(now, by, "schedule.delete", id, ScheduleFacts.Of(row, catalog.KnownSecretsOf(row.Job)), after: null);
                await session.Db.SaveChangesAsync(ct);
                return true;
            },
            isDryRun,
            ct);
        if (isDryRun)
            return found;
        await changes.AnnounceAsync(by, ct);
        // The row is gone, and a schedule without planned runs leaves no other trace of who deleted it.
        if (found)
            LogDeleted(id, by);
        return found;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedule {Schedule} was deleted by {By}.")]
    private partial void LogDeleted(string schedule, Actor by);
}
