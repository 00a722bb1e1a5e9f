using System.Threading.Channels;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Worker;

/// <summary>Progress as a handler reported it.</summary>
public readonly record struct ProgressReport(RunId RunId, long LeaseToken, double Fraction, string? Message);

/// <summary>Writes what handlers report while they run, log lines and progress, in one small transaction a few times a second.</summary>
public sealed class RunReports(IStorage storage, TimeProvider time, ILogger<RunReports> logger) : BackgroundLoop("run-reports", time, logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Channel<RunLogLine> _lines = Channel.CreateBounded<RunLogLine>(
        new BoundedChannelOptions(20_000) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Lock _lock = new();
    private Dictionary<RunId, ProgressReport> _progress = [];
    private List<RunLogLine> _unwritten = [];

    public void Add(RunLogLine line) => _lines.Writer.TryWrite(line);

    public void Add(ProgressReport progress)
    {
        lock (_lock)
            _progress[progress.RunId] = progress;
    }

    /// <summary>Writes what is there.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        Dictionary<RunId, ProgressReport> progress;
        lock (_lock)
        {
            (progress, _progress) = (_progress, []);
            while (_unwritten.Count < 1000 && _lines.Reader.TryRead(out var line))
                _unwritten.Add(line);
        }

        if (progress.Count == 0 && _unwritten.Count == 0)
            return;
        await storage.WriteAsync(
            async scope =>
            {
                scope.Db.RunLogs.AddRange(_unwritten);
                await scope.Db.SaveChangesAsync(ct);
                foreach (var report in progress.Values)
                {
                    // What the handler said last may be written after its run has succeeded: then all of it is done.
                    await scope.Db.Runs.Where(r => r.Id == report.RunId && r.LeaseToken == report.LeaseToken).ExecuteUpdateAsync(
                        set => set.SetProperty(r => r.Progress, r => r.State == RunState.Succeeded ? 1 : report.Fraction).SetProperty(r => r.ProgressMessage, report.Message), ct);
                }

                return true;
            },
            ct);
        _unwritten = [];
    }

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        await FlushAsync(ct);
        return Pause;
    }
}
