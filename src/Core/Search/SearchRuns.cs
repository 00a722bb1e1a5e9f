using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Search;

/// <summary>A page of a search.</summary>
/// <param name="Runs">The runs that matched, newest first.</param>
/// <param name="Next">Where the next page goes on; null when everything was read.</param>
/// <param name="Scanned">How far it looked.</param>
public sealed record RunPage(IReadOnlyList<Run> Runs, RunId? Next, Scanned Scanned);

/// <summary>How far a search looked.</summary>
/// <param name="BackTo">The creation time of the oldest run that it looked at; null when it looked at all that can match.</param>
/// <param name="Rows">How many runs it looked at.</param>
/// <param name="Complete">True when no older run can match.</param>
public sealed record Scanned(DateTimeOffset? BackTo, int Rows, bool Complete);

/// <summary>Searches runs, newest first, for a bounded time: a search that matches little ends with what it has found and says how far it
/// looked. The next page goes on there.</summary>
/// <remarks>
/// <para>Where the query itself names few runs (ids, keys, or a state with at most <see cref="SearchBudget.FewRuns"/> runs, which the
/// indexes give), these are read. Otherwise it walks along the ids in windows. A window is a range of ids, so the database reads no more
/// rows than the window has, however it filters them.</para>
/// <para>There is no index for every filter on purpose: each would cost every insert (docs/storage.md).</para>
/// </remarks>
public sealed class SearchRuns(IStorage storage, TimeProvider time)
{
    private const int RowsAtOnce = 500;

    /// <summary>How much a page may look at.</summary>
    public SearchBudget Budget { get; init; } = new();

    /// <summary>Reads a page.</summary>
    /// <param name="query">What to search for.</param>
    /// <param name="before">Only runs with a smaller id: the <see cref="RunPage.Next"/> of the page before; null for the first
    /// page.</param>
    /// <param name="limit">How many runs at most.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<RunPage> ExecuteAsync(RunQuery query, RunId? before, int limit, CancellationToken ct)
    {
        var (now, begun) = (time.GetUtcNow(), time.GetTimestamp());
        var range = IdRange.Of(query, before);
        await using var db = storage.Read();
        return await FindFewAsync(db, query, range, now, ct) is { } ids
            ? await ReadAsync(db, query, ids, limit, now, begun, ct)
            : await WalkAsync(db, query, range, limit, now, begun, ct);
    }

    /// <summary>The ids of all runs that can match, newest first, when they are few; otherwise null.</summary>
    private async Task<List<RunId>?> FindFewAsync(
        FleetDbContext db, RunQuery query, IdRange range, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var source in Sources(db, query, now))
        {
            var ids = await range.Of(source).Select(r => r.Id).Take(Budget.FewRuns + 1).ToListAsync(ct);
            if (ids.Count <= Budget.FewRuns)
                return [.. ids.OrderDescending()];
        }

        return null;
    }

    /// <summary>What indexes give.</summary>
    private static IEnumerable<IQueryable<Run>> Sources(FleetDbContext db, RunQuery query, DateTimeOffset now)
    {
        if (query.Ids is { Count: > 0 } ids)
            yield return db.Runs.Where(r => ids.Contains(r.Id));
        if (query.Keys is { Count: > 0 } keys)
            yield return db.Runs.Where(r => keys.Contains(r.IdempotencyKey!));
        switch (FilterRuns.StatesOf(query.States))
        {
            case [RunState.Pending]:
                yield return db.Pending;
                break;
            case [RunState.Running]:
                yield return db.Running;
                break;
            case [RunState.Failed] or [RunState.Canceled] or [RunState.Failed, RunState.Canceled] or [RunState.Canceled, RunState.Failed]:
                // Until later than now: clocks of other machines may be ahead.
                yield return db.FailedOrCanceled(now + TimeSpan.FromDays(1));
                break;
        }
    }

    private async Task<RunPage> ReadAsync(
        FleetDbContext db, RunQuery query, List<RunId> ids, int limit, DateTimeOffset now, long begun, CancellationToken ct)
    {
        var found = new List<Run>();
        var at = 0;
        while (at < ids.Count && found.Count <= limit && (at == 0 || time.GetElapsedTime(begun) < Budget.Time))
        {
            var some = ids.GetRange(at, Math.Min(RowsAtOnce, ids.Count - at));
            var rows = await db.Runs.AsNoTracking().Where(r => some.Contains(r.Id)).Where(query, now).ToListAsync(ct);
            found.AddRange(rows.Where(r => query.Matches(r, now)).OrderByDescending(r => r.Id));
            at += some.Count;
        }

        return Page(found, limit, at, at == 0 ? null : ids[at - 1], isAll: at == ids.Count);
    }

    private async Task<RunPage> WalkAsync(
        FleetDbContext db, RunQuery query, IdRange range, int limit, DateTimeOffset now, long begun, CancellationToken ct)
    {
        var (found, rows, window) = (new List<Run>(), 0, Math.Max(Budget.FirstWindow, limit));
        RunId? last = null;
        while (found.Count <= limit && rows < Budget.Rows && (rows == 0 || time.GetElapsedTime(begun) < Budget.Time))
        {
            var ids = range.Of(db.Runs).OrderByDescending(r => r.Id).Select(r => r.Id);
            // The last id of the window, from the primary key alone.
            var ends = await ids.Skip(window - 1).Take(1).ToListAsync(ct);
            var isLast = ends.Count == 0;
            var inWindow = isLast ? range : range with { From = ends[0] };
            while (found.Count <= limit)
            {
                var some = await inWindow.Of(db.Runs.AsNoTracking()).Where(query, now)
                    .OrderByDescending(r => r.Id).Take(limit + 1).ToListAsync(ct);
                found.AddRange(some.Where(r => query.Matches(r, now)));
                if (some.Count <= limit)
                    break;
                inWindow = inWindow with { Before = some[^1].Id };
            }

            rows += isLast ? (await range.Of(db.Runs).GroupBy(_ => 1).Select(g => g.Count()).ToListAsync(ct)).Sum() : window;
            if (isLast)
                return Page(found, limit, rows, last, isAll: true);
            last = ends[0];
            range = range with { Before = last };
            window = Math.Min(window * 2, Budget.LargestWindow);
        }

        return Page(found, limit, rows, last, isAll: false);
    }

    /// <param name="found">What matched, perhaps more than the page holds.</param>
    /// <param name="limit">What the page holds.</param>
    /// <param name="rows">How many runs were looked at.</param>
    /// <param name="last">The oldest of them; null when nothing older is left.</param>
    /// <param name="isAll">Whether all were looked at.</param>
    private static RunPage Page(List<Run> found, int limit, int rows, RunId? last, bool isAll)
    {
        if (found.Count > limit)
        {
            var page = found.GetRange(0, limit);
            return new RunPage(page, page[^1].Id, new Scanned(page[^1].CreatedAt, rows, Complete: false));
        }

        return isAll || last is not { } oldest
            ? new RunPage(found, null, new Scanned(null, rows, Complete: true))
            : new RunPage(found, oldest, new Scanned(oldest.CreatedAt, rows, Complete: false));
    }
}

/// <summary>How much a page of a search may look at.</summary>
public sealed record SearchBudget
{
    /// <summary>How long, at most; the window under way is finished.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>How many runs, about: the last window may go beyond.</summary>
    public int Rows { get; init; } = 100_000;

    /// <summary>How many runs may be gathered from an index and sorted in memory.</summary>
    public int FewRuns { get; init; } = 20_000;

    /// <summary>How many runs the first window has; each further one has twice as many.</summary>
    public int FirstWindow { get; init; } = 1_000;

    /// <summary>How many runs a window has at most.</summary>
    public int LargestWindow { get; init; } = 16_000;
}

/// <summary>A range of run ids, which are in the order of their creation.</summary>
/// <param name="From">The smallest id; null for no bound.</param>
/// <param name="Before">The id behind the largest one; null for no bound.</param>
internal sealed record IdRange(RunId? From, RunId? Before)
{
    public static IdRange Of(RunQuery query, RunId? before)
    {
        var until = query.Until is { } instant ? First(instant) : (RunId?)null;
        return new IdRange(query.Since is { } since ? First(since) : null, Least(until, before));
    }

    public IQueryable<Run> Of(IQueryable<Run> runs)
    {
        if (From is { } from)
            runs = runs.Where(r => r.Id >= from);
        if (Before is { } before)
            runs = runs.Where(r => r.Id < before);
        return runs;
    }

    private static RunId? Least(RunId? a, RunId? b) => a is { } one && b is { } two ? (one < two ? one : two) : a ?? b;

    private static RunId First(DateTimeOffset instant) => RunId.FirstOf(Math.Clamp(instant.ToUnixTimeMilliseconds(), 0, (1L << 47) - 1));
}
