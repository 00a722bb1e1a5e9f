using System.Text.Json;
using Fleet.Core.Text;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Leaves copies of runs that failed for good in a queue per lane, where the management UI shows them.</summary>
internal sealed partial class RabbitMqDeadCopies(BrokerLink link, TimeProvider time, ILogger<RabbitMqDeadCopies> logger)
    : IDeadCopySender, IAsyncDisposable
{
    /// <summary>Minimum time between two log lines about lost copies.</summary>
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    private readonly Setbacks _setbacks = new("dead copies", "lane", BrokerLink.IsOutage, time, logger);
    private long _lost;
    private long _loggedAt;

    public async Task PublishDeadAsync(DeadRun run, CancellationToken ct)
    {
        try
        {
            await _setbacks.TryAsync(run.Lane, PublishAsync, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            ReportLost(run, e);
        }

        async Task PublishAsync()
        {
            await link.EnsureAsync(link.Foreign, Declaration.Dead(run.Lane), ct);
            var properties = LaneMessage.Properties();
            properties.MessageId = run.Id.ToString();
            // Over the default exchange, which leads to a queue by its name.
            await link.Foreign.PublishAsync("", RabbitMqTopology.DeadOf(run.Lane), properties, Describe(run), mandatory: true, ct);
        }
    }

    public ValueTask DisposeAsync() => _setbacks.DisposeAsync();

    /// <summary>Logs the first lost copy at once, and then one line every few seconds.</summary>
    private void ReportLost(DeadRun run, Exception e)
    {
        var count = Interlocked.Increment(ref _lost);
        var last = Interlocked.Read(ref _loggedAt);
        if (last != 0 && time.GetElapsedTime(last) < BetweenLines)
            return;
        if (Interlocked.CompareExchange(ref _loggedAt, time.GetTimestamp(), last) != last)
            return;
        Interlocked.Add(ref _lost, -count);
        LogLost(count, run.Job, run.Id, e);
    }

    private static byte[] Describe(DeadRun run)
    {
        using var args = JsonDocument.Parse(run.Args);
        return JsonSerializer.SerializeToUtf8Bytes(
            new { run.Id, run.Job, run.Lane, Args = args.RootElement, run.Attempt, run.Error, run.ErrorType, run.FailedAt },
            FleetJson.Payload);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The dead copies of {Count} run(s) could not be published since the last such line, for example that of {Job} {RunId}; "
            + "their rows are complete.")]
    private partial void LogLost(long count, string job, RunId runId, Exception e);
}
