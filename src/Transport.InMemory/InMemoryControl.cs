using System.Collections.Concurrent;
using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.InMemory;

/// <summary>Control messages within this process.</summary>
internal sealed partial class InMemoryControl(ILogger<InMemoryControl> logger) : IControlChannel
{
    private readonly ConcurrentDictionary<Channel<ControlMessage>, bool> _subscribers = new();
    private readonly CarefulLogger _logger = new(logger);

    public Task PublishControlAsync(ControlMessage message, CancellationToken ct)
    {
        foreach (var (subscriber, _) in _subscribers)
            subscriber.Writer.TryWrite(message);
        return Task.CompletedTask;
    }

    public Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        var messages = Channel.CreateUnbounded<ControlMessage>();
        _subscribers[messages] = true;
        var listening = new Listening(
            1,
            async stop =>
            {
                while (!stop.IsCancellationRequested)
                    await HandleAsync(onControl, await messages.Reader.ReadAsync(stop), stop);
            },
            () => _subscribers.TryRemove(messages, out _));
        return Task.FromResult<IAsyncDisposable>(listening);
    }

    private async Task HandleAsync(Func<ControlMessage, CancellationToken, Task> onControl, ControlMessage message, CancellationToken stop)
    {
        try
        {
            await onControl(message, stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // The next message must be handled. What this one said is found in the database.
            LogFailed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A control message could not be handled.")]
    private partial void LogFailed(Exception e);
}
