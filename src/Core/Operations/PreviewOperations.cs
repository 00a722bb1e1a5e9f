using Fleet.Core.Actors;
using Fleet.Core.Leadership;
using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Operations;

/// <summary>What an operation would touch.</summary>
/// <param name="Kind">What would be done.</param>
/// <param name="Query">The query.</param>
/// <param name="Count">How many runs.</param>
/// <param name="Sample">The newest of them.</param>
/// <param name="Horizon">How far it reaches. Without a newest run, it touches none.</param>
/// <param name="Token">What the creation takes.</param>
/// <param name="ExpiresAt">Until when it takes it.</param>
public sealed record OperationPreview(
    OperationKind Kind, string Query, OperationCount Count, IReadOnlyList<RunSummary> Sample, Horizon Horizon, string Token,
    DateTimeOffset ExpiresAt);

/// <summary>How many runs an operation would touch.</summary>
/// <param name="Value">The number.</param>
/// <param name="IsAtLeast">True when there may be more.</param>
public readonly record struct OperationCount(int Value, bool IsAtLeast);

/// <summary>Tells what an operation would touch, and changes nothing.</summary>
public sealed class PreviewOperations(IStorage storage, SecretTerms secrets, FleetIdentity fleet, TimeProvider time)
{
    /// <summary>How many runs are shown.</summary>
    public const int SampleSize = 10;

    private const int RowsAtOnce = 2_000;

    // Rows with args or errors can be large; few of them are read at once.
    private const int TextsAtOnce = 200;

    /// <summary>How much a count may look at. Beyond, it says that there may be more.</summary>
    public SearchBudget Budget { get; init; } = new() { Time = TimeSpan.FromSeconds(5), Rows = 5_000_000 };

    /// <param name="kind">What would be done.</param>
    /// <param name="query">Which runs.</param>
    /// <param name="by">Who asks. If they are bound to lanes, only runs of these count.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <exception cref="InvalidRunException">The query is refused.</exception>
    public async Task<OperationPreview> FindAsync(OperationKind kind, string? query, Actor by, CancellationToken ct)
    {
        var (now, lanes) = (time.GetUtcNow(), by.Via?.Lanes);
        var asked = await OperationRules.CheckAsync(
            OperationRules.Read(kind, query, lanes, new Horizon(now, Newest: null)), secrets, ct);
        var (count, sample) = await storage.ReadSnapshotAsync(
            async db =>
            {
                var (newest, areAll) = await ReadAsync(db, asked, ct);
                return (areAll ? new OperationCount(newest.Count, IsAtLeast: false) : await CountAsync(db, asked, ct), newest);
            },
            ct);
        var horizon = new Horizon(now, sample is [var first, ..] ? first.Id : null);
        var token = new OperationToken(Guid.CreateVersion7(now), kind, now, horizon.Newest);
        return new OperationPreview(
            kind, query!, count, sample, horizon, token.Write(query!, lanes, await fleet.GetAsync(ct)), now + OperationRules.TokenLife);
    }

    /// <summary>How many runs match now, up to <see cref="OperationRules.CountCap"/>.</summary>
    internal Task<OperationCount> CountAsync(RunQuery query, CancellationToken ct) =>
        storage.ReadSnapshotAsync(db => CountAsync(db, query, ct), ct);

    private async Task<(List<RunSummary> Newest, bool AreAll)> ReadAsync(FleetDbContext db, RunQuery query, CancellationToken ct)
    {
        var (scan, found) = (Scan(db, query), new List<RunSummary>());
        var atOnce = query.ReadsTexts ? TextsAtOnce : SampleSize;
        await foreach (var run in scan.ReadAsync(RunColumns.Listed(query), atOnce, Budget.FirstWindow, ct))
        {
            found.Add(run);
            if (found.Count == SampleSize)
                break;
        }

        return (found, scan.IsComplete);
    }

    private async Task<OperationCount> CountAsync(FleetDbContext db, RunQuery query, CancellationToken ct)
    {
        var (scan, count) = (Scan(db, query), 0);
        var atOnce = query.ReadsTexts ? TextsAtOnce : RowsAtOnce;
        await foreach (var _ in scan.ReadAsync(RunColumns.Compared(query), atOnce, Budget.FirstWindow, ct))
        {
            if (++count > OperationRules.CountCap)
                return new OperationCount(OperationRules.CountCap, IsAtLeast: true);
        }

        return new OperationCount(count, IsAtLeast: !scan.IsComplete);
    }

    private ScanRuns Scan(FleetDbContext db, RunQuery query) => new(db, query, IdRange.Of(query, before: null), Budget, time);
}
