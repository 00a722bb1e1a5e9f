using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Runs;

/// <summary>Pending → Canceled at once; a running run is asked to stop and ends as Canceled when its handler does.</summary>
public sealed class CancelRuns(IStorage storage, ILaneTransport transport, TimeProvider time)
{
    /// <summary>The longest reason that is kept, in characters.</summary>
    public const int MaxReason = 500;

    public async Task<CancelResult> ExecuteAsync(RunId id, string? reason, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var text = reason is null ? "Canceled." : reason.Length > MaxReason ? reason[..MaxReason] : reason;
        var result = await storage.WriteAsync(
            async scope =>
            {
                var runs = scope.Db.Runs.Where(r => r.Id == id);
                var canceled = await runs.Where(r => r.State == RunState.Pending).ExecuteUpdateAsync(
                    set => set.SetProperty(r => r.State, RunState.Canceled)
                        .SetProperty(r => r.FinishedAt, now)
                        .SetProperty(r => r.ErrorType, (string?)null)
                        .SetProperty(r => r.Error, text),
                    ct);
                if (canceled > 0)
                    return CancelResult.Canceled;
                var requested = await runs.Where(r => r.State == RunState.Running).ExecuteUpdateAsync(
                    set => set.SetProperty(r => r.CancelRequestedAt, now).SetProperty(r => r.Error, text), ct);
                if (requested > 0)
                    return CancelResult.Requested;
                return await runs.AnyAsync(ct) ? CancelResult.AlreadyEnded : CancelResult.NotFound;
            },
            ct);

        // The quick way; the worker's heartbeat finds the request too, should this message be lost.
        if (result == CancelResult.Requested)
            await transport.PublishControlAsync(new ControlMessage(CancelRuns: [id]), ct);
        return result;
    }
}
