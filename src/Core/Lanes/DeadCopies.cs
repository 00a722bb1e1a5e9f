using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Leaves copies of runs that failed for good where operators of the broker look. Many are under way at once, and nobody waits for
/// the broker: a slot that did would make a storm of dead runs as slow as its confirms.</summary>
/// <remarks>The rows are the truth. A copy that does not fit in here, or that a crash takes, is missing at the broker and nowhere
/// else.</remarks>
public sealed partial class DeadCopies : IAsyncDisposable
{
    /// <summary>The most copies that wait.</summary>
    public const int Capacity = 10_000;

    /// <summary>The most characters of args and errors that wait.</summary>
    public const long MostText = 16 * 1024 * 1024;

    /// <summary>Copies under way at once: as many as a channel sends without a confirm.</summary>
    private const int Together = 256;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly IDeadCopySender _sender;
    private readonly TimeProvider _time;
    private readonly ILogger<DeadCopies> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<DeadRun> _queue = Channel.CreateBounded<DeadRun>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Task _publishing;
    private long _text;
    private long _dropped;

    public DeadCopies(IDeadCopySender sender, TimeProvider time, ILogger<DeadCopies> logger)
    {
        (_sender, _time, _logger) = (sender, time, logger);
        _publishing = Task.Run(PublishAllAsync);
    }

    /// <summary>Leaves a copy soon; does not wait.</summary>
    public void Add(DeadRun run)
    {
        var length = TextOf(run);
        if (Interlocked.Add(ref _text, length) <= MostText + length && _queue.Writer.TryWrite(run))
            return;
        Interlocked.Add(ref _text, -length);
        // The rest of the storm is told of at its end.
        if (Interlocked.Increment(ref _dropped) == 1)
            LogFull(run.Job, run.Id);
    }

    /// <summary>Publishes what waits, for 5 s at most.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
            return;
        await _publishing.WaitAsync(StopLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.CancelAsync();
        await _publishing;
        _stop.Dispose();
    }

    private static long TextOf(DeadRun run) => run.Args.Length + run.Error.Length;

    private async Task PublishAllAsync()
    {
        var batch = new List<DeadRun>(Together);
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < Together && _queue.Reader.TryRead(out var run))
                batch.Add(run);
            await Task.WhenAll(batch.ConvertAll(PublishAsync));
            batch.Clear();
            if (_queue.Reader.Count == 0 && Interlocked.Exchange(ref _dropped, 0) is > 1 and var dropped)
                LogDropped(dropped);
        }
    }

    private async Task PublishAsync(DeadRun run)
    {
        try
        {
            if (!_stop.IsCancellationRequested)
                await _sender.PublishDeadAsync(run, _stop.Token);
        }
        catch (Exception e)
        {
            if (!_stop.IsCancellationRequested)
                LogLost(run.Job, run.Id, e);
        }
        finally
        {
            Interlocked.Add(ref _text, -TextOf(run));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Runs fail for good faster than their copies can be published; that of {Job} {RunId} is left out, and perhaps others. "
            + "The rows have them all.")]
    private partial void LogFull(string job, RunId runId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The copies of {Count} dead runs were left out; their rows have it all.")]
    private partial void LogDropped(long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The copy of {Job} {RunId} could not be published; its row has it all.")]
    private partial void LogLost(string job, RunId runId, Exception e);
}
