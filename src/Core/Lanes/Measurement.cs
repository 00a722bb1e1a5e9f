using Fleet.Core.Storage;

namespace Fleet.Core.Lanes;

/// <summary>Keeps what was measured for a moment, so that the number of callers does not matter; callers that come together wait for one
/// measurement.</summary>
internal sealed class Measurement<T>(Func<CancellationToken, Task<T>> measure, IStorage storage, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Task<T>? _underWay;
    private (T Value, long At)? _last;
    private long? _failedAt;

    /// <summary>What was measured last, if that is fresh; else measures.</summary>
    /// <exception cref="Exception">The database is away, and what was measured last is too old.</exception>
    public async Task<Measured<T>> GetAsync(CancellationToken ct)
    {
        Task<T> measuring;
        lock (_lock)
        {
            if (_last is { } fresh && time.GetElapsedTime(fresh.At) < LaneFigures.MaxAge)
                return new Measured<T>(fresh.Value, time.GetElapsedTime(fresh.At));
            // While the database is away, not every caller waits for it.
            if (_failedAt is { } failed && time.GetElapsedTime(failed) < LaneFigures.MaxAge && Stale() is { } known)
                return known;
            if (_underWay is null or { IsCompleted: true })
                _underWay = MeasureAsync();
            measuring = _underWay;
        }

        try
        {
            return new Measured<T>(await measuring.WaitAsync(ct), TimeSpan.Zero);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && (storage.IsOutage(e) || e is OperationCanceledException))
        {
            lock (_lock)
            {
                _failedAt = time.GetTimestamp();
                if (Stale() is { } known)
                    return known;
            }

            throw;
        }
    }

    private Measured<T>? Stale() => _last is { } last && time.GetElapsedTime(last.At) is var age && age <= LaneFigures.MaxStale
        ? new Measured<T>(last.Value, age)
        : null;

    /// <summary>Not canceled with the caller: others wait for it.</summary>
    private async Task<T> MeasureAsync()
    {
        using var limit = new CancellationTokenSource(Limit, time);
        var value = await measure(limit.Token);
        lock (_lock)
            (_last, _failedAt) = ((value, time.GetTimestamp()), null);
        return value;
    }
}
