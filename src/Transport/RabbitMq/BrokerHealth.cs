using MassTransit.Transports;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fleet.Transport.RabbitMq;

/// <summary>Asks the broker for an exchange that is always there. MassTransit's own check calls a bus whose broker is gone degraded.</summary>
internal sealed class BrokerHealth(IBusInstance bus, TimeProvider time) : IHealthCheck, IAsyncDisposable
{
    private readonly BrokerChannel _channel = new(bus, time);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await _channel.UseAsync(
                async (channel, ct) =>
                {
                    await channel.ExchangeDeclarePassiveAsync("amq.direct", ct);
                    return true;
                },
                cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"The broker does not answer: {e.Message}");
        }
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();
}
