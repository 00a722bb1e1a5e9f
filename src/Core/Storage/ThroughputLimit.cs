namespace Fleet.Core.Storage;

/// <summary>Finds how many transactions may be open at once so that one more still gains something. It watches how long the database
/// takes to complete and commit one: while that is close to what it takes with few open, the limit grows; when it has become several
/// times as long, the transactions only queue up in the database, and the limit shrinks.</summary>
/// <remarks>Time that a handler spends in its transaction does not count, so a limit of handlers that think grows. Processes that share a
/// database see the same delay and need not talk to each other: growing by one and shrinking by a share makes them alike in the
/// end. Not thread-safe.</remarks>
public sealed class ThroughputLimit
{
    /// <summary>The least, and what a process begins with. With fewer transactions open, the batches in which runs are claimed are so
    /// small that each run costs more than the waiting saves.</summary>
    public const int Floor = 16;

    /// <summary>How often the undisturbed time is measured again while the limit is reached. Processes do it at the same instants by the
    /// wall clock, so that they do not measure each other's load.</summary>
    public static readonly TimeSpan BetweenProbes = TimeSpan.FromSeconds(5);

    /// <summary>The longest that such a measurement takes.</summary>
    public static readonly TimeSpan LongestProbe = TimeSpan.FromMilliseconds(250);

    /// <summary>Where the database works for less than this part of the time that transactions are open, handlers think in
    /// them.</summary>
    private const double ThinkersPart = 0.1;

    private const int WhileProbing = 2;
    private const int ProbeSamples = 8;
    private const int WindowSamples = 32;

    private readonly double[] _window = new double[WindowSamples];
    private readonly double[] _probe = new double[ProbeSamples];
    private int _samples;
    private int _probeSamples;
    private int _value = Floor;
    private bool _wasFull;
    private bool _mayProbe;
    private double _took;
    private double _held;
    private long _nextProbe;
    private DateTimeOffset? _probingSince;

    /// <summary>How many may be open now.</summary>
    public int Value => IsProbing ? WhileProbing : _value;

    /// <summary>The seconds of a completion and commit when few transactions are open; 0 while not known.</summary>
    public double Undisturbed { get; private set; }

    /// <summary>True while the undisturbed time is being measured.</summary>
    public bool IsProbing => _probingSince is not null;

    /// <summary>Somebody waits because the limit is reached.</summary>
    public void Full() => _wasFull = true;

    /// <summary>Takes note of one completion and commit.</summary>
    /// <param name="seconds">What the database took.</param>
    /// <param name="enteredAt">When the transaction was let in.</param>
    /// <param name="now">The time by the wall clock.</param>
    /// <param name="ceiling">What the limit may grow to.</param>
    public void Add(double seconds, DateTimeOffset enteredAt, DateTimeOffset now, int ceiling)
    {
        if (_probingSince is { } since)
        {
            // Those that were let in before met the load that is to be left out.
            if (enteredAt < since)
                return;
            _probe[_probeSamples++] = seconds;
            if (_probeSamples == ProbeSamples)
                EndProbe();
            return;
        }

        _window[_samples++] = seconds;
        _took += seconds;
        _held += (now - enteredAt).TotalSeconds;
        if (_samples < WindowSamples)
            return;
        // Handlers that think hardly load the database, and to let few of them in would only cost time.
        _mayProbe = _wasFull && _took > ThinkersPart * _held;
        Resize(Median(_window), ceiling);
        (_samples, _took, _held, _wasFull) = (0, 0, 0, false);
    }

    /// <summary>Begins and ends the measurements of the undisturbed time.</summary>
    /// <returns>True when the limit has changed by it.</returns>
    public bool Tick(DateTimeOffset now)
    {
        if (_probingSince is { } since)
        {
            if (now - since < LongestProbe && now >= since)
                return false;
            EndProbe();
            return true;
        }

        var turn = now.UtcTicks / BetweenProbes.Ticks;
        var isDue = turn > _nextProbe && _nextProbe > 0 && _mayProbe;
        if (turn != _nextProbe)
            _nextProbe = turn;
        if (!isDue)
            return false;
        (_probingSince, _probeSamples) = (now, 0);
        return true;
    }

    /// <summary>Below this multiple of the undisturbed time there is room for more. It is smaller for a larger limit, so that of two
    /// processes the one that has more gives way to the other.</summary>
    public static double RoomBelow(int limit) => 1.5 + (8.0 / limit);

    /// <summary>Above this multiple of the undisturbed time there are too many.</summary>
    public static double TooManyAbove(int limit) => 2 + (16.0 / limit);

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private void Resize(double took, int ceiling)
    {
        if (Undisturbed == 0 || took < Undisturbed)
            Undisturbed = took;
        var mayGrow = took < RoomBelow(_value) * Undisturbed;
        // What was never reached says nothing about what the database can do with more.
        if (mayGrow && _wasFull && _value < ceiling)
            _value = Math.Min(ceiling, _value + 1);
        else if (took > TooManyAbove(_value) * Undisturbed)
            _value = Math.Max(Floor, _value - Math.Max(1, _value / 8));
        // It starts from there when the server allows more again.
        _value = Math.Clamp(_value, Math.Min(Floor, ceiling), Math.Max(Floor, ceiling));
    }

    private void EndProbe()
    {
        if (_probeSamples == ProbeSamples)
            Undisturbed = Median(_probe);
        (_probingSince, _samples, _took, _held, _wasFull) = (null, 0, 0, 0, false);
    }
}
