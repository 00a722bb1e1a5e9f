using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Statistics;

/// <summary>Deletes old figures: rollups, misfires, and the samples of workers that no longer delete their own.</summary>
/// <remarks>Uses small statements that commit separately. A row is old only if both the database's clock and this process's clock say so,
/// so one wrong clock deletes nothing early.</remarks>
public sealed class PruneFigures(IStorage storage, TimeProvider time)
{
    /// <summary>Maximum number of rows of a deletion.</summary>
    public const int BatchSize = 5000;

    /// <summary>How long samples of workers are kept.</summary>
    public static readonly TimeSpan KeepSamples = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);

    // The index has the step before the time.
    private static readonly RollupStep[] Steps = Enum.GetValues<RollupStep>();

    private long? _looked;

    /// <param name="term">The leader's term.</param>
    /// <param name="keep">How long rollups and misfires are kept.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>True if there may be more to delete.</returns>
    public async Task<bool> ExecuteAsync(Term term, TimeSpan keep, CancellationToken ct)
    {
        if (_looked is { } at && time.GetElapsedTime(at) < BetweenRounds)
            return false;
        var clock = await storage.WriteAsLeaderAsync(term, session => storage.GetClockAsync(session, ct), ct);
        var now = time.GetUtcNow() is var own && own < clock ? own : clock;
        var (old, sampled) = (now - keep, now - KeepSamples);
        var more = await DeleteAsync(
            db => db.Rollups.Where(r => Steps.Contains(r.Step) && r.At < old).OrderBy(r => r.At).Take(BatchSize).ExecuteDeleteAsync(ct),
            ct);
        more |= await DeleteAsync(
            db => db.WorkerSamples.Where(s => s.At < sampled).OrderBy(s => s.At).Take(BatchSize).ExecuteDeleteAsync(ct), ct);
        more |= await DeleteAsync(
            db => db.Misfires.Where(m => m.At < old).OrderBy(m => m.Id).Take(BatchSize).ExecuteDeleteAsync(ct), ct);
        _looked = more ? null : time.GetTimestamp();
        return more;
    }

    private Task<bool> DeleteAsync(Func<FleetDbContext, Task<int>> delete, CancellationToken ct) =>
        storage.WriteAsync(async session => await delete(session.Db) == BatchSize, ct);
}
