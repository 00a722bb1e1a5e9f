using System.Diagnostics;
using System.Numerics;
using Fleet.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Loops;

/// <summary>Named periodic work: a pass, a pause, the next pass. A failed pass is counted and followed by a growing pause with jitter; it
/// does not end the loop. The first, second, fourth, eighth … failure in a row is logged, and the recovery.</summary>
public abstract partial class BackgroundLoop(string name, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan MaxBackOff = TimeSpan.FromSeconds(10);

    private readonly Signal _wake = new();
    private readonly CarefulLogger _logger = new CarefulLogger(logger);

    /// <summary>The name in logs and metrics.</summary>
    public string Name => name;

    /// <summary>The clock of the loop.</summary>
    protected TimeProvider Time => time;

    /// <summary>Starts the next pass without waiting for the pause to end.</summary>
    public void Wake() => _wake.Set();

    /// <summary>One pass.</summary>
    /// <returns>The pause before the next pass; zero if there is more to do now.</returns>
    protected abstract Task<TimeSpan> PassAsync(CancellationToken ct);

    /// <summary>Executes passes until the token is canceled, then returns.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var failures = 0;
        while (!ct.IsCancellationRequested)
        {
            TimeSpan pause;
            var start = Stopwatch.GetTimestamp();
            try
            {
                pause = await PassAsync(ct);
                if (failures > 0)
                    LogWorksAgain(name, failures);
                failures = 0;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                pause = BackOff(++failures);
                FleetMetrics.LoopFailures.Add(1, new KeyValuePair<string, object?>("loop", name));
                // Not every failure, because a long outage would fill the log.
                if (BitOperations.IsPow2(failures))
                    LogFailed(name, failures, pause, e);
            }

            FleetMetrics.LoopDuration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("loop", name));
            if (pause <= TimeSpan.Zero)
                continue;
            try
            {
                await _wake.WaitAsync(pause, time, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static TimeSpan BackOff(int failures)
    {
        var seconds = Math.Min(MaxBackOff.TotalSeconds, 0.1 * Math.Pow(2, Math.Min(failures, 10)));
        return TimeSpan.FromSeconds(seconds * (0.75 + (Random.Shared.NextDouble() / 2)));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Loop {Loop} failed {Failures} time(s) in a row; next try in {Pause}.")]
    private partial void LogFailed(string loop, int failures, TimeSpan pause, Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "Loop {Loop} works again after {Failures} failure(s).")]
    private partial void LogWorksAgain(string loop, int failures);
}
