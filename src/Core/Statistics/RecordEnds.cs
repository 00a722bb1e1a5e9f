using System.Runtime.InteropServices;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Statistics;

/// <summary>Counts the ends of attempts in the memory of a worker, until <c>FlushFigures</c> writes them.</summary>
/// <remarks>An end costs a lookup and a few increments under a lock that is held for nothing else; it allocates nothing once its series is
/// there. What is not yet written when the process is killed is lost: the ends of at most ten seconds. The runs themselves are
/// not.</remarks>
public sealed class RecordEnds(TimeProvider time, DatabaseClock clock)
{
    /// <summary>Maximum number of series (job, lane and outcome) in a minute. The others share the series <see cref="Other"/> of their
    /// lane and outcome.</summary>
    public const int MaxSeries = 1000;

    /// <summary>The job of the ends that have no series of their own. No job has such a name.</summary>
    public const string Other = "(other)";

    private readonly Lock _lock = new();
    private readonly List<Page> _left = [];
    private readonly Dictionary<string, Ends> _lanes = new(StringComparer.Ordinal);
    private Page _page = new(default);
    private long _folded;

    /// <summary>The time by the database's clock, as far as this process knows it.</summary>
    public DateTimeOffset Now => time.GetUtcNow() + clock.Offset;

    /// <summary>Counts the end of an attempt.</summary>
    /// <param name="run">The run.</param>
    /// <param name="outcome">How the attempt ended.</param>
    /// <param name="took">How long its handler took; null if it was not called.</param>
    public void Add(ClaimedRun run, RollupOutcome outcome, TimeSpan? took)
    {
        var now = Now;
        var minute = now.UtcTicks / TimeSpan.TicksPerMinute;
        var wait = run.StartedAt - run.DueAt;
        lock (_lock)
        {
            if (_page.Minute != minute)
            {
                if (_page.Series.Count > 0)
                    _left.Add(_page);
                _page = new Page(minute);
            }

            var series = SeriesOf(run.Job, run.Lane, outcome);
            series.Count++;
            if (took is { } duration)
            {
                series.Waits.Add(wait);
                series.Durations.Add(duration);
                series.Waited += Math.Max(0, wait.Ticks / TimeSpan.TicksPerMicrosecond);
                series.Worked += Math.Max(0, duration.Ticks / TimeSpan.TicksPerMicrosecond);
            }

            ref var ends = ref CollectionsMarshal.GetValueRefOrAddDefault(_lanes, run.Lane, out _);
            ends ??= new Ends();
            ends.Add(outcome);
            if (took >= Bars.Shortest)
                ends.Draw(new Bar(run.Id, run.Job, run.Attempt, outcome, now - took.Value, took.Value));
        }
    }

    /// <summary>Takes what was counted since the last time.</summary>
    public TakenEnds Take()
    {
        List<Page> pages;
        Dictionary<string, Ends> lanes;
        long folded;
        lock (_lock)
        {
            pages = [.. _left, _page];
            lanes = new Dictionary<string, Ends>(_lanes, StringComparer.Ordinal);
            (folded, _folded) = (_folded, 0);
            _left.Clear();
            _lanes.Clear();
            _page = new Page(_page.Minute);
        }

        // Nobody adds to these any more.
        return new TakenEnds([.. pages.SelectMany(p => p.ToRows())], lanes, folded);
    }

    /// <summary>Must be called under the lock.</summary>
    private Series SeriesOf(string job, string lane, RollupOutcome outcome)
    {
        var key = new SeriesKey(job, lane, outcome);
        if (_page.Series.TryGetValue(key, out var series))
            return series;
        if (_page.Series.Count >= MaxSeries)
        {
            _folded++;
            key = new SeriesKey(Other, lane, outcome);
            if (_page.Series.TryGetValue(key, out series))
                return series;
        }

        return _page.Series[key] = new Series();
    }

    private readonly record struct SeriesKey(string Job, string Lane, RollupOutcome Outcome);

    private sealed class Series
    {
        public long Count { get; set; }

        public long Waited { get; set; }

        public long Worked { get; set; }

        public Histogram Waits { get; } = new();

        public Histogram Durations { get; } = new();
    }

    /// <param name="minute">Minutes since the year 1, in UTC.</param>
    private sealed class Page(long minute)
    {
        public long Minute => minute;

        public Dictionary<SeriesKey, Series> Series { get; } = [];

        public IEnumerable<Rollup> ToRows() => Series.Select(s => new Rollup
        {
            At = new DateTimeOffset(minute * TimeSpan.TicksPerMinute, TimeSpan.Zero),
            Step = RollupStep.Written,
            Job = s.Key.Job,
            Lane = s.Key.Lane,
            Outcome = s.Key.Outcome,
            Count = s.Value.Count,
            Waited = s.Value.Waited,
            Worked = s.Value.Worked,
            Waits = s.Value.Waits.Encode(),
            Durations = s.Value.Durations.Encode(),
        });
    }
}

/// <summary>What <see cref="RecordEnds"/> had counted.</summary>
/// <param name="Rollups">By minute, job, lane and outcome.</param>
/// <param name="Lanes">By lane.</param>
/// <param name="Folded">Number of ends that share the series <see cref="RecordEnds.Other"/>.</param>
public sealed record TakenEnds(IReadOnlyList<Rollup> Rollups, IReadOnlyDictionary<string, Ends> Lanes, long Folded);

/// <summary>The ends in a lane since the last sample.</summary>
public sealed class Ends
{
    private readonly long[] _counts = new long[(int)RollupOutcome.Released + 1];
    private readonly List<Bar> _bars = [];

    /// <summary>The attempts that are drawn one by one.</summary>
    public IReadOnlyList<Bar> Bars => _bars;

    /// <summary>Number of attempts that were long enough for that, and too many.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Number of ends with an outcome.</summary>
    public long this[RollupOutcome outcome] => _counts[(int)outcome];

    internal void Add(RollupOutcome outcome) => _counts[(int)outcome]++;

    internal void Draw(Bar bar)
    {
        if (_bars.Count < Statistics.Bars.MaxOfSample)
            _bars.Add(bar);
        else
            LeftOut++;
    }
}
