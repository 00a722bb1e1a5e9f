using System.Collections.Concurrent;
using Fleet.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Publishes the nudges that follow a commit. Ids that come while a nudge of their lane is under way share the next one, of up to
/// <see cref="MaxIds"/>, so broker and transport cost is paid per batch under load. Each lane sends by itself: one that takes no nudges
/// delays only its own. A nudge that is lost here (full queue, crash, broker down) is found by Reconcile.</summary>
public sealed partial class NudgePublisher : IAsyncDisposable
{
    /// <summary>The most ids in one nudge.</summary>
    public const int MaxIds = 64;

    /// <summary>When so many ids wait, what comes is left to Reconcile.</summary>
    public const int Capacity = 200_000;

    /// <summary>When so many ids wait of one lane that cannot be sent to, what comes for it is left to Reconcile: it must not use up the
    /// capacity of the others.</summary>
    public const int LaneCapacity = 4096;

    /// <summary>The most ids of a lane that are sent at once.</summary>
    private const int MostTaken = 4096;

    /// <summary>Lanes whose queues are kept while nothing waits in them.</summary>
    private const int MostLanes = 1000;

    /// <summary>After a failure: what comes meanwhile waits in the queue, which is cheaper than failing for each.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(500);

    private readonly ILaneTransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger<NudgePublisher> _logger;
    private readonly Setbacks _setbacks;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<(string Lane, bool IsEarly), LaneQueue> _lanes = new();
    private int _waiting;
    private int _isBrokerAway;

    public NudgePublisher(ILaneTransport transport, TimeProvider time, ILogger<NudgePublisher> logger)
    {
        _transport = transport;
        _time = time;
        _logger = logger;
        _setbacks = new Setbacks("nudge", "lane", transport.IsOutage, time, logger);
    }

    /// <summary>Publishes soon; does not wait. What is given together is sent together: given one by one, the first would leave
    /// alone.</summary>
    public void Publish(IReadOnlyList<Nudge> nudges)
    {
        if (nudges.Count == 0 || _stop.IsCancellationRequested || Volatile.Read(ref _waiting) >= Capacity)
            return;
        var (lane, isEarly) = (nudges[0].Lane, nudges[0].IsEarly);
        var same = 1;
        while (same < nudges.Count && nudges[same].IsEarly == isEarly && nudges[same].Lane == lane)
            same++;
        if (same == nudges.Count)
        {
            Add(lane, isEarly, nudges);
            return;
        }

        foreach (var group in nudges.GroupBy(n => (n.Lane, n.IsEarly)))
            Add(group.Key.Lane, group.Key.IsEarly, [.. group]);
    }

    /// <summary>Publishes the nudge of a run whose commit is under way, unless it would be there before the run.</summary>
    /// <returns>Whether it was published.</returns>
    public bool TryPublishEarly(string lane, RunId id)
    {
        // Within a process it takes no time.
        if (!_transport.ReachesOtherProcesses)
            return false;
        Publish([new Nudge(lane, id, IsEarly: true)]);
        return true;
    }

    /// <summary>Publishes what has queued up, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await Task.WhenAll(_lanes.Values.Select(lane => lane.Sending));
        await _setbacks.DisposeAsync();
        _stop.Dispose();
    }

    private void Add(string name, bool isEarly, IReadOnlyList<Nudge> nudges)
    {
        if (!_lanes.TryGetValue((name, isEarly), out var lane))
        {
            if (_lanes.Count >= MostLanes)
                ForgetIdleLanes();
            lane = _lanes.GetOrAdd((name, isEarly), static key => new LaneQueue(key.Lane, key.IsEarly));
        }

        lock (lane)
        {
            if (lane.IsFailing && lane.Waiting.Count >= LaneCapacity)
                return;
            for (var i = 0; i < nudges.Count; i++)
                lane.Waiting.Add(nudges[i].Id);
            Interlocked.Add(ref _waiting, nudges.Count);
            if (lane.IsSending)
                return;
            lane.IsSending = true;
            lane.Sending = Task.Run(() => SendAsync(lane));
        }
    }

    private void ForgetIdleLanes()
    {
        foreach (var (key, lane) in _lanes)
        {
            lock (lane)
            {
                if (!lane.IsSending)
                    _lanes.TryRemove(key, out _);
            }
        }
    }

    /// <summary>Sends what waits of a lane until nothing does.</summary>
    private async Task SendAsync(LaneQueue lane)
    {
        while (lane.Take() is { } ids)
        {
            Interlocked.Add(ref _waiting, -ids.Count);
            var begun = _setbacks.Successes;
            try
            {
                await (lane.IsEarly
                    ? SendAllAsync(ids, chunk => _transport.SendEarlyAsync(lane.Name, chunk, CancellationToken.None))
                    : SendAllAsync(_transport, lane.Name, ids, CancellationToken.None));
                Succeeded(lane);
            }
            catch (Exception e)
            {
                var pause = Failed(lane, ids.Count, begun, e);
                if (!_stop.IsCancellationRequested)
                    await Task.WhenAny(Task.Delay(pause, _time, _stop.Token));
                // What is left is found by Reconcile; a stop does not wait for a lane that takes nothing.
                if (_stop.IsCancellationRequested)
                    return;
            }
        }
    }

    private void Succeeded(LaneQueue lane)
    {
        lane.IsFailing = false;
        _setbacks.Succeeded(lane.Name);
        if (Volatile.Read(ref _isBrokerAway) != 0 && Interlocked.Exchange(ref _isBrokerAway, 0) != 0)
            LogBack();
    }

    /// <returns>When the lane may be tried again.</returns>
    private TimeSpan Failed(LaneQueue lane, int count, long begun, Exception e)
    {
        lane.IsFailing = true;
        if (_setbacks.Failed(lane.Name, e, begun))
            return _setbacks.PauseOf(lane.Name);
        // One line for all lanes.
        if (Interlocked.Exchange(ref _isBrokerAway, 1) == 0)
            LogAway(count, lane.Name, e);
        return FailurePause;
    }

    /// <summary>Sends ids of one lane in as few nudges as <see cref="MaxIds"/> allows.</summary>
    public static Task SendAllAsync(ILaneTransport transport, string lane, IReadOnlyCollection<RunId> ids, CancellationToken ct) =>
        SendAllAsync(ids, chunk => transport.SendReadyAsync(lane, chunk, ct));

    private static Task SendAllAsync(IReadOnlyCollection<RunId> ids, Func<RunId[], Task> send) =>
        Task.WhenAll(ids.Chunk(MaxIds).Select(send));

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The broker takes no nudges, such as those for {Count} run(s) on lane {Lane}; reconcile sends what is lost meanwhile.")]
    private partial void LogAway(int count, string lane, Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "The broker takes nudges again.")]
    private partial void LogBack();

    /// <summary>What waits of one lane; locked by whoever touches it.</summary>
    private sealed class LaneQueue(string name, bool isEarly)
    {
        private List<RunId> _taken = [];

        public string Name { get; } = name;

        public bool IsEarly { get; } = isEarly;

        public List<RunId> Waiting { get; private set; } = [];

        public bool IsSending { get; set; }

        /// <summary>The last send failed: the next one is small, so that it holds few of the places that all lanes share.</summary>
        public volatile bool IsFailing;

        public Task Sending { get; set; } = Task.CompletedTask;

        /// <summary>The next ids to send, valid until the next call; null when none wait, which ends the sending.</summary>
        public List<RunId>? Take()
        {
            lock (this)
            {
                var most = IsFailing ? MaxIds : MostTaken;
                _taken.Clear();
                if (Waiting.Count == 0)
                {
                    IsSending = false;
                    return null;
                }

                if (Waiting.Count <= most)
                {
                    (_taken, Waiting) = (Waiting, _taken);
                    return _taken;
                }

                _taken.AddRange(Waiting.Take(most));
                Waiting.RemoveRange(0, most);
                return _taken;
            }
        }
    }
}

/// <summary>A run whose lane is to be told that it is ready.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Id">The run.</param>
/// <param name="IsEarly">Whether its commit may still be under way.</param>
public readonly record struct Nudge(string Lane, RunId Id, bool IsEarly = false);
