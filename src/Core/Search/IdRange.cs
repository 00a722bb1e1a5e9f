using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Search;

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

    public bool Contains(RunId id) => !(id < From) && !(id >= Before);

    private static RunId? Least(RunId? a, RunId? b) => a is { } one && b is { } two ? (one < two ? one : two) : a ?? b;

    private static RunId First(DateTimeOffset instant) => RunId.FirstOf(Math.Clamp(instant.ToUnixTimeMilliseconds(), 0, (1L << 47) - 1));
}
