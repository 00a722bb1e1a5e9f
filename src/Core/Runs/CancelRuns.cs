using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Runs;

/// <summary>Pending → Canceled at once; a running run is asked to stop and ends as Canceled when its handler does.</summary>
public sealed class CancelRuns(IStorage storage, IControlChannel control, IRunGates gates, TimeProvider time)
{
    /// <summary>Maximum length of a stored reason, in characters.</summary>
    public const int MaxReason = 500;

    /// <param name="id">The run.</param>
    /// <param name="reason">The reason, in words for people; cut to <see cref="MaxReason"/>. Null: none was given.</param>
    /// <param name="by">Who cancels it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    public async Task<CancelResult> ExecuteAsync(RunId id, string? reason, Actor by, CancellationToken ct, bool isDryRun = false)
    {
        var now = time.GetUtcNow();
        var text = reason is null ? "Canceled." : StoredText.Cut(reason, MaxReason);
        var results = await storage.WriteRetryingAsync(
            async session =>
            {
                var found = await storage.States.CancelAsync(session, [id], CancelCause.Person, text, by, now, ct);
                if (found[0] is CancelResult.Canceled or CancelResult.Requested)
                {
                    var (before, after) = found[0] == CancelResult.Canceled
                        ? (new AuditedRun(RunState.Pending), new AuditedRun(RunState.Canceled))
                        : (new AuditedRun(RunState.Running), new AuditedRun(RunState.Running, CancelRequested: true));
                    session.Audit(now, by, "run.cancel", $"{id}", before, after, reason);
                    await session.Db.SaveChangesAsync(ct);
                }

                return found;
            },
            isDryRun,
            ct);
        if (isDryRun)
            return results[0];

        // This is faster than the heartbeat of the worker, which finds the request if this message is lost.
        if (results[0] == CancelResult.Requested)
            await control.PublishControlAsync(new ControlMessage(CancelRuns: [id], By: by.ToRow()), ct);
        else if (results[0] == CancelResult.Canceled)
            await PassOnAsync(id, ct);
        return results[0];
    }

    /// <summary>Nudges the run that waited for this one. If this fails, the scheduler finds that run. It must not throw, because the cancel
    /// itself is done.</summary>
    private async Task PassOnAsync(RunId id, CancellationToken ct)
    {
        try
        {
            await gates.PassOnAsync(id, ct);
        }
        catch (Exception e) when (storage.IsOutage(e))
        {
        }
    }
}
