using System.Diagnostics;

namespace Fleet.Load;

/// <summary>A job that does nothing but say that it started.</summary>
/// <param name="Sent">Timestamp of the enqueue call.</param>
/// <param name="Padding">Brings the args to the wanted size.</param>
[Job("load.noop")]
public sealed record NoOp(long Sent, string Padding);

/// <summary>Counts what the handler saw.</summary>
public sealed class Gauge
{
    private readonly Lock _lock = new();
    private List<double> _latencies = [];
    private TaskCompletionSource _reached = new();
    private int _started;
    private int _goal = int.MaxValue;

    /// <summary>Starts a new measurement.</summary>
    /// <returns>Ends when that many runs have started.</returns>
    public Task Expect(int runs)
    {
        lock (_lock)
        {
            (_started, _goal, _latencies) = (0, runs, new List<double>(runs));
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached.Task;
        }
    }

    public void Started(long sent)
    {
        var latency = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
        lock (_lock)
        {
            _latencies.Add(latency);
            if (++_started == _goal)
                _reached.SetResult();
        }
    }

    /// <summary>The latency that this fraction of the runs did not exceed, in milliseconds.</summary>
    public double Percentile(double fraction)
    {
        lock (_lock)
        {
            _latencies.Sort();
            return _latencies.Count == 0 ? double.NaN : _latencies[(int)Math.Min(_latencies.Count - 1, fraction * _latencies.Count)];
        }
    }
}

internal sealed class NoOpJob(Gauge gauge) : IJob<NoOp>
{
    public Task RunAsync(NoOp args, JobContext context, CancellationToken ct)
    {
        gauge.Started(args.Sent);
        return Task.CompletedTask;
    }
}
