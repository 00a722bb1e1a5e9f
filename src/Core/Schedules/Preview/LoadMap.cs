namespace Fleet.Core.Schedules.Preview;

/// <summary>The load of a range per minute: how many runs start, and for how many seconds runs execute.</summary>
/// <remarks>Uses 12 bytes per minute. Adding a run takes constant time, however long the run is.</remarks>
public sealed class LoadMap
{
    private const long Minute = TimeSpan.TicksPerMinute;

    private readonly int[] _starts;
    private readonly double[] _busy;

    // Differences between neighbouring minutes, in seconds, for runs that fill whole minutes. Cleared when they are summed up.
    private double[]? _steps;

    /// <param name="range">The range. The map starts at the whole minute that contains its start.</param>
    public LoadMap(PreviewRange range)
    {
        First = new DateTimeOffset(range.After.UtcTicks - (range.After.UtcTicks % Minute), TimeSpan.Zero);
        var minutes = (int)((range.Until.UtcTicks - First.UtcTicks) / Minute) + 1;
        (_starts, _busy, _steps) = (new int[minutes], new double[minutes], new double[minutes + 1]);
    }

    /// <summary>The whole minute of the first entry.</summary>
    public DateTimeOffset First { get; }

    /// <summary>Number of runs that start, per minute.</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>Seconds of execution, per minute: 60 when one run executes during the whole minute, 120 when two do.</summary>
    public ReadOnlySpan<double> BusySeconds => _busy;

    /// <summary>The whole minute of an entry.</summary>
    public DateTimeOffset MinuteAt(int index) => First.AddMinutes(index);

    /// <summary>Adds a run. Execution after the last minute is ignored.</summary>
    /// <param name="fireTime">When it starts; must lie in the range.</param>
    /// <param name="duration">How long it takes; zero when unknown.</param>
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

    /// <summary>Sums up the differences. Call it once, after all runs were added.</summary>
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
