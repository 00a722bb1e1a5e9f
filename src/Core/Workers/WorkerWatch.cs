namespace Fleet.Core.Workers;

/// <summary>How long the leader has seen no heartbeat of each worker, by its own monotonic clock. A worker is silent when that is a whole
/// lease, in which the leader has looked all the time and the database has answered. No setting of a clock, no pause of the leader and no
/// outage of the database can make a worker silent that could not renew (docs/adr/0017).</summary>
/// <remarks>Not for use by two threads at once.</remarks>
public sealed class WorkerWatch(TimeProvider time)
{
    /// <summary>Between two looks a part of the lease may pass: one in this many. After a longer time the watch begins anew, because
    /// the leader stood still or the database was away, and the workers need the time to renew.</summary>
    private const int LongestGap = 2;

    /// <summary>A part of the lease after which the leader looks again, so that a pass that takes long is no gap.</summary>
    private const int NextLook = 4;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<WorkerId, Seen> _seen = [];
    private long _term;
    private long? _looked;

    /// <summary>When to look again at the latest; null while there is no worker.</summary>
    public TimeSpan? LookAgainIn { get; private set; }

    /// <summary>Forgets what was seen: the workers have a whole lease from the next look on.</summary>
    public void Forget() => _looked = null;

    /// <summary>Takes a look at the workers that count as alive.</summary>
    /// <param name="term">The leader's term. A new leader has seen nothing.</param>
    /// <param name="alive">Their rows, read now.</param>
    /// <returns>The silent ones.</returns>
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

    /// <param name="Mark">What a heartbeat changes in the row.</param>
    /// <param name="Since">The timestamp of the first look at it.</param>
    private readonly record struct Seen((DateTimeOffset HeartbeatAt, DateTimeOffset LeaseUntil, string ClaimedThrough) Mark, long Since);
}
