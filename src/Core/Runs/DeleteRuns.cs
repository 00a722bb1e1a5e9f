using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage;

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
        return storage.WriteRetryingAsync<IReadOnlyList<DeleteResult>>(
            async session =>
            {
                var results = await storage.States.DeleteAsync(session, ids, by, now, ct);
                RunId[] deleted = [.. ids.Where((_, i) => results[i].Result == DeleteResult.Deleted)];
                if (deleted.Length > 0)
                {
                    // How many of the runs had which state.
                    var before = results.Where(r => r.Result == DeleteResult.Deleted)
                        .CountBy(r => r.From!.Value.ToString().ToLowerInvariant()).ToDictionary(StringComparer.Ordinal);
                    session.Audit(now, by, "run.delete", Auditing.TargetOf(deleted), before, after: null);
                    await session.Db.SaveChangesAsync(ct);
                }

                return [.. results.Select(r => r.Result)];
            },
            isDryRun,
            ct);
    }
}
