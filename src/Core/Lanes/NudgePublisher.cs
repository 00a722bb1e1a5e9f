using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Publishes the nudges that follow a commit. Ids that come together and go to one lane share a nudge of up to
/// <see cref="MaxIds"/>, so broker and transport cost is paid per batch under load. A nudge that is lost here (full queue,
/// crash, broker down) is found by Reconcile.</summary>
public sealed partial class NudgePublisher : IAsyncDisposable
{
    /// <summary>The most ids in one nudge.</summary>
    public const int MaxIds = 64;

    /// <summary>When so many ids wait, what comes is left to Reconcile.</summary>
    public const int Capacity = 200_000;

    /// <summary>After a failure: what comes meanwhile waits in the queue, which is cheaper than failing for each.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(500);

    private readonly ILaneTransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger<NudgePublisher> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<IReadOnlyList<Nudge>> _queue = Channel.CreateUnbounded<IReadOnlyList<Nudge>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _loop;
    private int _waiting;

    public NudgePublisher(ILaneTransport transport, TimeProvider time, ILogger<NudgePublisher> logger)
    {
        _transport = transport;
        _time = time;
        _logger = logger;
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Publishes soon; does not wait. What is given together is sent together: given one by one, the first would leave alone.</summary>
    public void Publish(IReadOnlyList<Nudge> nudges)
    {
        if (nudges.Count == 0 || Volatile.Read(ref _waiting) >= Capacity)
            return;
        Interlocked.Add(ref _waiting, nudges.Count);
        _queue.Writer.TryWrite(nudges);
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
        if (!_queue.Writer.TryComplete())
            return;
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        var byLane = new Dictionary<(string Lane, bool IsEarly), List<RunId>>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            for (var taken = 0; taken < 4096 && _queue.Reader.TryRead(out var nudges); taken += nudges.Count)
            {
                foreach (var (lane, id, isEarly) in nudges)
                {
                    if (!byLane.TryGetValue((lane, isEarly), out var ids))
                        byLane[(lane, isEarly)] = ids = [];
                    ids.Add(id);
                }

                Interlocked.Add(ref _waiting, -nudges.Count);
            }

            var failed = false;
            foreach (var ((lane, isEarly), ids) in byLane.Where(l => l.Value.Count > 0))
            {
                try
                {
                    await (isEarly
                        ? SendAllAsync(ids, chunk => _transport.SendEarlyAsync(lane, chunk, CancellationToken.None))
                        : SendAllAsync(_transport, lane, ids, CancellationToken.None));
                }
                catch (Exception e)
                {
                    failed = true;
                    LogLost(ids.Count, lane, e);
                }

                ids.Clear();
            }

            if (failed && !_stop.IsCancellationRequested)
                await Task.WhenAny(Task.Delay(FailurePause, _time, _stop.Token));
        }
    }

    /// <summary>Sends ids of one lane in as few nudges as <see cref="MaxIds"/> allows.</summary>
    public static Task SendAllAsync(ILaneTransport transport, string lane, IReadOnlyCollection<RunId> ids, CancellationToken ct) =>
        SendAllAsync(ids, chunk => transport.SendReadyAsync(lane, chunk, ct));

    private static Task SendAllAsync(IReadOnlyCollection<RunId> ids, Func<RunId[], Task> send) => Task.WhenAll(ids.Chunk(MaxIds).Select(send));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nudges for {Count} run(s) on lane {Lane} could not be sent; reconcile will send them again.")]
    private partial void LogLost(int count, string lane, Exception e);
}

/// <summary>A run whose lane is to be told that it is ready.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Id">The run.</param>
/// <param name="IsEarly">Whether its commit may still be under way.</param>
public readonly record struct Nudge(string Lane, RunId Id, bool IsEarly = false);
