using Fleet.Core.Loops;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Looks for harmful policies soon after the start, and now and then: they can be set at any time. Each is logged once.</summary>
internal sealed partial class PolicyLoop(ManagementApi management, TimeProvider time, ILogger logger)
    : BackgroundLoop("policies", time, logger)
{
    /// <summary>The queues of this process are declared by then, and the broker has applied its policies to them.</summary>
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly ILogger _logger = logger;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private bool _hasWaited;

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        if (!_hasWaited)
        {
            _hasWaited = true;
            return AfterStart;
        }

        try
        {
            var findings = await CheckPolicies.ExecuteAsync(management, ct);
            _told.IntersectWith(findings);
            foreach (var finding in findings.Where(_told.Add))
                LogPolicy(finding);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (_told.Add(e.GetType().Name))
                LogNotRead(e);
        }

        return Interval;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "broker: {Finding}")]
    private partial void LogPolicy(string finding);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The policies of the broker could not be read over its management interface.")]
    private partial void LogNotRead(Exception e);
}

/// <summary>Runs the loop for the life of the process, if there is a management interface.</summary>
internal sealed class WatchPolicies(TimeProvider time, ILogger<PolicyLoop> logger, ManagementApi? management = null) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => management is null
        ? Task.CompletedTask
        : Task.Run(() => new PolicyLoop(management, time, logger).RunAsync(stoppingToken), stoppingToken);
}
