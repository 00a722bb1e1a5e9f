using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Operations;

/// <summary>Deletes operations that ended long ago.</summary>
/// <remarks><see cref="ClockBrake"/> guards against a wrong clock.</remarks>
public sealed class PruneOperations(IStorage storage, TimeProvider time, ILogger<PruneOperations> logger)
{
    /// <summary>Maximum number of rows of a deletion.</summary>
    public const int BatchSize = 1000;

    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);

    private readonly ClockBrake _brake = new(time, logger);
    private long? _looked;

    /// <param name="term">The leader's term.</param>
    /// <param name="keep">How long operations are kept after they have ended.</param>
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
            async session => await session.Db.Operations.Where(o => o.FinishedAt < old).OrderBy(o => o.FinishedAt).Take(BatchSize)
                .ExecuteDeleteAsync(ct) == BatchSize,
            ct);
        _looked = more ? null : time.GetTimestamp();
        return more;
    }
}
