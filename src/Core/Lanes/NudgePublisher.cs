using System.Collections.Concurrent;
using Fleet.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Publishes nudges after a commit. Ids that arrive while a nudge of their lane is being sent share the next one, up to
/// <see cref="MaxIds"/>, so under load the broker's cost is paid per batch. Each lane is sent separately, so a lane that refuses nudges
/// does not delay others. Lost nudges (full queue, crash, broker down) are found by Reconcile.</summary>
public sealed partial class NudgePublisher : IAsyncDisposable
{
    /// <summary>Maximum number of ids in one nudge.</summary>
    public const int MaxIds = 64;

    /// <summary>Maximum number of waiting ids. Further ids are left to Reconcile.</summary>
    public const int Capacity = 200_000;

    /// <summary>Maximum number of waiting ids of a lane whose sends fail. Further ids are left to Reconcile, so that this lane does not use
    /// up the capacity of the others.</summary>
    public const int LaneCapacity = 4096;

    /// <summary>Maximum number of ids of a lane that are sent in parallel.</summary>
    private const int MaxTaken = 4096;

    /// <summary>Maximum number of empty lane queues that are kept.</summary>
    private const int MaxLanes = 1000;

    /// <summary>Pause after a failure. Ids that arrive meanwhile wait in the queue, instead of failing one by one.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(500);

    private readonly INudgeSender _sender;
    private readonly ITransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger<NudgePublisher> _logger;
    private readonly Setbacks _setbacks;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<(string Lane, bool IsEarly), LaneQueue> _lanes = new();
    private int _waiting;
    private int _isBrokerAway;

    public NudgePublisher(INudgeSender sender, ITransport transport, TimeProvider time, ILogger<NudgePublisher> logger)
    {
        _sender = sender;
        _transport = transport;
        _time = time;
        _logger = logger;
        _setbacks = new Setbacks("nudge", "lane", transport.IsOutage, time, logger);
    }

    /// <summary>Publishes soon, without waiting. Ids that are given in one call are sent together.</summary>
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

    /// <summary>Publishes the nudge of a run whose commit is under way, unless the transport is so fast that the nudge would arrive before
    /// the commit.</summary>
    /// <returns>Whether it was published.</returns>
    public bool TryPublishEarly(string lane, RunId id)
    {
        // Within a process, delivery takes no time.
        if (!_transport.ReachesOtherProcesses)
            return false;
        Publish([new Nudge(lane, id, IsEarly: true)]);
        return true;
    }

    /// <summary>Publishes what is queued, then stops.</summary>
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
            if (_lanes.Count >= MaxLanes)
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

    /// <summary>Sends the waiting ids of a lane until none is left.</summary>
    private async Task SendAsync(LaneQueue lane)
    {
        while (lane.Take() is { } ids)
        {
            Interlocked.Add(ref _waiting, -ids.Count);
            var begun = _setbacks.Successes;
            try
            {
                await (lane.IsEarly
                    ? SendAllAsync(ids, chunk => _sender.SendEarlyAsync(lane.Name, chunk, CancellationToken.None))
                    : SendAllAsync(_sender, lane.Name, ids, CancellationToken.None));
                Succeeded(lane);
            }
            catch (Exception e)
            {
                var pause = Failed(lane, ids.Count, begun, e);
                if (!_stop.IsCancellationRequested)
                    await Task.WhenAny(Task.Delay(pause, _time, _stop.Token));
                // Reconcile finds the remaining runs, so a stop does not wait for a lane that refuses nudges.
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
        // One log line for all lanes.
        if (Interlocked.Exchange(ref _isBrokerAway, 1) == 0)
            LogAway(count, lane.Name, e);
        return FailurePause;
    }

    /// <summary>Sends ids of one lane in as few nudges as <see cref="MaxIds"/> allows.</summary>
    public static Task SendAllAsync(INudgeSender sender, string lane, IReadOnlyCollection<RunId> ids, CancellationToken ct) =>
        SendAllAsync(ids, chunk => sender.SendReadyAsync(lane, chunk, ct));

    private static Task SendAllAsync(IReadOnlyCollection<RunId> ids, Func<RunId[], Task> send) =>
        Task.WhenAll(ids.Chunk(MaxIds).Select(send));

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The broker does not accept nudges, for example those for {Count} run(s) on lane {Lane}; reconcile sends lost nudges "
            + "again.")]
    private partial void LogAway(int count, string lane, Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "The broker accepts nudges again.")]
    private partial void LogBack();

    /// <summary>The waiting ids of one lane. Lock it before use.</summary>
    private sealed class LaneQueue(string name, bool isEarly)
    {
        private List<RunId> _taken = [];

        public string Name { get; } = name;

        public bool IsEarly { get; } = isEarly;

        public List<RunId> Waiting { get; private set; } = [];

        public bool IsSending { get; set; }

        /// <summary>True if the last send failed. The next send is small, so that it takes few of the publishes that all lanes
        /// share.</summary>
        public volatile bool IsFailing;

        public Task Sending { get; set; } = Task.CompletedTask;

        /// <summary>The next ids to send, valid until the next call; null when none are left, which ends the sending.</summary>
        public List<RunId>? Take()
        {
            lock (this)
            {
                var most = IsFailing ? MaxIds : MaxTaken;
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

/// <summary>A run that is ready, and the lane to nudge.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Id">The run.</param>
/// <param name="IsEarly">True if its commit may still be under way.</param>
public readonly record struct Nudge(string Lane, RunId Id, bool IsEarly = false);
