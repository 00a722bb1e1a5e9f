using Fleet.Core.Lanes;

namespace Fleet.Transport.RabbitMq;

/// <summary>What kind of transport RabbitMQ is.</summary>
internal sealed class RabbitMqTransport : ITransport
{
    public bool ReachesOtherProcesses => true;

    public bool IsOutage(Exception e) => BrokerLink.IsOutage(e);
}
