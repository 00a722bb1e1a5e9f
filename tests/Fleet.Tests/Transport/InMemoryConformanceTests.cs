using Fleet.Transport.InMemory;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Transport;

public sealed class InMemoryConformanceTests : TransportConformance
{
    protected override Task AddToAsync(IServiceCollection services)
    {
        services.AddFleetInMemoryTransport();
        return Task.CompletedTask;
    }
}
