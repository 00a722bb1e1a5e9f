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

    /// <summary>After a failure: what comes meanwhile waits in the queue, which is cheaper than failing for each.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(500);

    private readonly ILaneTransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger<NudgePublisher> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<(string Lane, RunId Id)> _queue = Channel.CreateBounded<(string, RunId)>(
        new BoundedChannelOptions(200_000) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Task _loop;

    public NudgePublisher(ILaneTransport transport, TimeProvider time, ILogger<NudgePublisher> logger)
    {
        _transport = transport;
        _time = time;
        _logger = logger;
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Publishes soon; does not wait.</summary>
    public void Publish(string lane, RunId id) => _queue.Writer.TryWrite((lane, id));

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
            for (var taken = 0; taken < 4096 && _queue.Reader.TryRead(out var nudge); taken++)
            {
                if (!byLane.TryGetValue(nudge.Lane, out var ids))
                    byLane[nudge.Lane] = ids = [];
                ids.Add(nudge.Id);
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
