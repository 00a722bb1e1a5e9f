using Fleet.Core.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fleet.Hosting.Health;

/// <summary>Asks the database whether it takes writes: at most once a second, one question at a time, and never longer than the probes of a
/// container wait.</summary>
internal sealed class DatabaseHealth(IStorage storage, TimeProvider time) : IHealthCheck
{
    /// <summary>After which a database that has said nothing is down.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<HealthCheckResult> _asking = Task.FromResult(HealthCheckResult.Healthy());
    private long? _askedAt;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await Ask().WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return HealthCheckResult.Unhealthy($"database: no answer within {Patience.TotalSeconds} s");
        }
    }

    /// <summary>The answer of a moment ago, or the question that is under way, or a new one.</summary>
    private Task<HealthCheckResult> Ask()
    {
        lock (_lock)
        {
            if (_asking.IsCompleted && (_askedAt is not { } at || time.GetElapsedTime(at) >= FreshFor))
            {
                _askedAt = time.GetTimestamp();
                // Elsewhere: the caller does not wait for a driver that blocks its thread.
                _asking = Task.Run(PingAsync);
            }

            return _asking;
        }
    }

    private async Task<HealthCheckResult> PingAsync()
    {
        try
        {
            // Not canceled: given up, it would be asked again at once, of a database that has enough to do.
            await storage.PingAsync(CancellationToken.None);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e)
        {
            return HealthCheckResult.Unhealthy(e is DatabaseUnavailableException ? e.Message : $"database: {e.Message}");
        }
    }
}
