using System.Collections.Concurrent;
using System.Text;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using Fleet.MassTransit;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Publishes events to a topic exchange, and sends the messages of consumers over MassTransit.</summary>
internal sealed partial class RabbitMqEvents(BrokerLink link, ConsumerBuses buses, TimeProvider time, ILogger<RabbitMqEvents> logger)
    : IEventSender
{
    /// <summary>Maximum size of the headers of a consumer's message: a frame of 128 KB, less what MassTransit's own properties
    /// take.</summary>
    private const int MaxConsumerHeaders = 120_000;

    /// <summary>Maximum number of events whose size is reported.</summary>
    private const int MaxReported = 1_000;

    private readonly ConcurrentDictionary<Guid, bool> _tooLarge = new();

    public async Task PublishEventAsync(EventMessage message, CancellationToken ct)
    {
        var properties = LaneMessage.Properties();
        properties.MessageId = message.Id.ToString("D");
        properties.Type = message.Name;
        properties.Headers = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (message.TraceParent is { } trace)
            properties.Headers["traceparent"] = trace;
        if (message.RunId is { } run)
            properties.Headers["fleet-run-id"] = run.ToString();
        await link.EnsureAsync(link.Foreign, Declaration.Shared, ct);
        try
        {
            await link.Foreign.PublishAsync(
                RabbitMqTopology.Events, message.Name, properties, Encoding.UTF8.GetBytes(message.Body), mandatory: false, ct);
        }
        catch (MessageTooLargeException e)
        {
            // It is tried again and again; one line is enough.
            if (_tooLarge.Count < MaxReported && _tooLarge.TryAdd(message.Id, true))
                LogTooLarge(message.Name, message.Id, e.Message);
            throw;
        }
    }

    public async Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct)
    {
        // MassTransit would send it over the bus's connection, and the broker would close that.
        if (ConsumerMessage.HeaderBytes(message) is var bytes && bytes > MaxConsumerHeaders)
            throw new MessageTooLargeException(
                $"The message's headers have {bytes} bytes; the broker takes up to {MaxConsumerHeaders} (frame_max).");
        using var limit = new CancellationTokenSource(BrokerChannel.Patience, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await buses.SendAsync(message, bounded.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The broker did not answer within {BrokerChannel.Patience}.", e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {Event} {MessageId} cannot be sent and stays in the outbox: {Reason}")]
    private partial void LogTooLarge(string @event, Guid messageId, string reason);
}
