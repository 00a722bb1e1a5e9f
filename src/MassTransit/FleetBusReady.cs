using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.Hosting;

namespace Fleet.MassTransit;

/// <summary>Waits at the start until Fleet's bus in memory listens: what is published earlier is lost.</summary>
internal sealed class FleetBusReady(IBusInstance<IFleetBus> bus) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        bus.BusControl.WaitForHealthStatus(BusHealthStatus.Healthy, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
