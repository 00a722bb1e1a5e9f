using System.Threading.Channels;
using Fleet.Core.Jobs;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Publishes copies of runs that failed for good, where operators of the broker see them. Many are sent in parallel, and no slot
/// waits for the broker. Otherwise a storm of dead runs would be as slow as the confirms.</summary>
/// <remarks>The rows are the truth. If a copy is left out or lost in a crash, it is missing only in the broker.</remarks>
public sealed partial class DeadCopies : IAsyncDisposable
{
    /// <summary>Maximum number of waiting copies.</summary>
    public const int Capacity = 10_000;

    /// <summary>Maximum number of characters of args and errors in waiting copies.</summary>
    public const long MaxCharacters = 16 * 1024 * 1024;

    /// <summary>Maximum number of copies that are sent in parallel: as many as a channel sends without a confirm.</summary>
    private const int Together = 256;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly IDeadCopySender _sender;
    private readonly SecretArgs _secrets;
    private readonly TimeProvider _time;
    private readonly ILogger<DeadCopies> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<DeadRun> _queue = Channel.CreateBounded<DeadRun>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Task _publishing;
    private long _text;
    private long _dropped;

    public DeadCopies(IDeadCopySender sender, SecretArgs secrets, TimeProvider time, ILogger<DeadCopies> logger)
    {
        (_sender, _secrets, _time, _logger) = (sender, secrets, time, logger);
        _publishing = Task.Run(PublishAllAsync);
    }

    /// <summary>Publishes a copy soon, without waiting.</summary>
    public void Add(DeadRun run)
    {
        var length = TextOf(run);
        if (Interlocked.Add(ref _text, length) <= MaxCharacters + length && _queue.Writer.TryWrite(run))
            return;
        Interlocked.Add(ref _text, -length);
        // The other left-out copies are logged when the storm is over.
        if (Interlocked.Increment(ref _dropped) == 1)
            LogFull(run.Job, run.Id);
    }

    /// <summary>Publishes the waiting copies, for at most 5 s.</summary>
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
            {
                // Whoever reads the broker's queues sees the copy.
                var shown = run with { Args = await _secrets.ReadAsync(run.Job, run.Args, _stop.Token) };
                await _sender.PublishDeadAsync(shown, _stop.Token);
            }
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
        Message = "Runs fail for good faster than their copies can be published. The copy of {Job} {RunId} is left out, perhaps with "
            + "others. The rows are complete.")]
    private partial void LogFull(string job, RunId runId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The copies of {Count} dead runs were left out; their rows are complete.")]
    private partial void LogDropped(long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The copy of {Job} {RunId} could not be published; its row is complete.")]
    private partial void LogLost(string job, RunId runId, Exception e);
}
