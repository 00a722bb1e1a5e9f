using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>Every exchange and queue by name, and how each is declared. Declaring is idempotent; all of it is durable but the
/// control queues, and every queue is a quorum queue but those and the ones of early nudges.</summary>
internal static class RabbitMqTopology
{
    /// <summary>Direct: a lane's name leads to its queue, and <see cref="EarlyKey"/> to that of its early nudges.</summary>
    public const string Lanes = "fleet.lanes";

    /// <summary>Fanout: to the control queue of every worker and scheduler process.</summary>
    public const string Control = "fleet.control";

    /// <summary>Topic: events by their stable name. Nobody has to listen.</summary>
    public const string Events = "fleet.events";

    /// <summary>Exchange (fanout) and queue of what could not be understood.</summary>
    public const string Parked = "fleet.parked";

    /// <summary>How many belts there are; see docs/adr/0008.</summary>
    public const int Belts = 4;

    /// <summary>How many queues there are for messages that failed unexpectedly; a longer pause has a queue of its own, because messages
    /// expire at the head of a queue only.</summary>
    public const int Agains = 4;

    /// <summary>How often the broker gives a message out again before it parks it: a far backstop. Fleet counts per run, in the
    /// database; this counts starts of innocent neighbours too.</summary>
    public const int DeliveryLimit = 50;

    /// <summary>How many dead copies a lane keeps; the oldest goes first.</summary>
    private const int MaxDead = 10_000;

    /// <summary>The arguments of a lane's queue.</summary>
    public static IReadOnlyDictionary<string, object> LaneArguments { get; } = new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
        ["x-dead-letter-exchange"] = Parked,
        // Not lost on its way to the parked ones when the broker dies; it asks for this overflow.
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };

    public static string QueueOf(string lane) => "fleet." + lane;

    /// <summary>The routing key of a lane's early nudges. No lane has a colon in its name.</summary>
    public static string EarlyKey(string lane) => lane + ":early";

    public static string EarlyOf(string lane) => QueueOf(EarlyKey(lane));

    public static string DeadOf(string lane) => $"fleet.{lane}.dead";

    public static string Belt(int number) => $"fleet.belt.{number}";

    public static string Again(int number) => $"fleet.again.{number}";

    /// <summary>Declares what does not depend on a lane.</summary>
    public static async Task DeclareSharedAsync(IChannel channel, CancellationToken ct)
    {
        await channel.ExchangeDeclareAsync(Lanes, ExchangeType.Direct, durable: true, cancellationToken: ct);
        await channel.ExchangeDeclareAsync(Control, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        await channel.ExchangeDeclareAsync(Events, ExchangeType.Topic, durable: true, cancellationToken: ct);
        await channel.ExchangeDeclareAsync(Parked, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        await DeclareQueueAsync(channel, Parked, [], ct);
        await channel.QueueBindAsync(Parked, Parked, "", cancellationToken: ct);
    }

    /// <summary>Declares a lane.</summary>
    public static async Task DeclareLaneAsync(IChannel channel, string lane, CancellationToken ct)
    {
        var queue = QueueOf(lane);
        await DeclareQueueAsync(channel, queue, LaneArguments, ct);
        await channel.QueueBindAsync(queue, Lanes, lane, cancellationToken: ct);
    }

    /// <summary>Declares the queue of a lane's early nudges (ADR 0016), which hands on and keeps nothing: what no worker takes at once
    /// expires, and goes to the lane.</summary>
    public static async Task DeclareEarlyAsync(IChannel channel, string lane, CancellationToken ct)
    {
        await DeclareQueueAsync(channel, EarlyOf(lane), EarlyArguments(lane), ct);
        await channel.QueueBindAsync(EarlyOf(lane), Lanes, EarlyKey(lane), cancellationToken: ct);
    }

    /// <summary>The arguments of a lane's queue of early nudges.</summary>
    public static IReadOnlyDictionary<string, object> EarlyArguments(string lane) => new Dictionary<string, object>(StringComparer.Ordinal)
    {
        // Nothing of it goes to disk.
        ["x-queue-type"] = "classic",
        ["x-message-ttl"] = 0,
        ["x-dead-letter-exchange"] = Lanes,
        ["x-dead-letter-routing-key"] = lane,
    };

    /// <summary>Declares the exchange that MassTransit puts before each queue that it listens to; its applications send to that of a
    /// lane.</summary>
    public static async Task DeclareEndpointAsync(IChannel channel, string queue, CancellationToken ct)
    {
        await channel.ExchangeDeclareAsync(queue, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        await channel.QueueBindAsync(queue, queue, "", cancellationToken: ct);
    }

    /// <summary>Declares a belt. Its messages expire into the lanes' exchange and keep the routing key they came with.</summary>
    public static Task DeclareBeltAsync(IChannel channel, int number, CancellationToken ct) =>
        DeclareWaitingRoomAsync(channel, Belt(number), ct);

    /// <summary>Declares a queue where messages wait to be tried again, as on a belt.</summary>
    public static Task DeclareAgainAsync(IChannel channel, int number, CancellationToken ct) =>
        DeclareWaitingRoomAsync(channel, Again(number), ct);

    /// <summary>Declares the queue of one process for control messages. Exclusive: it goes with the connection. RabbitMQ 4.3 refuses queues
    /// that are transient and shared.</summary>
    public static async Task DeclareControlQueueAsync(IChannel channel, string queue, CancellationToken ct)
    {
        await channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: ct);
        await channel.QueueBindAsync(queue, Control, "", cancellationToken: ct);
    }

    /// <summary>Declares the queue of a lane's dead copies.</summary>
    public static Task DeclareDeadAsync(IChannel channel, string lane, CancellationToken ct) =>
        DeclareQueueAsync(
            channel, DeadOf(lane), new Dictionary<string, object> { ["x-max-length"] = MaxDead, ["x-overflow"] = "drop-head" }, ct);

    private static async Task DeclareWaitingRoomAsync(IChannel channel, string name, CancellationToken ct)
    {
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        await DeclareQueueAsync(
            channel,
            name,
            new Dictionary<string, object>
            {
                ["x-dead-letter-exchange"] = Lanes,
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish"
            },
            ct);
        await channel.QueueBindAsync(name, name, "", cancellationToken: ct);
    }

    /// <summary>Declares a queue: a quorum queue unless its arguments say otherwise.</summary>
    private static async Task DeclareQueueAsync(
        IChannel channel, string name, IEnumerable<KeyValuePair<string, object>> arguments, CancellationToken ct)
    {
        var all = arguments.ToDictionary(a => a.Key, object? (a) => a.Value, StringComparer.Ordinal);
        all.TryAdd("x-queue-type", "quorum");
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, all, cancellationToken: ct);
    }
}
