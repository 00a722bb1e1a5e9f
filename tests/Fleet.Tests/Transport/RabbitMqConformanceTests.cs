using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Transport;

public sealed class RabbitMqConformanceTests(RabbitMqServer server) : TransportConformance
{
    private VirtualHost? _broker;

    protected override async Task AddToAsync(IServiceCollection services)
    {
        _broker ??= await server.CreateHostAsync();
        services.AddFleetRabbitMqTransport(RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30))!);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
    }
}
