using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;

namespace Fleet.MassTransit;

/// <summary>Starts and stops the buses of the program as MassTransit does, but does not stop buses that it has not started: MassTransit
/// warns then, and a host whose start was refused would say so beside the reason.</summary>
internal sealed class StartedBuses(IEnumerable<IBusInstance> instances, ILogger<BusDepot> logger) : IBusDepot
{
    private readonly BusDepot _buses = new(instances, logger);
    private volatile bool _hasBegun;

    public Task Start(CancellationToken cancellationToken)
    {
        _hasBegun = true;
        return _buses.Start(cancellationToken);
    }

    public Task Stop(CancellationToken cancellationToken) => _hasBegun ? _buses.Stop(cancellationToken) : Task.CompletedTask;
}
