using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Statistics;

/// <summary>Merges figures: what the processes wrote about a minute becomes one row for each job, lane and outcome, and old minutes become
/// quarters of an hour. Sums and histograms are added, so nothing is lost but the resolution.</summary>
/// <remarks>Writers only add rows, and only the leader deletes any. A row that is added late stays beside the merged ones until it is
/// merged itself: figures of the same period add up.</remarks>
public sealed partial class MergeRollups(IStorage storage, TimeProvider time, ILogger<MergeRollups> logger)
{
    /// <summary>Maximum number of rows that are merged in one transaction.</summary>
    public const int BatchSize = 5000;

    /// <summary>Maximum number of series in a merged period. The smallest share the series <see cref="RecordEnds.Other"/> of their lane and
    /// outcome.</summary>
    public const int MaxSeries = 2000;

    /// <summary>A minute is merged this long after its end: by then all processes have written.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromMinutes(1);

    /// <summary>Merges the oldest minute and the oldest quarter of an hour that are due.</summary>
    /// <param name="term">The leader's term.</param>
    /// <param name="keepMinutes">How long minutes are kept.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>True if there may be more to merge.</returns>
    public async Task<bool> ExecuteAsync(Term term, TimeSpan keepMinutes, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var minutes = await MergeOldestAsync(term, RollupStep.Written, RollupStep.Minute, now - Late, ct);
        var quarters = await MergeOldestAsync(term, RollupStep.Minute, RollupStep.Quarter, now - keepMinutes, ct);
        return minutes || quarters;
    }

    /// <summary>Adds rows up into one for each job, lane and outcome.</summary>
    internal IReadOnlyList<Rollup> Merge(IReadOnlyList<Rollup> rows, DateTimeOffset at, RollupStep step)
    {
        var series = new Dictionary<(string Job, string Lane, RollupOutcome Outcome), Figures>();
        foreach (var row in rows)
            FiguresOf((row.Job, row.Lane, row.Outcome)).Add(row);
        if (series.Count > MaxSeries)
        {
            var folded = series.Where(s => s.Key.Outcome != RollupOutcome.Slots).OrderByDescending(s => s.Value.Count).Skip(MaxSeries)
                .ToList();
            foreach (var (key, figures) in folded)
            {
                series.Remove(key);
                FiguresOf(key with { Job = RecordEnds.Other }).Add(figures);
            }

            LogFolded(folded.Count, at, RecordEnds.Other);
        }

        if (series.Values.Sum(f => f.Unreadable) is > 0 and var unreadable)
            LogUnreadable(unreadable, at);
        return [.. series.Select(s => ToRow(s.Key, s.Value))];

        Figures FiguresOf((string, string, RollupOutcome) key)
        {
            if (!series.TryGetValue(key, out var figures))
                series.Add(key, figures = new Figures());
            return figures;
        }

        Rollup ToRow((string Job, string Lane, RollupOutcome Outcome) key, Figures figures) => new()
        {
            At = at,
            Step = step,
            Job = key.Job,
            Lane = key.Lane,
            Outcome = key.Outcome,
            Count = figures[key.Outcome],
            Waited = figures.Waited,
            Worked = key.Outcome == RollupOutcome.Slots ? figures.Used : figures.Worked,
            Slots = figures.Slots,
            Waits = figures.Waits?.Encode() ?? [],
            Durations = figures.Durations?.Encode() ?? [],
        };
    }

    private async Task<bool> MergeOldestAsync(Term term, RollupStep from, RollupStep into, DateTimeOffset until, CancellationToken ct)
    {
        // Without the leader's lock, which is a write: an idle fleet would write to disk at every pass.
        if (await FindOldestAsync(from, ct) is not { } oldest)
            return false;
        var length = TimeSpan.FromSeconds((int)into);
        var start = Rollup.FloorTo(oldest, length);
        if (start + length > until)
            return false;
        await storage.WriteAsLeaderAsync(term, session => MergeAsync(session, from, into, start, start + length, ct), ct);
        return true;
    }

    private async Task<DateTimeOffset?> FindOldestAsync(RollupStep step, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Rollups.Where(r => r.Step == step).OrderBy(r => r.At).Select(r => (DateTimeOffset?)r.At).FirstOrDefaultAsync(ct);
    }

    private async Task<int> MergeAsync(
        StorageSession session, RollupStep from, RollupStep into, DateTimeOffset start, DateTimeOffset end, CancellationToken ct)
    {
        var period = session.Db.Rollups.Where(r => r.Step == from && r.At >= start && r.At < end);
        var rows = await period.AsNoTracking().OrderBy(r => r.Id).Take(BatchSize).ToListAsync(ct);
        if (rows.Count == 0)
            return 0;
        session.Db.Rollups.AddRange(Merge(rows, start, into));
        await session.Db.SaveChangesAsync(ct);
        var last = rows[^1].Id;
        var deleted = await period.Where(r => r.Id <= last).ExecuteDeleteAsync(ct);
        // A row with a smaller id was committed after the rows were read. It would be deleted without being counted.
        return deleted == rows.Count
            ? deleted
            : throw new DbUpdateConcurrencyException("Figures of the period were added while it was being merged.");
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} series of {At:O} are merged as {Other}, because there are too many different jobs, lanes and outcomes.")]
    private partial void LogFolded(int count, DateTimeOffset at, string other);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} histogram(s) of {At:O} were written by a newer version of Fleet and are left out; "
            + "counts and means are complete.")]
    private partial void LogUnreadable(int count, DateTimeOffset at);
}
