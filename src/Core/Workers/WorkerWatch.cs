using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Workers;

/// <summary>Measures by the leader's monotonic clock how long each worker has sent no heartbeat. A worker is silent after a whole lease in
/// which the leader looked without a gap and the database answered. So neither a clock change, nor a pause of the leader, nor an outage of
/// the database can make a worker silent that could not renew (docs/adr/0017).</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class WorkerWatch(TimeProvider time)
{
    /// <summary>Maximum gap between two looks, as a fraction of the lease: one in this many. After a longer gap the watch starts again,
    /// because the leader was paused or the database was away, and the workers need time to renew.</summary>
    private const int LongestGap = 2;

    /// <summary>Fraction of the lease after which the leader looks again. It is smaller than the maximum gap, so that a slow pass does not
    /// cause a gap.</summary>
    private const int NextLook = 4;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<WorkerId, Seen> _seen = [];
    private long _term;
    private long? _looked;

    /// <summary>Latest time of the next look; null while there is no worker.</summary>
    public TimeSpan? LookAgainIn { get; private set; }

    /// <summary>Forgets all observations: every worker has a whole lease from the next look.</summary>
    public void Forget() => _looked = null;

    /// <summary>Looks at the workers that count as alive.</summary>
    /// <param name="term">The leader's term. A new leader starts without observations.</param>
    /// <param name="alive">Their rows, read just now.</param>
    /// <returns>The silent workers.</returns>
    public IReadOnlySet<WorkerId> Look(long term, IReadOnlyCollection<WorkerRow> alive)
    {
        var now = time.GetTimestamp();
        TimeSpan? gap = _looked is { } looked && term == _term ? time.GetElapsedTime(looked, now) : null;
        (_term, _looked, LookAgainIn) = (term, now, null);
        var silent = new HashSet<WorkerId>();
        foreach (var worker in alive)
        {
            var lease = worker.LeaseUntil - worker.HeartbeatAt;
            var mark = (worker.HeartbeatAt, worker.LeaseUntil, worker.ClaimedThrough);
            if (!_seen.TryGetValue(worker.Id, out var seen) || seen.Mark != mark || gap is null || gap > lease / LongestGap)
                _seen[worker.Id] = seen = new Seen(mark, now);
            var left = lease - time.GetElapsedTime(seen.Since, now);
            if (left <= TimeSpan.Zero)
                silent.Add(worker.Id);
            else
                LookAgainIn = Earlier(LookAgainIn, Earlier(left, lease / NextLook));
        }

        Forget(alive);
        return silent;
    }

    private static TimeSpan Earlier(TimeSpan? one, TimeSpan other)
    {
        var least = one < other ? one.Value : other;
        return least > ShortestPause ? least : ShortestPause;
    }

    private void Forget(IReadOnlyCollection<WorkerRow> alive)
    {
        if (_seen.Count == alive.Count)
            return;
        var ids = alive.Select(w => w.Id).ToHashSet();
        foreach (var id in _seen.Keys.Where(id => !ids.Contains(id)).ToArray())
            _seen.Remove(id);
    }

    /// <param name="Mark">The part of the row that a heartbeat changes.</param>
    /// <param name="Since">Timestamp of the first look at this value.</param>
    private readonly record struct Seen((DateTimeOffset HeartbeatAt, DateTimeOffset LeaseUntil, string ClaimedThrough) Mark, long Since);
}
