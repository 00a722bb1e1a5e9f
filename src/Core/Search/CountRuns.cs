using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Search;

/// <summary>How many runs match a query.</summary>
/// <param name="Number">The number, at most <see cref="CountRuns.Cap"/> in all and of each state.</param>
/// <param name="States">The same by state; each run counts once. Empty unless it was asked for.</param>
/// <param name="Scanned">How far it looked.</param>
public sealed record RunCount(CappedCount Number, IReadOnlyDictionary<StateWord, CappedCount> States, Scanned Scanned);

/// <summary>Counts the runs that match a query, with the budget of a search: up to <see cref="Cap"/>, and as far back as there is time.
/// </summary>
public sealed class CountRuns(IStorage storage, SecretTerms secrets, TimeProvider time)
{
    /// <summary>Where it stops to count.</summary>
    public const int Cap = CappedCount.Limit;

    private const int RowsAtOnce = 2_000;

    // Rows with args or errors can be large; few of them are read at once.
    private const int TextsAtOnce = 200;

    /// <summary>The states that an index may find; most runs have succeeded.</summary>
    private static readonly RunState[] Found = [RunState.Pending, RunState.Running, RunState.Failed, RunState.Canceled];

    /// <summary>How much a count may look at.</summary>
    public SearchBudget Budget { get; init; } = new();

    /// <summary>Counts.</summary>
    /// <param name="query">What to count.</param>
    /// <param name="byState">Whether to count each state for itself, too. Then it goes on behind the <see cref="Cap"/> of all
    /// together.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="InvalidRunException">The query asks for a secret.</exception>
    public async Task<RunCount> ExecuteAsync(RunQuery query, bool byState, CancellationToken ct)
    {
        query = await secrets.CheckAsync(query, ct);
        await using var db = storage.Read();
        var tally = new StateTally(query, byState, Cap);
        if (query.IsByStateAlone)
            await CountRowsAsync(db, query, tally, ct);
        else
            await ReadRowsAsync(db, query, tally, ct);
        return tally.ToCount();
    }

    /// <summary>The database counts.</summary>
    private async Task CountRowsAsync(FleetDbContext db, RunQuery query, StateTally tally, CancellationToken ct)
    {
        var (now, begun) = (time.GetUtcNow(), time.GetTimestamp());
        foreach (var state in Found.Where(tally.IsOpen))
        {
            if (await CandidateRuns.FindAsync(db, [state], query, Budget.FewRuns, ct) is not { } runs)
                continue;
            var few = await CountAsync(runs.Take(Budget.FewRuns + 1), query, now, ct);
            if (few.Sum(group => group.Count) <= Budget.FewRuns)
                tally.Close(state, few);
        }

        var (range, window) = (IdRange.Of(query, before: null), Budget.FirstWindow);
        while (!tally.IsEnough && (tally.Rows == 0 || (tally.Rows < Budget.Rows && time.GetElapsedTime(begun) < Budget.Time)))
        {
            var ends = await range.Of(db.Runs).OrderByDescending(r => r.Id).Select(r => r.Id).Skip(window - 1).Take(1).ToListAsync(ct);
            var inWindow = ends.Count > 0 ? range with { From = ends[0] } : range;
            tally.Add(await CountAsync(inWindow.Of(db.Runs), query, now, ct), ends.Count > 0 ? ends[0] : null);
            if (ends.Count == 0)
                return;
            range = range with { Before = ends[0] };
            window = Math.Min(window * 2, Budget.LargestWindow);
        }
    }

    private static Task<List<StateGroup>> CountAsync(IQueryable<Run> runs, RunQuery query, DateTimeOffset now, CancellationToken ct)
    {
        var (from, until) = (query.Since ?? DateTimeOffset.UnixEpoch, query.Until ?? now + TimeSpan.FromDays(36500));
        return runs.Select(r => new { r.State, IsDue = r.DueAt <= now, IsIn = r.CreatedAt >= from && r.CreatedAt < until })
            .GroupBy(r => r).Select(g => new StateGroup(g.Key.State, g.Key.IsDue, g.Key.IsIn, g.Count())).ToListAsync(ct);
    }

    /// <summary>Rows are read and compared.</summary>
    private async Task ReadRowsAsync(FleetDbContext db, RunQuery query, StateTally tally, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var scan = new ScanRuns(db, query, IdRange.Of(query, before: null), Budget, time);
        var atOnce = query.ReadsTexts ? TextsAtOnce : RowsAtOnce;
        await foreach (var run in scan.ReadAsync(RunColumns.Compared(query), atOnce, Budget.FirstWindow, ct))
        {
            tally.Add(run.State, run.DueAt <= now);
            if (tally.IsEnough)
                break;
        }

        tally.End(scan.Rows, scan.IsComplete ? null : scan.Last);
    }
}
