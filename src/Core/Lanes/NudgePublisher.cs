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
        var byLane = new Dictionary<string, List<RunId>>(StringComparer.Ordinal);
        while (await _queue.Reader.WaitToReadAsync())
        {
            for (var taken = 0; taken < 4096 && _queue.Reader.TryRead(out var nudges); taken += nudges.Count)
            {
                foreach (var (lane, id) in nudges)
                {
                    if (!byLane.TryGetValue(lane, out var ids))
                        byLane[lane] = ids = [];
                    ids.Add(id);
                }

                Interlocked.Add(ref _waiting, -nudges.Count);
            }

            var failed = false;
            foreach (var (lane, ids) in byLane.Where(l => l.Value.Count > 0))
            {
                try
                {
                    await SendAllAsync(_transport, lane, ids, CancellationToken.None);
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
        Task.WhenAll(ids.Chunk(MaxIds).Select(chunk => transport.SendReadyAsync(lane, chunk, ct)));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nudges for {Count} run(s) on lane {Lane} could not be sent; reconcile will send them again.")]
    private partial void LogLost(int count, string lane, Exception e);
}

/// <summary>A run whose lane is to be told that it is ready.</summary>
public readonly record struct Nudge(string Lane, RunId Id);
