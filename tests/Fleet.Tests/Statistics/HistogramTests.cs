using Fleet.Core.Statistics;

namespace Fleet.Tests.Statistics;

public sealed class HistogramTests
{
    private static readonly double[] Fractions = [0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

    [Fact]
    public void Buckets_FromFirstToLast_AdjoinAndAreAtMostAnEighthWide()
    {
        Assert.Equal((0, 0.00025), (Buckets.From(0), Buckets.Until(0)!.Value));
        Assert.Equal((86_400, (double?)null), (Buckets.From(Buckets.Count - 1), Buckets.Until(Buckets.Count - 1)));
        for (var bucket = 1; bucket < Buckets.Count - 1; bucket++)
        {
            var (from, until) = (Buckets.From(bucket), Buckets.Until(bucket)!.Value);
            Assert.True(from < until && until - from <= (from / 8) + 1e-9, $"Bucket {bucket} is from {from} to {until}.");
        }
    }

    [Fact]
    public void Of_BoundsOfEachBucket_AreWhereTheLayoutSays()
    {
        for (var bucket = 0; bucket < Buckets.Count; bucket++)
        {
            // Bounds may lie between two ticks: the first tick from the bound on is in the bucket, the one before is not.
            var from = (long)Math.Ceiling(Math.Round(Buckets.From(bucket) * 2 * TimeSpan.TicksPerSecond) / 2);
            Assert.Equal(bucket, Buckets.Of(TimeSpan.FromTicks(from)));
            if (bucket > 0)
                Assert.Equal(bucket - 1, Buckets.Of(TimeSpan.FromTicks(from - 1)));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(0)]
    public void Of_NegativeTime_IsInTheFirstBucket(long ticks) => Assert.Equal(0, Buckets.Of(TimeSpan.FromTicks(ticks)));

    [Fact]
    public void Of_LongestTime_IsInTheLastBucket() => Assert.Equal(Buckets.Count - 1, Buckets.Of(TimeSpan.MaxValue));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(37)]
    [InlineData(20_000)]
    public void Quantile_OfManyDistributions_IsWithinAnEighthOfTheExactOne(int count)
    {
        var random = new Random(count);
        Func<double>[] distributions =
        [
            () => 0.0003 + random.NextDouble(),
            () => Math.Exp(-7 + (16 * random.NextDouble())),
            () => random.Next(2) == 0 ? 0.001 : 30,
            () => -5 * Math.Log(1 - random.NextDouble()),
            () => 0.02,
        ];
        foreach (var draw in distributions)
        {
            var histogram = new Histogram();
            TimeSpan[] times = [.. Enumerable.Range(0, count).Select(_ => TimeSpan.FromSeconds(draw())).Order()];
            foreach (var time in times)
                histogram.Add(time);
            foreach (var fraction in Fractions)
            {
                // The smallest time that so large a part of all does not exceed.
                var exact = times[(int)Math.Ceiling(fraction * count) - 1].TotalSeconds;
                var found = histogram.Quantile(fraction)!.Value;
                Assert.True(
                    Math.Abs(found - exact) <= Math.Max(exact / 8, 0.00025), $"{fraction} of {count}: {found} s instead of {exact} s.");
            }
        }
    }

    [Fact]
    public void Quantile_OfNothing_IsNull() => Assert.Null(new Histogram().Quantile(0.5));

    [Fact]
    public void Quantile_AboveADay_IsADay()
    {
        var histogram = new Histogram();
        histogram.Add(TimeSpan.FromDays(400));

        Assert.Equal(86_400, histogram.Quantile(0.5));
    }

    [Fact]
    public void Encode_ManyAndLargeCounts_AreReadBack()
    {
        var one = new Histogram();
        for (var bucket = 0; bucket < Buckets.Count; bucket += 3)
            one.Add(TimeSpan.FromSeconds(Buckets.From(bucket) + 0.0001));
        // Each round doubles: far beyond 32 bits.
        for (var i = 0; i < 40; i++)
            one.Add(one.Encode());

        var two = new Histogram();
        two.Add(one.Encode());

        Assert.Equal(one.Filled, two.Filled);
        Assert.Equal(77L << 40, two.Count);
        Assert.Equal(1L << 40, two.Filled.First().Count);
    }

    [Fact]
    public void Encode_Nothing_IsEmpty() => Assert.Empty(new Histogram().Encode());

    [Fact]
    public void Encode_AFewTimes_TakesAFewBytes()
    {
        var histogram = new Histogram();
        histogram.Add(TimeSpan.FromMilliseconds(1));
        histogram.Add(TimeSpan.FromMilliseconds(1));
        histogram.Add(TimeSpan.FromSeconds(1));

        Assert.Equal(5, histogram.Encode().Length);
    }

    [Theory]
    [InlineData(new byte[] { 2, 1, 1 })]
    [InlineData(new byte[] { 1, 1 })]
    [InlineData(new byte[] { 1, 0x80 })]
    [InlineData(new byte[] { 1, 0xE5, 0x01, 1 })]
    [InlineData(new byte[] { 1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    [InlineData(new byte[] { 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void Add_OtherBytes_IsRefused(byte[] bytes) => Assert.Throws<FormatException>(() => new Histogram().Add(bytes));

    [Fact]
    public void Merge_InAnyOrder_HasTheSameBuckets()
    {
        var random = new Random(7);
        var whole = new Histogram();
        var parts = Enumerable.Range(0, 20).Select(_ => new Histogram()).ToArray();
        for (var i = 0; i < 10_000; i++)
        {
            var time = TimeSpan.FromSeconds(Math.Exp(-8 + (20 * random.NextDouble())));
            whole.Add(time);
            parts[random.Next(parts.Length)].Add(time);
        }

        random.Shuffle(parts);
        var merged = new Histogram();
        foreach (var part in parts)
            merged.Add(part.Encode());

        Assert.Equal(whole.Filled, merged.Filled);
        Assert.Equal(whole.Count, merged.Count);
    }

    [Fact]
    public void Bars_Encoded_AreReadBack()
    {
        var at = new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);
        Bar[] bars =
        [
            new(RunId.New(at), "report.daily", 1, Core.Storage.Rows.RollupOutcome.Succeeded, at.AddMinutes(-90), TimeSpan.FromMinutes(91)),
            new(RunId.New(at), "mail", 3, Core.Storage.Rows.RollupOutcome.Retried, at.AddMilliseconds(4321), TimeSpan.FromSeconds(2)),
            new(RunId.New(at), "report.daily", 1, Core.Storage.Rows.RollupOutcome.Failed, at, TimeSpan.FromSeconds(1)),
        ];

        Assert.Equal(bars, Bars.Decode(Bars.Encode(bars, at), at));
        Assert.Empty(Bars.Encode([], at));
    }
}
