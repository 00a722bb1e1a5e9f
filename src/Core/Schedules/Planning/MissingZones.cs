namespace Fleet.Core.Schedules.Planning;

/// <summary>The time zones that this machine has no data for. Each is looked up again after a growing pause.</summary>
internal sealed class MissingZones(TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    private readonly HashSet<string> _zones = new(StringComparer.Ordinal);
    private long _addedAt;
    private TimeSpan _pause = FirstPause / 2;

    /// <summary>Number of times that a zone was found missing.</summary>
    public int Times { get; private set; }

    /// <summary>The zones that are not looked up now.</summary>
    public IReadOnlyList<string> LeftOut
    {
        get
        {
            if (_zones.Count > 0 && time.GetElapsedTime(_addedAt) >= _pause)
            {
                // The data may have been installed meanwhile.
                TimeZoneInfo.ClearCachedData();
                _zones.Clear();
            }

            return [.. _zones];
        }
    }

    /// <returns>When the zones are looked up again.</returns>
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
