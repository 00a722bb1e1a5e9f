using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Statistics;

/// <summary>Deletes old figures: rollups, misfires, and the samples of workers that no longer delete their own.</summary>
/// <remarks>Uses small statements that commit separately. <see cref="ClockBrake"/> guards against a wrong clock.</remarks>
public sealed class PruneFigures(IStorage storage, TimeProvider time, ILogger<PruneFigures> logger)
{
    /// <summary>Maximum number of rows of a deletion.</summary>
    public const int BatchSize = 5000;

    /// <summary>How long samples of workers are kept.</summary>
    public static readonly TimeSpan KeepSamples = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);

    // The index has the step before the time.
    private static readonly RollupStep[] Steps = Enum.GetValues<RollupStep>();

    private readonly ClockBrake _brake = new(time, logger);
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
        if (_brake.Judge(clock) is not { } now)
            return false;
        var (old, sampled) = (now - keep, now - KeepSamples);
        var more = await DeleteAsync(
            db => db.Rollups.Where(r => Steps.Contains(r.Step) && r.At < old).OrderBy(r => r.At).Take(BatchSize).ExecuteDeleteAsync(ct),
            ct);
        more |= await DeleteSamplesAsync(sampled, ct);
        // They have no index by time. The oldest have the smallest ids.
        more |= await DeleteAsync(
            db => db.Misfires.OrderBy(m => m.Id).Take(BatchSize).Where(m => m.At < old).ExecuteDeleteAsync(ct), ct);
        _looked = more ? null : time.GetTimestamp();
        return more;
    }

    /// <summary>Deletes the oldest samples up to an instant: their key has several columns, and a deletion of the first few by such a key
    /// would read the whole table.</summary>
    private Task<bool> DeleteSamplesAsync(DateTimeOffset before, CancellationToken ct) => storage.WriteAsync(
        async session =>
        {
            var old = session.Db.WorkerSamples.Where(s => s.At < before);
            var last = await old.OrderBy(s => s.At).Skip(BatchSize - 1).Select(s => (DateTimeOffset?)s.At).FirstOrDefaultAsync(ct);
            await old.Where(s => s.At <= (last ?? before)).ExecuteDeleteAsync(ct);
            return last is not null;
        },
        ct);

    private Task<bool> DeleteAsync(Func<FleetDbContext, Task<int>> delete, CancellationToken ct) =>
        storage.WriteAsync(async session => await delete(session.Db) == BatchSize, ct);
}
