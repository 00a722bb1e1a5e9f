using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Access;

/// <summary>Deletes old entries of the audit. Nothing else deletes any.</summary>
/// <remarks>Uses small statements that commit separately. <see cref="ClockBrake"/> guards against a wrong clock.</remarks>
public sealed class PruneAudit(IStorage storage, TimeProvider time, ILogger<PruneAudit> logger)
{
    /// <summary>Maximum number of rows of a deletion.</summary>
    public const int BatchSize = 5000;

    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);

    private readonly ClockBrake _brake = new(time, logger);
    private long? _looked;

    /// <param name="term">The leader's term.</param>
    /// <param name="keep">How long entries are kept.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>True if there may be more to delete.</returns>
    public async Task<bool> ExecuteAsync(Term term, TimeSpan keep, CancellationToken ct)
    {
        // While runs are pruned in many passes, there is nothing to delete here.
        if (_looked is { } at && time.GetElapsedTime(at) < BetweenRounds)
            return false;
        var clock = await storage.WriteAsLeaderAsync(term, session => storage.GetClockAsync(session, ct), ct);
        if (_brake.Judge(clock) is not { } now)
            return false;
        var old = now - keep;
        var more = await storage.WriteAsync(
            async session =>
                await session.Db.Audit.Where(e => e.At < old).OrderBy(e => e.At).Take(BatchSize).ExecuteDeleteAsync(ct) == BatchSize,
            ct);
        _looked = more ? null : time.GetTimestamp();
        return more;
    }
}
