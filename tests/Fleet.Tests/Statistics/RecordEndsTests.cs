using Fleet.Core.Statistics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Statistics;

public sealed class RecordEndsTests
{
    private readonly FakeTimeProvider _time = new(Verbs.Noon);
    private readonly DatabaseClock _clock = new();
    private readonly RecordEnds _ends;

    public RecordEndsTests() => _ends = new RecordEnds(_time, _clock);

    [Fact]
    public void Add_AcrossTheBorderOfAMinute_CountsEachInItsOwn()
    {
        _time.Advance(TimeSpan.FromSeconds(59.9));
        Add();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Add();
        Add();

        Assert.Equal([(Verbs.Noon, 1), (Verbs.Noon.AddMinutes(1), 2)], _ends.Take().Rollups.Select(r => (r.At, r.Count)));
        Assert.Empty(_ends.Take().Rollups);
    }

    [Fact]
    public void Add_ClockSetBack_LosesNothing()
    {
        var time = new FakeTimeProvider(Verbs.Noon) { AutoAdvanceAmount = TimeSpan.Zero };
        var ends = new RecordEnds(time, _clock);
        ends.Add(Run(), RollupOutcome.Succeeded, TimeSpan.Zero);
        time.AdjustTime(Verbs.Noon.AddHours(-1));
        ends.Add(Run(), RollupOutcome.Succeeded, TimeSpan.Zero);
        time.AdjustTime(Verbs.Noon);
        ends.Add(Run(), RollupOutcome.Succeeded, TimeSpan.Zero);

        var rows = ends.Take().Rollups;

        Assert.Equal(
            [(Verbs.Noon.AddHours(-1), 1L), (Verbs.Noon, 2L)],
            rows.GroupBy(r => r.At).OrderBy(g => g.Key).Select(g => (g.Key, g.Sum(r => r.Count))));
    }

    [Fact]
    public void Add_DatabaseClockIsAhead_CountsInTheMinuteOfTheDatabase()
    {
        _clock.Observe(Verbs.Noon.AddMinutes(5), Verbs.Noon);
        Add();

        Assert.Equal(Verbs.Noon.AddMinutes(5), Assert.Single(_ends.Take().Rollups).At);
    }

    [Fact]
    public void Add_WaitAndDuration_AreInTheirHistograms()
    {
        _ends.Add(Run(wait: TimeSpan.FromMilliseconds(40)), RollupOutcome.Failed, TimeSpan.FromSeconds(3));
        _ends.Add(Run(wait: TimeSpan.FromSeconds(-7)), RollupOutcome.Failed, TimeSpan.FromSeconds(5));
        _ends.Add(Run(), RollupOutcome.Failed, null);

        var row = Assert.Single(_ends.Take().Rollups);

        Assert.Equal((3, 40_000, 8_000_000), (row.Count, row.Waited, row.Worked));
        Assert.Equal(new[] { 0, Buckets.Of(TimeSpan.FromMilliseconds(40)) }, Filled(row.Waits));
        Assert.Equal(new[] { Buckets.Of(TimeSpan.FromSeconds(3)), Buckets.Of(TimeSpan.FromSeconds(5)) }, Filled(row.Durations));
    }

    [Fact]
    public void Add_MoreSeriesThanAllowed_SharesOneAndCountsThem()
    {
        for (var i = 0; i < RecordEnds.MaxSeries + 20; i++)
            _ends.Add(Run($"job{i}"), RollupOutcome.Succeeded, TimeSpan.FromSeconds(1));
        _ends.Add(Run("job3"), RollupOutcome.Succeeded, TimeSpan.FromSeconds(1));

        var taken = _ends.Take();

        Assert.Equal(RecordEnds.MaxSeries + 1, taken.Rollups.Count);
        Assert.Equal(RecordEnds.MaxSeries + 21, taken.Rollups.Sum(r => r.Count));
        Assert.Equal(20, Assert.Single(taken.Rollups, r => r.Job == RecordEnds.Other).Count);
        Assert.Equal(2, Assert.Single(taken.Rollups, r => r.Job == "job3").Count);
        Assert.Equal(20, taken.Folded);
    }

    [Fact]
    public void Add_LongAttempts_AreDrawnUpToTheirNumber()
    {
        for (var i = 0; i < Bars.MaxOfSample + 3; i++)
            _ends.Add(Run(), RollupOutcome.Succeeded, Bars.Shortest);
        _ends.Add(Run(), RollupOutcome.Succeeded, Bars.Shortest - TimeSpan.FromTicks(1));

        var lane = _ends.Take().Lanes["default"];

        Assert.Equal((Bars.MaxOfSample, 3), (lane.Bars.Count, lane.LeftOut));
        Assert.Equal(Bars.MaxOfSample + 4, lane[RollupOutcome.Succeeded]);
        Assert.Equal(Verbs.Noon - Bars.Shortest, lane.Bars[0].StartedAt);
    }

    [Fact]
    public async Task Add_WhileItIsTaken_IsCountedOnce()
    {
        const int each = 20_000;
        using var stop = new CancellationTokenSource();
        var taken = 0L;
        var taking = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
                taken += _ends.Take().Rollups.Sum(r => r.Count);
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() =>
        {
            for (var n = 0; n < each; n++)
                _ends.Add(Run($"job{i}"), RollupOutcome.Succeeded, TimeSpan.FromMilliseconds(n));
        })));
        await stop.CancelAsync();
        await taking;

        Assert.Equal(4 * each, taken + _ends.Take().Rollups.Sum(r => r.Count));
    }

    [Fact]
    public void Add_KnownSeries_AllocatesNothing()
    {
        var run = Run();
        Add();
        _ends.Add(run, RollupOutcome.Succeeded, TimeSpan.FromMilliseconds(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            _ends.Add(run, RollupOutcome.Succeeded, TimeSpan.FromMilliseconds(i));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static IEnumerable<int> Filled(byte[] encoded)
    {
        var histogram = new Histogram();
        histogram.Add(encoded);
        return histogram.Filled.Select(f => f.Bucket);
    }

    private void Add() => _ends.Add(Run(), RollupOutcome.Succeeded, TimeSpan.FromMilliseconds(1));

    private static ClaimedRun Run(string job = "note", TimeSpan wait = default) => new()
    {
        Id = RunId.New(Verbs.Noon),
        Job = job,
        Lane = "default",
        Args = "{}",
        Attempt = 1,
        AttemptOffset = 0,
        MaxAttempts = null,
        LeaseToken = 1,
        DueAt = Verbs.Noon,
        StartedAt = Verbs.Noon + wait,
    };
}
