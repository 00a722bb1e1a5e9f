using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>Publishes to a key that leads nowhere, and waits for the confirm: only who publishes learns that the broker blocks those who
/// do. Over the side connection, so that an idle worker's own is not blocked by it. MassTransit's own check calls a bus whose broker is
/// gone degraded.</summary>
internal sealed class BrokerHealth(SideConnection side, BrokerAlarms alarms, BrokerProblems problems, TimeProvider time)
    : IHealthCheck, IAsyncDisposable
{
    /// <summary>A probe gives a service about two seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    /// <summary>No lane has a colon in front.</summary>
    private const string NoLane = ":health";

    private readonly BrokerChannel _channel = new(side.OpenAsync, problems, time, Patience);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (alarms.Blocked is null)
                await _channel.PublishAsync(
                    RabbitMqTopology.Lanes, NoLane, LaneMessage.Properties(persistent: false), default, mandatory: false,
                    cancellationToken);
        }
        catch (OperationInterruptedException e) when (BrokerRefusal.IsFinal(e))
        {
            // It answers; that nothing is declared yet, or may not be written to, is among the problems.
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (alarms.Blocked is null)
                return HealthCheckResult.Unhealthy($"The broker does not answer: {Core.Text.Secrets.Hide(e.Message)}");
        }

        var found = problems.All;
        var told = string.Join(" ", found.Select(p => p.Text));
        if (found.Any(p => p.Severity == Severity.Down))
            return HealthCheckResult.Unhealthy(told);
        if (alarms.Blocked is { } blocked)
            return HealthCheckResult.Degraded($"broker blocked: {blocked}");
        return found.Any(p => p.Severity == Severity.Degraded)
            ? HealthCheckResult.Degraded(told)
            : HealthCheckResult.Healthy(told.Length == 0 ? null : told);
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();
}
