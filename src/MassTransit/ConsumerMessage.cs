using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Core.Storage.Rows;
using MassTransit;
using MassTransit.Context;
using MassTransit.Metadata;
using MassTransit.Middleware;
using MassTransit.Serialization;

namespace Fleet.MassTransit;

/// <summary>A message that a consumer sent, as a row of the outbox and back.</summary>
internal static class ConsumerMessage
{
    private const int SmallEnvelope = 8 * 1024;

    /// <summary>Makes the row. A delayed message waits in the outbox until it is due.</summary>
    /// <param name="context">The message.</param>
    /// <param name="consumedId">The message that was consumed.</param>
    /// <param name="broker">Where it leaves; see <see cref="ConsumerBuses.BrokerOf"/>.</param>
    /// <param name="now">The time.</param>
    public static OutboxMessage Store<T>(SendContext<T> context, Guid? consumedId, string? broker, DateTimeOffset now) where T : class
    {
        var properties = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        (context as TransportSendContext)?.WritePropertiesTo(properties);
        var json = SystemTextJsonMessageSerializer.Instance;
        var types = context.SupportedMessageTypes;
        var envelope = new Envelope
        {
            Broker = broker,
            ContentType = (context.ContentType ?? context.Serialization.DefaultContentType).ToString(),
            MessageTypes = types,
            RequestId = context.RequestId,
            CorrelationId = context.CorrelationId,
            ConversationId = context.ConversationId,
            InitiatorId = context.InitiatorId,
            SourceAddress = context.SourceAddress,
            ResponseAddress = context.ResponseAddress,
            FaultAddress = context.FaultAddress,
            SentTime = context.SentTime ?? now.UtcDateTime,
            ExpirationTime = context.TimeToLive is { } life ? (now + life).UtcDateTime : null,
            Headers = json.SerializeDictionary(context.Headers.GetAll()),
            Properties = json.SerializeDictionary(properties),
        };
        return new OutboxMessage
        {
            MessageId = context.MessageId ?? throw new MessageException(typeof(T), "A message needs an id to go through the outbox."),
            Name = types[0],
            Body = context.Serializer.GetMessageBody(context).GetString(),
            ConsumedId = consumedId,
            Destination = context.DestinationAddress?.ToString()
                ?? throw new MessageException(typeof(T), "A message needs a destination to go through the outbox."),
            Envelope = JsonSerializer.Serialize(envelope),
            TraceParent = Activity.Current?.Id,
            CreatedAt = now,
            NextTryAt = now + (context.Delay ?? TimeSpan.Zero),
        };
    }

    /// <summary>The approximate size of the headers of a message, in bytes. For a small envelope, whose headers are also small, this is the
    /// length of the envelope.</summary>
    public static int HeaderBytes(OutboxMessage row)
    {
        if (row.Envelope!.Length <= SmallEnvelope)
            return row.Envelope.Length;
        var envelope = JsonSerializer.Deserialize<Envelope>(row.Envelope)!;
        return Encoding.UTF8.GetByteCount(envelope.Headers ?? "") + Encoding.UTF8.GetByteCount(envelope.Properties ?? "");
    }

    /// <summary>Sends the message of a row unchanged, with its original trace. A message that has expired in the meantime is not
    /// sent.</summary>
    public static async Task SendAsync(Func<string?, IBus> find, OutboxMessage row, TimeProvider time, CancellationToken ct)
    {
        var envelope = JsonSerializer.Deserialize<Envelope>(row.Envelope!)!;
        var stored = new Stored(row, envelope);
        if (stored.ExpirationTime <= time.GetUtcNow().UtcDateTime)
            return;
        using var activity = new Activity("outbox");
        if (row.TraceParent is { } trace)
            activity.SetParentId(trace);
        activity.Start();
        var endpoint = await find(envelope.Broker).GetSendEndpoint(stored.DestinationAddress!);
        await endpoint.Send(new SerializedMessageBody(), new OutboxMessageSendPipe(stored, stored.DestinationAddress), ct);
    }

    /// <summary>The stored parts of a message besides its body.</summary>
    private sealed record Envelope
    {
        /// <summary>The host address of the bus by which it leaves. Null (left out): Fleet's bus.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Broker { get; init; }

        public required string ContentType { get; init; }

        public required string[] MessageTypes { get; init; }

        public Guid? RequestId { get; init; }

        public Guid? CorrelationId { get; init; }

        public Guid? ConversationId { get; init; }

        public Guid? InitiatorId { get; init; }

        public Uri? SourceAddress { get; init; }

        public Uri? ResponseAddress { get; init; }

        public Uri? FaultAddress { get; init; }

        public DateTime SentTime { get; init; }

        public DateTime? ExpirationTime { get; init; }

        /// <summary>JSON text of MassTransit's own.</summary>
        public string? Headers { get; init; }

        /// <summary>JSON text of MassTransit's own: what the transport needs, such as a routing key.</summary>
        public string? Properties { get; init; }
    }

    private sealed class Stored(OutboxMessage row, Envelope envelope) : OutboxMessageContext
    {
        public long SequenceNumber => row.Id;

        public Guid MessageId => row.MessageId;

        Guid? MessageContext.MessageId => row.MessageId;

        public string ContentType => envelope.ContentType;

        public string MessageType => string.Join(';', envelope.MessageTypes);

        public string Body => row.Body;

        public Guid? RequestId => envelope.RequestId;

        public Guid? CorrelationId => envelope.CorrelationId;

        public Guid? ConversationId => envelope.ConversationId;

        public Guid? InitiatorId => envelope.InitiatorId;

        public DateTime? ExpirationTime => envelope.ExpirationTime;

        public Uri? SourceAddress => envelope.SourceAddress;

        public Uri? DestinationAddress { get; } = new(row.Destination!);

        public Uri? ResponseAddress => envelope.ResponseAddress;

        public Uri? FaultAddress => envelope.FaultAddress;

        public DateTime? SentTime => envelope.SentTime;

        public HostInfo Host => HostMetadataCache.Host;

        public Headers Headers { get; } =
            SystemTextJsonMessageSerializer.Instance.DeserializeDictionary<object?>(envelope.Headers) is { } headers
            ? new DictionarySendHeaders(headers)
            : EmptyHeaders.Instance;

        public IReadOnlyDictionary<string, object> Properties { get; } =
            SystemTextJsonMessageSerializer.Instance.DeserializeDictionary<object>(envelope.Properties) ?? [];
    }
}
