using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Runs;

/// <summary>Deletes runs that have ended, because somebody asked for it, with their attempts, replays and logs.</summary>
/// <remarks>Of each run a mark stays until retention (<see cref="PruneRuns"/>): its id, its idempotency key and its fire time stay taken,
/// so that nothing makes the run again, and its follow-up runs know where they come from. The mark names who deleted it.</remarks>
public sealed class DeleteRuns(IStorage storage, TimeProvider time)
{
    /// <param name="ids">The runs, each once.</param>
    /// <param name="by">Who deletes them.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <returns>One result per run, in order.</returns>
    public Task<IReadOnlyList<DeleteResult>> ExecuteAsync(
        IReadOnlyList<RunId> ids, Actor by, CancellationToken ct, bool isDryRun = false)
    {
        var now = time.GetUtcNow();
        return storage.WriteRetryingAsync(
            async session =>
            {
                var results = await storage.States.DeleteAsync(session, ids, by, now, ct);
                RunId[] deleted = [.. ids.Where((_, i) => results[i] == DeleteResult.Deleted)];
                if (deleted.Length > 0)
                {
                    var before = await ReadStatesAsync(session, deleted, ct);
                    session.Audit(now, by, "run.delete", Auditing.TargetOf(deleted), before, after: null);
                    await session.Db.SaveChangesAsync(ct);
                }

                return results;
            },
            isDryRun,
            ct);
    }

    /// <summary>How many of the runs had which state: their marks say it.</summary>
    private static async Task<Dictionary<string, int>> ReadStatesAsync(StorageSession session, RunId[] deleted, CancellationToken ct) =>
        await session.Db.Runs.IgnoreQueryFilters().Where(r => deleted.Contains(r.Id))
            .GroupBy(r => r.Error!).Select(states => new { State = states.Key, Count = states.Count() })
            .ToDictionaryAsync(states => states.State, states => states.Count, ct);
}
