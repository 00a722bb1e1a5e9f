using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Search;

/// <summary>Reads the runs that match a query, newest first, within a budget.</summary>
/// <remarks>Where an index shows that few runs can match (<see cref="CandidateRuns"/>), these are read. Otherwise it walks along the ids in
/// windows. A window is a range of ids, so the database reads no more rows than the window has, however it filters them.</remarks>
internal sealed class ScanRuns(FleetDbContext db, RunQuery query, IdRange range, SearchBudget budget, TimeProvider time)
{
    private const int IdsAtOnce = 500;

    private readonly DateTimeOffset _now = query.Horizon?.At ?? time.GetUtcNow();
    private readonly long _begun = time.GetTimestamp();

    /// <summary>How many runs it has looked at.</summary>
    public int Rows { get; private set; }

    /// <summary>The oldest run that it has looked at; null before the first.</summary>
    public RunId? Last { get; private set; }

    /// <summary>True when no older run can match.</summary>
    public bool IsComplete { get; private set; }

    private bool IsUsedUp => Rows >= budget.Rows || time.GetElapsedTime(_begun) >= budget.Time;

    /// <summary>The matches, newest first. Ends when all were read or the budget is used up.</summary>
    /// <param name="columns">What is read of each.</param>
    /// <param name="atOnce">How many rows are read at once, at most.</param>
    /// <param name="firstWindow">How many ids the first window has.</param>
    /// <param name="ct">Gives up.</param>
    public async IAsyncEnumerable<RunSummary> ReadAsync(
        Expression<Func<Run, RunSummary>> columns, int atOnce, int firstWindow, [EnumeratorCancellation] CancellationToken ct)
    {
        var matches = await CandidateRuns.FindFewAsync(db, query, range, budget.FewRuns, ct) is { } ids
            ? ReadAsync(ids, columns, ct)
            : WalkAsync(columns, atOnce, firstWindow, ct);
        await foreach (var run in matches)
            yield return run;
    }

    private async IAsyncEnumerable<RunSummary> ReadAsync(
        List<RunId> ids, Expression<Func<Run, RunSummary>> columns, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var at = 0; at < ids.Count;)
        {
            if (at > 0 && IsUsedUp)
                yield break;
            var some = ids.GetRange(at, Math.Min(IdsAtOnce, ids.Count - at));
            var rows = await db.Runs.AsNoTracking().Where(r => some.Contains(r.Id)).Where(query, _now).Select(columns).ToListAsync(ct);
            at += some.Count;
            (Rows, Last) = (at, some[^1]);
            foreach (var run in rows.Where(r => query.Matches(r, _now)).OrderByDescending(r => r.Id))
                yield return run;
        }

        IsComplete = true;
    }

    private async IAsyncEnumerable<RunSummary> WalkAsync(
        Expression<Func<Run, RunSummary>> columns, int atOnce, int window, [EnumeratorCancellation] CancellationToken ct)
    {
        var (runs, left) = (CandidateRuns.ToWalk(db, query), range);
        while (Rows == 0 || !IsUsedUp)
        {
            // The last id of the window, from an index alone.
            var ends = await left.Of(runs).OrderByDescending(r => r.Id).Select(r => r.Id).Skip(window - 1).Take(1).ToListAsync(ct);
            RunId? end = ends is [var found] ? found : null;
            var (unread, counted) = (end is null ? left : left with { From = end }, 0);
            while (true)
            {
                var some = await unread.Of(runs.AsNoTracking()).Where(query, _now)
                    .OrderByDescending(r => r.Id).Take(atOnce).Select(columns).ToListAsync(ct);
                var isLast = some.Count < atOnce;
                var read = isLast ? unread : unread with { From = some[^1].Id };
                var rows = isLast && end is not null ? window - counted : await CountAsync(read.Of(runs), ct);
                (Rows, counted, Last) = (Rows + rows, counted + rows, read.From ?? Last);
                foreach (var run in some.Where(r => query.Matches(r, _now)))
                    yield return run;
                if (isLast)
                    break;
                if (IsUsedUp)
                    yield break;
                unread = unread with { Before = read.From };
            }

            if (end is null)
            {
                IsComplete = true;
                yield break;
            }

            left = left with { Before = end };
            window = Math.Min(window * 2, budget.LargestWindow);
        }
    }

    private static async Task<int> CountAsync(IQueryable<Run> runs, CancellationToken ct) =>
        (await runs.GroupBy(_ => 1).Select(g => g.Count()).ToListAsync(ct)).Sum();
}
