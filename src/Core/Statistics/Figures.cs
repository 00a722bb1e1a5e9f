using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Statistics;

/// <summary>The sum of some rows of <c>rollups</c>.</summary>
public sealed class Figures
{
    private readonly long[] _ends = new long[(int)RollupOutcome.Released + 1];
    private Histogram? _waits;
    private Histogram? _durations;

    /// <summary>Number of ends.</summary>
    public long Count { get; private set; }

    /// <summary>Number of samples of slots. Zero: no worker was there.</summary>
    public long Samples => _ends[(int)RollupOutcome.Slots];

    /// <summary>Sum of the waits, in microseconds.</summary>
    public long Waited { get; private set; }

    /// <summary>Sum of the durations, in microseconds.</summary>
    public long Worked { get; private set; }

    /// <summary>Slot time that was used, in microseconds.</summary>
    public long Used { get; private set; }

    /// <summary>Slot time that there was, in microseconds.</summary>
    public long Slots { get; private set; }

    /// <summary>Delays from due time to start; null if there is none.</summary>
    public Histogram? Waits => _waits;

    /// <summary>Durations of attempts; null if there is none.</summary>
    public Histogram? Durations => _durations;

    /// <summary>Number of rows whose histogram this program cannot read: a newer one has written it.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Number of ends with an outcome.</summary>
    public long this[RollupOutcome outcome] => _ends[(int)outcome];

    /// <summary>Adds a row. A histogram that this program cannot read is left out.</summary>
    public void Add(Rollup row)
    {
        // An outcome of a newer program counts, too.
        if ((int)row.Outcome < _ends.Length)
            _ends[(int)row.Outcome] += row.Count;
        if (row.Outcome == RollupOutcome.Slots)
        {
            Used += row.Worked;
            Slots += row.Slots;
            return;
        }

        Count += row.Count;
        Waited += row.Waited;
        Worked += row.Worked;
        Add(ref _waits, row.Waits);
        Add(ref _durations, row.Durations);
    }

    /// <summary>Adds other figures.</summary>
    public void Add(Figures other)
    {
        for (var i = 0; i < _ends.Length; i++)
            _ends[i] += other._ends[i];
        Count += other.Count;
        Waited += other.Waited;
        Worked += other.Worked;
        Used += other.Used;
        Slots += other.Slots;
        Unreadable += other.Unreadable;
        if (other._waits is not null)
            (_waits ??= new Histogram()).Add(other._waits);
        if (other._durations is not null)
            (_durations ??= new Histogram()).Add(other._durations);
    }

    private void Add(ref Histogram? histogram, byte[] encoded)
    {
        if (encoded.Length == 0)
            return;
        try
        {
            var read = new Histogram();
            read.Add(encoded);
            if (histogram is null)
                histogram = read;
            else
                histogram.Add(read);
        }
        catch (FormatException)
        {
            Unreadable++;
        }
    }
}
