using Fleet.Core.Setup;
using Fleet.Transport.RabbitMq;

[assembly: FleetProvider(typeof(RabbitMqProvider))]

namespace Fleet.Transport.RabbitMq;

/// <summary>RabbitMQ, if the configuration names it.</summary>
public sealed class RabbitMqProvider : IFleetProvider
{
    /// <inheritdoc/>
    public void Use(FleetBuilder fleet) => fleet.UseRabbitMq();
}
