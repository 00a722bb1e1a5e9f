using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Workers;

/// <summary>Asks a worker to finish its runs and take no new ones, and takes that back. The worker does not stop: whoever runs it would
/// start it again, and it would take runs under a new id. So it stays idle until it is resumed or stopped.</summary>
/// <remarks>The worker is told by a control message, and reads it with its next heartbeat if that is lost.</remarks>
public sealed partial class DrainWorkers(
    IStorage storage, IControlChannel control, TimeProvider time, ILogger<DrainWorkers> logger)
{
    /// <summary>Asks a worker to take no new runs.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="reason">The reason, in words for people.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False when it is gone or unknown.</returns>
    public Task<bool> DrainAsync(WorkerId worker, string? reason, Actor by, CancellationToken ct) => SetAsync(
        worker, time.GetUtcNow(), by, reason is null ? null : StoredText.Cut(reason, LaneRow.MaxReason), ct);

    /// <summary>Lets a worker take runs again.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False when it is gone or unknown.</returns>
    public Task<bool> ResumeAsync(WorkerId worker, Actor by, CancellationToken ct) =>
        SetAsync(worker, since: null, by, reason: null, ct);

    private async Task<bool> SetAsync(
        WorkerId worker, DateTimeOffset? since, Actor by, string? reason, CancellationToken ct)
    {
        var isThere = await storage.WriteRetryingAsync(
            async session =>
            {
                var row = await session.Db.Workers.Where(w => w.Id == worker)
                    .Select(w => new { w.DrainSince, w.DrainBy, w.DrainReason }).FirstOrDefaultAsync(ct);
                if (!await storage.Workers.SetDrainAsync(session, worker, since, since is null ? null : by.ToRow(), reason, ct))
                    return false;
                session.Audit(
                    time.GetUtcNow(), by, since is null ? "worker.resume" : "worker.drain", worker.ToString(),
                    new DrainFacts(row?.DrainSince, row?.DrainBy?.ToString(), row?.DrainReason),
                    new DrainFacts(since, since is null ? null : by.ToString(), reason), reason);
                await session.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        if (!isThere)
            return false;
        if (since is null)
            LogResumed(worker, by);
        else
            LogDrained(worker, by);
        await control.PublishControlAsync(new ControlMessage(StandingChanged: true, By: by.ToRow()), ct);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} was asked by {By} to take no new runs.")]
    private partial void LogDrained(WorkerId workerId, Actor by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} was asked by {By} to take runs again.")]
    private partial void LogResumed(WorkerId workerId, Actor by);
}
