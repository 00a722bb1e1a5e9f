using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>Exchanges and queues that are declared together.</summary>
/// <param name="Key">Names the declaration.</param>
/// <param name="Severity">How much it hurts when they cannot be had.</param>
/// <param name="Parts">What has to be there.</param>
/// <param name="DeclareAsync">Declares all of it, with its bindings.</param>
internal sealed record Declaration(
    string Key, Severity Severity, IReadOnlyList<(string Kind, string Name)> Parts, Func<IChannel, CancellationToken, Task> DeclareAsync)
{
    /// <summary>What does not depend on a lane.</summary>
    public static Declaration Shared { get; } = new(
        "",
        Severity.Down,
        [
            Exchange(RabbitMqTopology.Lanes), Exchange(RabbitMqTopology.Control), Exchange(RabbitMqTopology.Events),
            Exchange(RabbitMqTopology.Parked),
            Queue(RabbitMqTopology.Parked),
        ],
        RabbitMqTopology.DeclareSharedAsync);

    public static Declaration Belt(int number)
    {
        var name = RabbitMqTopology.Belt(number);
        return new(
            name, Severity.Degraded, [Exchange(name), Queue(name)],
            (channel, ct) => RabbitMqTopology.DeclareBeltAsync(channel, number, ct));
    }

    public static Declaration Again(int number)
    {
        var name = RabbitMqTopology.Again(number);
        return new(
            name, Severity.Note, [Exchange(name), Queue(name)], (channel, ct) => RabbitMqTopology.DeclareAgainAsync(channel, number, ct));
    }

    public static Declaration Lane(string lane) =>
        new(lane, Severity.Degraded, [Queue(RabbitMqTopology.QueueOf(lane))],
            (channel, ct) => RabbitMqTopology.DeclareLaneAsync(channel, lane, ct));

    public static Declaration Early(string lane) =>
        new(RabbitMqTopology.EarlyKey(lane), Severity.Note, [Queue(RabbitMqTopology.EarlyOf(lane))],
            (channel, ct) => RabbitMqTopology.DeclareEarlyAsync(channel, lane, ct));

    public static Declaration Dead(string lane) =>
        new(RabbitMqTopology.DeadOf(lane), Severity.Note, [Queue(RabbitMqTopology.DeadOf(lane))],
            (channel, ct) => RabbitMqTopology.DeclareDeadAsync(channel, lane, ct));

    /// <summary>The exchange that stands before a queue for applications of MassTransit.</summary>
    public static Declaration Endpoint(string queue) =>
        new("exchange " + queue, Severity.Note, [Exchange(queue)],
            (channel, ct) => RabbitMqTopology.DeclareEndpointAsync(channel, queue, ct));

    /// <summary>The queue of one process for control messages.</summary>
    public static Declaration ControlQueue(string queue) =>
        new("control", Severity.Note, [Queue(queue)], (channel, ct) => RabbitMqTopology.DeclareControlQueueAsync(channel, queue, ct));

    /// <summary>All that these lanes need, shared parts first.</summary>
    public static IReadOnlyList<Declaration> All(IEnumerable<string> lanes) =>
    [
        Shared,
        .. Enumerable.Range(0, RabbitMqTopology.Belts).Select(Belt),
        .. Enumerable.Range(0, RabbitMqTopology.Agains).Select(Again),
        .. lanes.SelectMany(lane => new[]
        {
            Lane(lane), Endpoint(RabbitMqTopology.QueueOf(lane)), Early(lane), Endpoint(RabbitMqTopology.EarlyOf(lane)), Dead(lane),
        }),
    ];

    private static (string Kind, string Name) Exchange(string name) => ("exchange", name);

    private static (string Kind, string Name) Queue(string name) => ("queue", name);
}
