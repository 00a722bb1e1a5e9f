namespace Fleet.Core.Statistics;

/// <summary>A number of times, counted by <see cref="Buckets"/>. Merging adds 64-bit counters, so nothing is lost by it.</summary>
public sealed class Histogram
{
    /// <summary>The first byte of an encoded histogram: the layout of the buckets and the form of the bytes.</summary>
    public const byte Version = 1;

    private readonly long[] _counts = new long[Buckets.Count];

    /// <summary>Number of times.</summary>
    public long Count { get; private set; }

    /// <summary>The buckets that have something, in their order.</summary>
    public IEnumerable<(int Bucket, long Count)> Filled =>
        _counts.Index().Where(c => c.Item != 0).Select(c => (c.Index, c.Item));

    /// <summary>Counts a time.</summary>
    public void Add(TimeSpan time)
    {
        _counts[Buckets.Of(time)]++;
        Count++;
    }

    /// <summary>Adds the counts of another histogram.</summary>
    public void Add(Histogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        Count += other.Count;
    }

    /// <summary>Adds the counts of an encoded histogram.</summary>
    /// <exception cref="FormatException">It is not encoded as <see cref="Encode"/> does.</exception>
    public void Add(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length == 0)
            return;
        if (encoded[0] != Version)
            throw new FormatException($"A histogram of version {encoded[0]} was read; this program knows version {Version}.");
        var next = 1;
        var bucket = 0L;
        while (next < encoded.Length)
        {
            bucket += ReadNumber(encoded, ref next);
            var count = ReadNumber(encoded, ref next);
            if (bucket is < 0 or >= Buckets.Count || count < 0)
                throw new FormatException("A histogram was read that has no such bucket, or a negative count.");
            _counts[bucket] += count;
            Count += count;
        }
    }

    /// <summary>The filled buckets as bytes: the version, then for each the distance to the one before and its count, both in 7 bits a
    /// byte. Nothing for an empty histogram.</summary>
    public byte[] Encode()
    {
        if (Count == 0)
            return [];
        var bytes = new List<byte>(64) { Version };
        var before = 0;
        foreach (var (bucket, count) in Filled)
        {
            WriteNumber(bytes, bucket - before);
            WriteNumber(bytes, count);
            before = bucket;
        }

        return [.. bytes];
    }

    /// <summary>The time, in seconds, below which a fraction of the times is. Interpolated within its bucket; 24 h for the last
    /// bucket. Null if there is none.</summary>
    /// <param name="fraction">From 0 to 1: 0.5 is the median.</param>
    public double? Quantile(double fraction)
    {
        if (Count == 0)
            return null;
        var rank = fraction * Count;
        var before = 0L;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            var count = _counts[bucket];
            if (count > 0 && before + count >= rank)
            {
                var from = Buckets.From(bucket);
                return from + (((Buckets.Until(bucket) ?? from) - from) * Math.Max(0, rank - before) / count);
            }

            before += count;
        }

        return Buckets.Longest.TotalSeconds;
    }

    internal static void WriteNumber(List<byte> bytes, long number)
    {
        var left = (ulong)number;
        for (; left >= 0x80; left >>= 7)
            bytes.Add((byte)(left | 0x80));
        bytes.Add((byte)left);
    }

    /// <exception cref="FormatException">The bytes end within the number, or it has more than 64 bits.</exception>
    internal static long ReadNumber(ReadOnlySpan<byte> bytes, ref int next)
    {
        var number = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (next >= bytes.Length)
                break;
            var part = bytes[next++];
            number |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return (long)number;
        }

        throw new FormatException("Stored figures end within a number.");
    }
}
