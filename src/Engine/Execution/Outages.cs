using Fleet.Core.Storage;

namespace Fleet.Engine.Execution;

/// <summary>How long and how often a run waits for a database that is away without an attempt being counted.</summary>
public sealed class Outages(IStorage storage)
{
    /// <summary>How often in a row a run is given back uncounted: with the growing pause about an hour. The next time counts as a failed
    /// attempt.</summary>
    public const int MaxInARow = 20;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstSettlePause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestSettlePause = TimeSpan.FromSeconds(5);

    /// <summary>How often in a row a run met an outage.</summary>
    public Task<int> CountAsync(RunId run, CancellationToken ct) =>
        storage.AutocommitAsync(session => storage.ColdRuns.CountOutagesAsync(session, run, ct), ct);

    /// <summary>The pause before a run starts again: 1 s, doubled each time up to 5 min, 25 % longer or shorter by chance, so that the runs
    /// of an outage do not come back together.</summary>
    public static TimeSpan PauseAfter(int outages) => Jittered(FirstPause, LongestPause, outages);

    /// <summary>The pause before the end of a run is written again: 0.5 s, doubled each time up to 5 s, jittered likewise.</summary>
    public static TimeSpan SettlePause(int failures) => Jittered(FirstSettlePause, LongestSettlePause, failures);

    private static TimeSpan Jittered(TimeSpan first, TimeSpan longest, int times)
    {
        var seconds = Math.Min(longest.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(times, 30)));
        return TimeSpan.FromSeconds(seconds * (0.75 + (Random.Shared.NextDouble() / 2)));
    }
}
