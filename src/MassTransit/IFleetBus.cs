using MassTransit;

namespace Fleet;

/// <summary>Fleet's own bus. A program has it on RabbitMQ, or if it adds consumers with <see cref="FleetConsumers.AddConsumers"/>. It is
/// a bus beside the one that the program may register with <c>AddMassTransit</c>.</summary>
public interface IFleetBus : IBus;
