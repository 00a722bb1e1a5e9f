namespace Fleet.Core.Schedules;

/// <summary>The load of a range minute by minute: how many runs start in it, and for how many seconds runs are busy in it.</summary>
/// <remarks>12 bytes a minute: 121 kB for a week, 6.3 MB for the longest range. Adding a run costs the same however long it is.</remarks>
public sealed class LoadMap
{
    private const long Minute = TimeSpan.TicksPerMinute;

    private readonly int[] _starts;
    private readonly double[] _busy;

    // What changes from one minute to the next in the seconds of runs that fill whole minutes; gone once it is summed up.
    private double[]? _steps;

    /// <param name="range">What it is a map of. Its first minute is the one that the range begins in.</param>
    public LoadMap(PreviewRange range)
    {
        First = new DateTimeOffset(range.After.UtcTicks - (range.After.UtcTicks % Minute), TimeSpan.Zero);
        var minutes = (int)((range.Until.UtcTicks - First.UtcTicks) / Minute) + 1;
        (_starts, _busy, _steps) = (new int[minutes], new double[minutes], new double[minutes + 1]);
    }

    /// <summary>The whole minute that the first entry stands for.</summary>
    public DateTimeOffset First { get; }

    /// <summary>Runs that start, per minute.</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>Seconds of work, per minute: 60 when one run is busy all the time, 120 when two are.</summary>
    public ReadOnlySpan<double> BusySeconds => _busy;

    /// <summary>The whole minute of an entry.</summary>
    public DateTimeOffset MinuteAt(int index) => First.AddMinutes(index);

    /// <summary>Adds a run. What it does after the last minute is left out.</summary>
    /// <param name="fireTime">When it starts; in the range.</param>
    /// <param name="duration">How long it takes; zero when nobody knows.</param>
    internal void Add(DateTimeOffset fireTime, TimeSpan duration)
    {
        var start = fireTime.UtcTicks - First.UtcTicks;
        var first = (int)(start / Minute);
        _starts[first]++;
        if (duration <= TimeSpan.Zero)
            return;

        var end = Math.Min(start + duration.Ticks, _starts.Length * Minute);
        var last = (int)(end / Minute);
        if (first == last)
        {
            _busy[first] += Seconds(end - start);
            return;
        }

        _busy[first] += Seconds(((first + 1) * Minute) - start);
        _steps![first + 1] += 60;
        _steps[last] -= 60;
        if (last < _busy.Length)
            _busy[last] += Seconds(end - (last * Minute));
    }

    /// <summary>Called once, when all runs were added.</summary>
    internal void Complete()
    {
        var whole = 0d;
        for (var i = 0; i < _busy.Length; i++)
        {
            whole += _steps![i];
            _busy[i] += whole;
        }

        _steps = null;
    }

    private static double Seconds(long ticks) => (double)ticks / TimeSpan.TicksPerSecond;
}
