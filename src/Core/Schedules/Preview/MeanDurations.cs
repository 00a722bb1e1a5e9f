using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Preview;

/// <summary>Computes the mean duration of each job from its recently succeeded runs.</summary>
public sealed class MeanDurations(IStorage storage, TimeProvider time)
{
    /// <summary>Maximum number of runs that are read; the latest ones.</summary>
    public const int MaxRuns = 10_000;

    /// <summary>Age of the oldest run that is read.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(7);

    /// <returns>Mean duration by job name. A job without such runs has no entry.</returns>
    public async Task<IReadOnlyDictionary<string, TimeSpan>> ReadAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        // The mean is computed here because the databases subtract timestamps differently.
        var runs = await db.Succeeded(now - Window, now).Reverse().Where(r => r.StartedAt != null).Take(MaxRuns)
            .Select(r => new { r.Job, r.StartedAt, r.FinishedAt }).ToListAsync(ct);
        return runs.GroupBy(r => r.Job, StringComparer.Ordinal).ToDictionary(
            job => job.Key,
            job => TimeSpan.FromTicks((long)job.Average(r => Math.Max(0, (r.FinishedAt!.Value - r.StartedAt!.Value).Ticks))),
            StringComparer.Ordinal);
    }
}
