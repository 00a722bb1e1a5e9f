using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules;

/// <summary>Reads how long the runs of a job take, from those that succeeded lately.</summary>
public sealed class MeanDurations(IStorage storage, TimeProvider time)
{
    /// <summary>The most runs that are looked at: the latest ones.</summary>
    public const int MostRuns = 10_000;

    /// <summary>How far back is looked.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(7);

    /// <returns>The mean duration by the job's name. A job of which none of these runs is has no entry.</returns>
    public async Task<IReadOnlyDictionary<string, TimeSpan>> ReadAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        // The mean is formed here: no two databases subtract times alike.
        var runs = await db.Succeeded(now - Window, now).Reverse().Where(r => r.StartedAt != null).Take(MostRuns)
            .Select(r => new { r.Job, r.StartedAt, r.FinishedAt }).ToListAsync(ct);
        return runs.GroupBy(r => r.Job, StringComparer.Ordinal).ToDictionary(
            job => job.Key,
            job => TimeSpan.FromTicks((long)job.Average(r => Math.Max(0, (r.FinishedAt!.Value - r.StartedAt!.Value).Ticks))),
            StringComparer.Ordinal);
    }
}
