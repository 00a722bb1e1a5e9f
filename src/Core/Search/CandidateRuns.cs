using System.Runtime.CompilerServices;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Search;

/// <summary>Finds the runs that can match a query by the indexes that there are.</summary>
internal static class CandidateRuns
{
    // Clocks of other machines may be behind: a run may seem to end before it was made.
    private static readonly TimeSpan Skew = TimeSpan.FromHours(1);

    /// <summary>The ids of all runs that can match, newest first, when an index shows that they are few; otherwise null.</summary>
    /// <remarks>It reads at most so many rows of an index, whatever else the query asks for.</remarks>
    public static async Task<List<RunId>?> FindFewAsync(
        FleetDbContext db, RunQuery query, IdRange range, int most, CancellationToken ct)
    {
        await foreach (var source in SourcesAsync(db, query, most, ct))
        {
            // The range stays out of the query: with it the database would go on reading behind these rows.
            var ids = await source.Select(r => r.Id).Take(most + 1).ToListAsync(ct);
            if (ids.Count <= most)
                return [.. ids.Where(range.Contains).OrderDescending()];
        }

        return await FindFewOfEachAsync(db, query, most, ct) is { } few ? [.. few.Where(range.Contains).OrderDescending()] : null;
    }

    /// <summary>The runs of several states, each by an index of its own; null if one of them has none, or there are too many.</summary>
    private static async Task<HashSet<RunId>?> FindFewOfEachAsync(FleetDbContext db, RunQuery query, int most, CancellationToken ct)
    {
        var states = FilterRuns.StatesOf(query.States);
        if (states.Count < 2)
            return null;
        var few = new HashSet<RunId>();
        foreach (var state in states)
        {
            if (await FindAsync(db, [state], query, most, ct) is not { } source)
                return null;
            few.UnionWith(await source.Select(r => r.Id).Take(most + 1 - few.Count).ToListAsync(ct));
            if (few.Count > most)
                return null;
        }

        return few;
    }

    /// <summary>The runs to walk along when they are not few, by an index that has them in the order of their ids.</summary>
    public static IQueryable<Run> ToWalk(FleetDbContext db, RunQuery query) =>
        query.Schedules.FirstOrDefault(t => t.AnyOf is [{ Kind: PatternKind.Exact }]) is { AnyOf: [{ Text: var schedule }] }
            ? db.Runs.Where(r => r.ScheduleId == schedule)
            : query.Fingerprints is [var fingerprint]
            ? db.Runs.Where(r => r.Fingerprint == fingerprint)
            : db.Runs;

    /// <summary>The runs in these states that were made since the query's <c>since:</c>, and perhaps others. Null when no index finds
    /// them.</summary>
    /// <param name="db">The database.</param>
    /// <param name="states">The states.</param>
    /// <param name="query">The query.</param>
    /// <param name="most">How many rows may be read.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<IQueryable<Run>?> FindAsync(
        FleetDbContext db, IReadOnlyList<RunState> states, RunQuery query, int most, CancellationToken ct) => states switch
        {
            [RunState.Pending] => await db.CanReadPendingAsync(most, ct) ? db.Pending : null,
            [RunState.Running] => db.Running,
            _ => db.Ended(states, Since(query)),
        };

    private static async IAsyncEnumerable<IQueryable<Run>> SourcesAsync(
        FleetDbContext db, RunQuery query, int most, [EnumeratorCancellation] CancellationToken ct)
    {
        // The indexes of keys and fingerprints are partial. Unless the condition says that a row has one, EF Core adds that it may have
        // none, and a plan for any values then reads the table whole.
        if (query.Ids is { Count: > 0 } ids)
            yield return db.Runs.Where(r => ids.Contains(r.Id));
        if (query.Keys is { Count: > 0 } keys)
            yield return db.Runs.Where(r => r.IdempotencyKey != null && keys.Contains(r.IdempotencyKey));
        if (query.Fingerprints is { Count: > 0 } fingerprints)
            yield return db.Runs.Where(r => r.Fingerprint != null && fingerprints.Contains(r.Fingerprint));
        if (query.States.Count > 0 && await FindAsync(db, FilterRuns.StatesOf(query.States), query, most, ct) is { } inStates)
            yield return inStates;
    }

    private static DateTimeOffset Since(RunQuery query) =>
        query.Since is { } since && since - DateTimeOffset.UnixEpoch > Skew ? since - Skew : DateTimeOffset.UnixEpoch;
}
