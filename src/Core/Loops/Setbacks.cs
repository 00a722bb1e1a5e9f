using System.Runtime.ExceptionServices;
using Fleet.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Loops;

/// <summary>The failed items of a loop, by key. The loop skips each of them for a growing pause with jitter and continues with the others.
/// The first failure and the recovery are logged; failures in between are only counted. The loop does not wait for a slow item either: its
/// work continues, and the item is skipped until it ends.</summary>
/// <remarks>A failure that the broker or the database may have caused (<c>isOutage</c>) counts against an item only if other items succeed
/// at the same time. If none succeeds, it is an outage, and the whole loop waits.</remarks>
/// <param name="loop">The loop's name in logs and metrics.</param>
/// <param name="kind">What the items are, in the singular: <c>lane</c>.</param>
/// <param name="isOutage">True for an error that the item may not have caused.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets one line when an item is skipped for the first time, and one when it works again.</param>
public sealed partial class Setbacks(string loop, string kind, Predicate<Exception> isOutage, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    /// <summary>How long a pass waits for an item before it continues without it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The pause after the first failure; it doubles with each further one.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>Maximum pause while an outage may be the cause, so that the loop continues soon after the outage.</summary>
    public static readonly TimeSpan LongestDoubt = TimeSpan.FromSeconds(2);

    /// <summary>An item that was not tried for this time after its pause is forgotten, because its work no longer exists.</summary>
    public static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(10);

    /// <summary>Maximum number of remembered items. Beyond it, the items whose pauses end first are forgotten.</summary>
    public const int MaxItems = 10_000;

    private readonly Dictionary<string, Item> _items = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long _successes;

    /// <summary>Number of items done so far. Read before a try, it shows afterwards whether other items succeeded in the
    /// meantime.</summary>
    public long Successes => Interlocked.Read(ref _successes);

    /// <summary>The items that a pass must skip now, so that they do not delay the others.</summary>
    public IReadOnlyList<string> LeftOut
    {
        get
        {
            lock (_lock)
            {
                if (_items.Count == 0)
                    return [];
                foreach (var (key, item) in _items)
                {
                    if (item.UnderWay is null && Passed(item) > item.Pause + ForgetAfter)
                        Forget(key);
                }

                return [.. _items.Where(i => IsLeftOut(i.Value)).Select(i => i.Key)];
            }
        }
    }

    /// <summary>The items that have failed and not succeeded since, even if their pause is over.</summary>
    public IReadOnlyList<string> Suspects
    {
        get
        {
            lock (_lock)
                return _items.Count == 0 ? [] : [.. _items.Keys];
        }
    }

    /// <summary>True if a pass must skip the item now.</summary>
    public bool IsLeftOut(string key)
    {
        lock (_lock)
            return _items.TryGetValue(key, out var item) && IsLeftOut(item);
    }

    /// <summary>True if the item itself is known to be the cause of its failures.</summary>
    public bool IsKnown(string key)
    {
        lock (_lock)
            return _items.TryGetValue(key, out var item) && item.IsOwn;
    }

    /// <summary>Does the work of one item, unless it must be skipped now.</summary>
    /// <returns>True if the work was done.</returns>
    /// <exception cref="Exception">An outage: the whole loop must wait.</exception>
    public async Task<bool> TryAsync(string key, Func<Task> work, CancellationToken ct)
    {
        if (IsLeftOut(key))
            return false;
        var begun = Successes;
        try
        {
            await work();
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (Failed(key, e, begun))
                return false;
            throw;
        }

        Succeeded(key);
        return true;
    }

    /// <summary>Does the work of several items in parallel. It waits for at most <see cref="Patience"/>, and not at all for items that are
    /// known to fail; their work continues without it.</summary>
    /// <param name="keys">The items. Those that must be skipped now are not tried.</param>
    /// <param name="work">The work of one item.</param>
    /// <param name="late">Called when an item succeeds after this call has returned.</param>
    /// <param name="ct">Cancels the work of all items, including work that continues after this call.</param>
    /// <returns>The items whose work was done.</returns>
    /// <exception cref="Exception">No item succeeded, and an outage may be the reason: the whole loop must wait.</exception>
    public async Task<IReadOnlySet<string>> TryEachAsync(
        IEnumerable<string> keys, Func<string, Task> work, Func<string, Task> late, CancellationToken ct)
    {
        var tries = keys.Where(key => !IsLeftOut(key)).Select(Begin).ToList();
        await WaitAsync(tries.Where(t => !t.IsKnown).Select(t => t.Result), time, ct);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tried in tries.Where(t => t.Result.IsCompleted && t.Result.Result is null))
        {
            Succeeded(tried.Key);
            done.Add(tried.Key);
        }

        Exception? outage = null;
        // After the successes, which are needed to tell an item's own failure from an outage.
        foreach (var tried in tries.Where(t => !done.Contains(t.Key)))
        {
            if (!tried.Result.IsCompleted || tried.Result.Result is not { } error)
                LeaveBehind(tried, late, ct);
            else if (!Failed(tried.Key, error, tried.Begun))
                outage ??= error;
        }

        if (done.Count == 0 && outage is not null)
            ExceptionDispatchInfo.Throw(outage);
        if (done.Count == 0)
            ThrowIfOutage();
        return done;

        Try Begin(string key) => new(key, IsKnown(key), Successes, CatchAsync(work, key));
    }

    /// <summary>Waits for all items, at most for <see cref="Patience"/>.</summary>
    public static async Task WaitAsync(IEnumerable<Task> works, TimeProvider time, CancellationToken ct)
    {
        var all = Task.WhenAll(works);
        if (!all.IsCompleted)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(all, Task.Delay(Patience, time, enough.Token));
            await enough.CancelAsync();
        }

        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Skips an item until its work ends. The work must not throw.</summary>
    public void LeaveBehind(string key, Task work)
    {
        lock (_lock)
        {
            var item = Get(key);
            item.UnderWay = item.UnderWay is { } other ? Task.WhenAll(other, work) : work;
            _ = EndAsync(item, item.UnderWay);
        }

        async Task EndAsync(Item item, Task underWay)
        {
            await Task.Yield();
            await underWay;
            lock (_lock)
            {
                if (item.UnderWay == underWay)
                    item.UnderWay = null;
            }
        }
    }

    /// <summary>Stores the error of an item whose work continued alone, for the next pass.</summary>
    public void MetOutage(string key, Exception error)
    {
        lock (_lock)
            Get(key).Outage = error;
    }

    /// <summary>Throws the stored error of an item whose work continued alone, if it may have been an outage.</summary>
    public void ThrowIfOutage()
    {
        Exception? outage = null;
        lock (_lock)
        {
            foreach (var item in _items.Values)
                (outage, item.Outage) = (outage ?? item.Outage, null);
        }

        if (outage is not null)
            ExceptionDispatchInfo.Throw(outage);
    }

    /// <summary>Records that an item failed because of itself.</summary>
    public void SetBack(string key, Exception error)
    {
        lock (_lock)
            Pause(key, Get(key), error, isOwn: true);
    }

    /// <summary>Records that an item was done.</summary>
    public void Succeeded(string key)
    {
        lock (_lock)
        {
            _successes++;
            if (_items.Count == 0)
                return;
            if (_items.TryGetValue(key, out var item))
            {
                if (item.IsOwn)
                    LogWorksAgain(loop, kind, key, item.Failures, time.GetElapsedTime(item.Since));
                Forget(key);
            }

            // The outage that other items may have met is over.
            foreach (var other in _items.Values.Where(i => !i.IsOwn))
                other.Pause = TimeSpan.Zero;
        }
    }

    /// <summary>Records that an item failed.</summary>
    /// <param name="key">The item.</param>
    /// <param name="error">Why.</param>
    /// <param name="begun"><see cref="Successes"/> before the try.</param>
    /// <returns>False if it may be an outage.</returns>
    public bool Failed(string key, Exception error, long begun)
    {
        lock (_lock)
        {
            var item = Get(key);
            if (!isOutage(error))
            {
                Pause(key, item, error, isOwn: true);
                return true;
            }

            // Other items succeeded during this try, or since its last failure. One failure may be chance, because items share a
            // connection.
            if (_successes > (item.Failures > 0 ? Math.Min(begun, item.SuccessesBefore) : begun))
                item.Evidence++;
            var isOwn = item.IsOwn || item.Evidence > 1;
            Pause(key, item, error, isOwn);
            return isOwn || item.Evidence > 0;
        }
    }

    /// <summary>How long an item is skipped from now on.</summary>
    public TimeSpan PauseOf(string key)
    {
        lock (_lock)
            return _items.TryGetValue(key, out var item) && item.Pause - Passed(item) is { Ticks: > 0 } left ? left : TimeSpan.Zero;
    }

    /// <summary>Waits for work that continues alone. The owner of its token cancels it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] underWay;
        lock (_lock)
            underWay = [.. _items.Values.Select(i => i.UnderWay).OfType<Task>()];
        await Task.WhenAll(underWay);
    }

    /// <returns>Null when the work was done.</returns>
    private static async Task<Exception?> CatchAsync(Func<string, Task> work, string key)
    {
        try
        {
            await work(key);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private void LeaveBehind(Try tried, Func<string, Task> late, CancellationToken ct)
    {
        LeaveBehind(tried.Key, FinishAsync());

        async Task FinishAsync()
        {
            var error = await tried.Result ?? await CatchAsync(late, tried.Key);
            if (error is null)
                Succeeded(tried.Key);
            else if (!ct.IsCancellationRequested && !Failed(tried.Key, error, tried.Begun))
                MetOutage(tried.Key, error);
        }
    }

    private void Pause(string key, Item item, Exception error, bool isOwn)
    {
        (item.FailedAt, item.SuccessesBefore) = (time.GetTimestamp(), _successes);
        if (item.Failures++ == 0)
            item.Since = item.FailedAt;
        var longest = isOwn ? LongestPause : LongestDoubt;
        var pause = FirstPause * Math.Pow(2, Math.Min(item.Failures - 1, 10)) * (0.75 + (Random.Shared.NextDouble() / 2));
        item.Pause = pause < longest ? pause : longest;
        FleetMetrics.Setbacks.Add(1, new KeyValuePair<string, object?>("loop", loop));
        if (!isOwn || item.IsOwn)
            return;
        item.IsOwn = true;
        FleetMetrics.LeftOut.Add(1, new KeyValuePair<string, object?>("loop", loop));
        LogLeftOut(loop, kind, key, error.Message, item.Pause, error);
    }

    private Item Get(string key)
    {
        if (_items.TryGetValue(key, out var item))
            return item;
        if (_items.Count >= MaxItems)
        {
            var oldest = _items.Where(i => i.Value.UnderWay is null).OrderBy(i => i.Value.Pause - Passed(i.Value));
            foreach (var old in oldest.Take(MaxItems / 10).Select(i => i.Key).ToList())
                Forget(old);
        }

        return _items[key] = new Item();
    }

    private void Forget(string key)
    {
        if (_items.Remove(key, out var item) && item.IsOwn)
            FleetMetrics.LeftOut.Add(-1, new KeyValuePair<string, object?>("loop", loop));
    }

    private bool IsLeftOut(Item item) => item.UnderWay is not null || Passed(item) < item.Pause;

    private TimeSpan Passed(Item item) => time.GetElapsedTime(item.FailedAt);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Loop {Loop} skips {Kind} '{Item}' and tries it again in {Pause}, later after growing pauses: {Error}")]
    private partial void LogLeftOut(string loop, string kind, string item, string error, TimeSpan pause, Exception e);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Loop {Loop}: {Kind} '{Item}' works again after {Failures} failure(s) in {Duration}.")]
    private partial void LogWorksAgain(string loop, string kind, string item, int failures, TimeSpan duration);

    private readonly record struct Try(string Key, bool IsKnown, long Begun, Task<Exception?> Result);

    private sealed class Item
    {
        public int Failures { get; set; }

        /// <summary>How often it failed while others succeeded.</summary>
        public int Evidence { get; set; }

        /// <summary>True if the item is known to be the cause of its failure. Then this has been logged.</summary>
        public bool IsOwn { get; set; }

        /// <summary>The number of items done when it failed last.</summary>
        public long SuccessesBefore { get; set; }

        public long Since { get; set; }

        public long FailedAt { get; set; }

        public TimeSpan Pause { get; set; }

        /// <summary>An error that may have been an outage, for the next pass.</summary>
        public Exception? Outage { get; set; }

        public Task? UnderWay { get; set; }
    }
}
