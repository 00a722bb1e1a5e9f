using System.Numerics;

namespace Fleet.Core.Statistics;

/// <summary>The buckets of every histogram of waits and durations, in one place: from 0.25 ms to 24 h, eight for each doubling.</summary>
/// <remarks>
/// <para>Bucket 0 has everything below 0.25 ms, the last bucket everything from 24 h on. Each doubling in between, from 0.25 ms to 0.5 ms
/// and so on, is divided into eight buckets of equal width. So a bucket is at most an eighth (12.5 %) wider than its lower bound, and at
/// least a fifteenth. A quantile that is computed from buckets is in the same bucket as the exact one: it is wrong by at most 12.5 %, and
/// by at most 0.25 ms below 0.25 ms.</para>
/// <para>Stored histograms contain the numbers of buckets. Another layout needs another <see cref="Histogram.Version"/>.</para>
/// </remarks>
public static class Buckets
{
    /// <summary>Number of buckets.</summary>
    public const int Count = 229;

    private const int PerDoubling = 8;

    /// <summary>The upper bound of the first bucket.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMicroseconds(250);

    /// <summary>The lower bound of the last bucket.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    // An eighth of the shortest, 31.25 µs, in halves of a tick. All bounds are multiples of it.
    private const long Unit = 625;

    /// <summary>The bucket of a time. A negative time counts as zero.</summary>
    public static int Of(TimeSpan time)
    {
        if (time < Shortest)
            return 0;
        if (time >= Longest)
            return Count - 1;
        var units = time.Ticks * 2 / Unit;
        var doublings = BitOperations.Log2((ulong)units) - 3;
        return 1 + (doublings * PerDoubling) + (int)(units >> doublings) - PerDoubling;
    }

    /// <summary>The lower bound of a bucket, in seconds: its times are at least as long.</summary>
    public static double From(int bucket) => bucket switch
    {
        0 => 0,
        Count - 1 => Longest.TotalSeconds,
        _ => (Unit * (PerDoubling + ((bucket - 1) % PerDoubling)) << ((bucket - 1) / PerDoubling)) / (2.0 * TimeSpan.TicksPerSecond),
    };

    /// <summary>The upper bound of a bucket, in seconds: its times are shorter. Null for the last one.</summary>
    public static double? Until(int bucket) => bucket < Count - 1 ? From(bucket + 1) : null;
}
