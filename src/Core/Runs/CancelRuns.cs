using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Runs;

/// <summary>Pending → Canceled at once; a running run is asked to stop and ends as Canceled when its handler does.</summary>
public sealed class CancelRuns(IStorage storage, IControlChannel control, IRunGates gates, TimeProvider time)
{
    /// <summary>The longest reason that is kept, in characters.</summary>
    public const int MaxReason = 500;

    public async Task<CancelResult> ExecuteAsync(RunId id, string? reason, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var text = reason is null ? "Canceled." : StoredText.Cut(reason, MaxReason);
        CancelResult? result;
        do
        {
            result = await storage.WriteAsync(session => TryCancelAsync(session, id, text, now, ct), ct);
        }
        while (result is null);

        // The quick way; the worker's heartbeat finds the request too, should this message be lost.
        if (result == CancelResult.Requested)
            await control.PublishControlAsync(new ControlMessage(CancelRuns: [id]), ct);
        else if (result == CancelResult.Canceled)
            await PassOnAsync(id, ct);
        return result.Value;
    }

    /// <summary>Nudges the run that waited for this one. When that fails, the scheduler finds it: the cancel is done, and must not be told
    /// as failed.</summary>
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

    /// <returns>Null when the run changed between the two looks at it: look again.</returns>
    private static async Task<CancelResult?> TryCancelAsync(StorageSession session, RunId id, string reason, DateTimeOffset now, CancellationToken ct)
    {
        var runs = session.Db.Runs.Where(r => r.Id == id);
        var canceled = await runs.Where(r => r.State == RunState.Pending).ExecuteUpdateAsync(
            set =>
            {
                session.Db.SetState(set, RunState.Canceled);
                set.SetProperty(r => r.FinishedAt, now)
                    .SetProperty(r => r.ErrorType, (string?)null)
                    .SetProperty(r => r.Error, reason);
            },
            ct);
        if (canceled > 0)
            return CancelResult.Canceled;
        var requested = await runs.Where(r => r.State == RunState.Running).ExecuteUpdateAsync(
            set => set.SetProperty(r => r.CancelRequestedAt, now).SetProperty(r => r.Error, reason), ct);
        if (requested > 0)
            return CancelResult.Requested;
        return await runs.Select(r => (RunState?)r.State).FirstOrDefaultAsync(ct) switch
        {
            null => CancelResult.NotFound,
            RunState.Pending or RunState.Running => null,
            _ => CancelResult.AlreadyEnded,
        };
    }
}
