using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>Deletes runs that ended long ago, with their attempts, replays and logs; and old inbox entries and gone workers.</summary>
/// <remarks>Uses small statements that commit separately, outside the leader's lock; this is safe, because the statements check state and
/// age themselves. <see cref="ClockBrake"/> guards against a wrong clock.</remarks>
public sealed class PruneRuns(IStorage storage, TimeProvider time, ILogger<PruneRuns> logger) : IAsyncDisposable
{
    /// <summary>Rows of the first deletion. Later deletions are larger or smaller, so that each takes about
    /// <see cref="BatchTime"/>.</summary>
    public const int BatchSize = 500;

    /// <summary>Minimum and maximum number of rows of a deletion.</summary>
    public const int MinRows = 100, MaxRows = 20_000;

    /// <summary>How long a deletion should take. It is short, so that it does not delay other writers.</summary>
    public static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(50);

    private readonly Setbacks _setbacks = new("prune", "table", storage.IsOutage, time, logger);
    private readonly Batch _succeeded = new(), _others = new(), _inbox = new();
    private readonly ClockBrake _brake = new(time, logger);

    /// <param name="term">The leader's term.</param>
    /// <param name="keepSucceeded">How long succeeded runs are kept.</param>
    /// <param name="keepOthers">How long failed and canceled runs are kept.</param>
    /// <param name="keepInbox">How long a consumer remembers the messages that it has handled.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>How many runs were deleted, and whether there may be more to delete.</returns>
    public async Task<(int Runs, bool More)> ExecuteAsync(
        Term term, TimeSpan keepSucceeded, TimeSpan keepOthers, TimeSpan keepInbox, CancellationToken ct)
    {
        var clock = await storage.WriteAsLeaderAsync(term, session => storage.GetClockAsync(session, ct), ct);
        if (_brake.Judge(clock) is not { } now)
            return (0, false);

        var runs = 0;
        var more = await TryAsync("runs, succeeded", () => DeleteRunsAsync(_succeeded, succeeded: true, now - keepSucceeded));
        more |= await TryAsync("runs, failed or canceled", () => DeleteRunsAsync(_others, succeeded: false, now - keepOthers));
        more |= await TryAsync("inbox", () => _inbox.MeasureAsync(
            time,
            size => DeleteAsync(async session => await storage.Statements.DeleteInboxAsync(session, now - keepInbox, size, ct) == size)));
        if (!more)
        {
            await TryAsync("workers", async () =>
            {
                await DeleteAsync(async session =>
                {
                    await storage.Statements.DeleteLeftOversAsync(session, now - keepSucceeded, ct);
                    return true;
                });
                return false;
            });
        }

        return (runs, more);

        async Task<bool> DeleteRunsAsync(Batch batch, bool succeeded, DateTimeOffset before)
        {
            var from = batch.From is { } last && last < before ? last : DateTimeOffset.MinValue;
            var pruned = await batch.MeasureAsync(
                time, size => DeleteAsync(session => storage.Statements.DeleteEndedAsync(session, succeeded, from, before, size, ct)));
            batch.From = pruned.More ? pruned.Last : null;
            runs += pruned.Runs;
            return pruned.More;
        }

        async Task<bool> TryAsync(string table, Func<Task<bool>> delete)
        {
            var isMore = false;
            await _setbacks.TryAsync(table, async () => isMore = await delete(), ct);
            return isMore;
        }

        Task<T> DeleteAsync<T>(Func<StorageSession, Task<T>> work) => storage.AutocommitAsync(work, ct);
    }

    public ValueTask DisposeAsync() => _setbacks.DisposeAsync();

    /// <summary>The size of the next deletion, and where it continues.</summary>
    private sealed class Batch
    {
        private int _size = BatchSize;

        public DateTimeOffset? From { get; set; }

        public async Task<T> MeasureAsync<T>(TimeProvider time, Func<int, Task<T>> delete)
        {
            var begun = time.GetTimestamp();
            var result = await delete(_size);
            var took = time.GetElapsedTime(begun);
            if (took < BatchTime / 2)
                _size = Math.Min(_size * 2, MaxRows);
            else if (took > BatchTime * 2)
                _size = Math.Max(_size / 2, MinRows);
            return result;
        }
    }
}
