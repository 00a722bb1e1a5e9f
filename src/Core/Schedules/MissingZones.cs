namespace Fleet.Core.Schedules;

/// <summary>The time zones whose data this machine lacks. They are looked for again after a growing pause.</summary>
internal sealed class MissingZones(TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    private readonly HashSet<string> _zones = new(StringComparer.Ordinal);
    private long _addedAt;
    private TimeSpan _pause = FirstPause / 2;

    /// <summary>How often zones were found missing.</summary>
    public int Times { get; private set; }

    /// <summary>Those that are not looked for now.</summary>
    public IReadOnlyList<string> LeftOut
    {
        get
        {
            if (_zones.Count > 0 && time.GetElapsedTime(_addedAt) >= _pause)
            {
                // Somebody may have installed them.
                TimeZoneInfo.ClearCachedData();
                _zones.Clear();
            }

            return [.. _zones];
        }
    }

    /// <returns>When they are looked for again.</returns>
    public TimeSpan Add(IEnumerable<string> zones)
    {
        if (_zones.Count == 0)
        {
            _addedAt = time.GetTimestamp();
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }

        _zones.UnionWith(zones);
        Times++;
        return _pause;
    }
}
