using Fleet.Core.Storage;

namespace Fleet.Core.Search;

/// <summary>A page of a search.</summary>
/// <param name="Runs">The runs that matched, newest first.</param>
/// <param name="Next">Where the next page goes on; null when everything was read.</param>
/// <param name="Scanned">How far it looked.</param>
public sealed record RunPage(IReadOnlyList<RunSummary> Runs, RunId? Next, Scanned Scanned);

/// <summary>How far a search looked.</summary>
/// <param name="BackTo">The creation time of the oldest run that it looked at; null when it looked at all that can match.</param>
/// <param name="Rows">How many runs it looked at.</param>
/// <param name="Complete">True when no older run can match.</param>
public sealed record Scanned(DateTimeOffset? BackTo, int Rows, bool Complete);

/// <summary>Searches runs, newest first, for a bounded time: a search that matches little ends with what it has found and says how far it
/// looked. The next page goes on there.</summary>
/// <remarks>There is no index for every filter on purpose: each would cost every insert (docs/storage.md).</remarks>
public sealed class SearchRuns(IStorage storage, SecretTerms secrets, TimeProvider time)
{
    // Rows with args or errors can be large; few of them are read at once.
    private const int TextsAtOnce = 200;

    /// <summary>How much a page may look at.</summary>
    public SearchBudget Budget { get; init; } = new();

    /// <summary>Reads a page.</summary>
    /// <param name="query">What to search for.</param>
    /// <param name="before">Only runs with a smaller id: the <see cref="RunPage.Next"/> of the page before; null for the first
    /// page.</param>
    /// <param name="limit">How many runs at most.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="InvalidRunException">The query asks for a secret.</exception>
    public async Task<RunPage> ExecuteAsync(RunQuery query, RunId? before, int limit, CancellationToken ct)
    {
        query = await secrets.CheckAsync(query, ct);
        await using var db = storage.Read();
        var scan = new ScanRuns(db, query, IdRange.Of(query, before), Budget, time);
        var (atOnce, found) = (query.ReadsTexts ? Math.Max(limit + 1, TextsAtOnce) : limit + 1, new List<RunSummary>());
        await foreach (var run in scan.ReadAsync(RunColumns.Listed(query), atOnce, Math.Max(Budget.FirstWindow, limit), ct))
        {
            found.Add(run);
            if (found.Count > limit)
                break;
        }

        if (found.Count > limit)
        {
            var page = found.GetRange(0, limit);
            return new RunPage(page, page[^1].Id, new Scanned(page[^1].CreatedAt, scan.Rows, Complete: false));
        }

        return scan.IsComplete || scan.Last is not { } last
            ? new RunPage(found, null, new Scanned(null, scan.Rows, Complete: true))
            : new RunPage(found, last, new Scanned(last.CreatedAt, scan.Rows, Complete: false));
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
