using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Engine.Execution;

/// <summary>Progress as a handler reported it.</summary>
public readonly record struct ProgressReport(RunId RunId, long LeaseToken, double Fraction, string? Message);

/// <summary>Writes what handlers report while they run, log lines and progress, in one small transaction a few times a second.</summary>
/// <remarks>Log lines and progress wait in bounded memory while the database is away. What the database refuses is dropped alone.</remarks>
public sealed partial class RunReports(IStorage storage, TimeProvider time, ILogger<RunReports> logger)
    : BackgroundLoop("run-reports", time, logger)
{
    /// <summary>Maximum number of log lines that wait to be written, and of runs whose progress does.</summary>
    public const int MaxWaiting = 20_000;

    /// <summary>Maximum number of characters in the log lines that wait.</summary>
    public const int MaxCharacters = 8_000_000;

    private const int BatchSize = 1000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Channel<RunLogLine> _lines = Channel.CreateBounded<RunLogLine>(MaxWaiting);
    private readonly Lock _lock = new();
    private Dictionary<RunId, ProgressReport> _progress = [];
    private List<RunLogLine> _unwritten = [];
    private int _characters;
    private int _dropped;

    // Lines that are written or not: the answer to their commit was lost.
    private Doubt? _doubt;

    public void Add(RunLogLine line)
    {
        if (Interlocked.Add(ref _characters, line.Message.Length) <= MaxCharacters && _lines.Writer.TryWrite(line))
            return;
        Interlocked.Add(ref _characters, -line.Message.Length);
        Interlocked.Increment(ref _dropped);
    }

    public void Add(ProgressReport progress)
    {
        lock (_lock)
        {
            if (_progress.Count < MaxWaiting || _progress.ContainsKey(progress.RunId))
                _progress[progress.RunId] = progress;
        }
    }

    /// <summary>Writes what is there.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
            LogDropped(dropped);
        // Not without need: merely calling it loads EF Core, 12 MB that a worker does without.
        if (_doubt is not null)
            await EndDoubtAsync(ct);
        Dictionary<RunId, ProgressReport> progress;
        lock (_lock)
            (progress, _progress) = (_progress, []);
        while (_unwritten.Count < BatchSize && _lines.Reader.TryRead(out var line))
            _unwritten.Add(line);
        if (progress.Count == 0 && _unwritten.Count == 0)
            return;
        try
        {
            await WriteAsync(_unwritten, progress.Values, ct);
            Forget(_unwritten);
            progress.Clear();
        }
        catch (Exception e) when (_doubt is null && storage.JudgeBatch(e) != BatchFault.Outage)
        {
            // A line or a run that cannot be written must not hold up the others.
            await WriteApartAsync(progress, ct);
        }
        finally
        {
            KeepUnlessNewer(progress);
        }
    }

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        await FlushAsync(ct);
        return Pause;
    }

    /// <summary>Writes progress and lines each for itself, and drops what the database refuses.</summary>
    /// <exception cref="Exception">The database failed, and what is left is still to be written.</exception>
    private async Task WriteApartAsync(Dictionary<RunId, ProgressReport> progress, CancellationToken ct)
    {
        Exception? failure = null;
        foreach (var report in progress.Values.ToArray())
        {
            if (await TryAsync(() => WriteAsync([], [report], ct), report.RunId) is not { } e)
                progress.Remove(report.RunId);
            else if (IsEnough(failure = e))
                break;
        }

        foreach (var line in _unwritten.ToArray())
        {
            if (await TryAsync(() => WriteAsync([line], [], ct), line.RunId) is not { } e)
                Forget([line]);
            else if (IsEnough(failure = e))
                break;
        }

        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);

        // The next one would fail in the same way.
        bool IsEnough(Exception e) => !storage.IsConflict(e);
    }

    /// <returns>Null when it was written or refused; what failed when it is to be tried again.</returns>
    private async Task<Exception?> TryAsync(Func<Task> write, RunId run)
    {
        try
        {
            await write();
            return null;
        }
        catch (Exception e) when (storage.IsRefused(e))
        {
            LogRefused(run, e);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private async Task WriteAsync(IReadOnlyList<RunLogLine> lines, IReadOnlyCollection<ProgressReport> progress, CancellationToken ct)
    {
        // New rows for each try: those of a failed one have got ids, which the next try would insert again.
        RunLogLine[] rows =
        [
            .. lines.Select(l => new RunLogLine { RunId = l.RunId, Attempt = l.Attempt, At = l.At, Level = l.Level, Message = l.Message }),
        ];
        var isSaved = false;
        try
        {
            await storage.WriteAsync(
                async session =>
                {
                    session.Db.RunLogs.AddRange(rows);
                    await session.Db.SaveChangesAsync(ct);
                    foreach (var report in progress)
                    {
                        // What the handler said last may be written after its run has succeeded: then all of it is done.
                        await session.Db.Runs.Where(r => r.Id == report.RunId && r.LeaseToken == report.LeaseToken).ExecuteUpdateAsync(
                            set => set
                                .SetProperty(r => r.Progress, r => r.State == RunState.Succeeded ? 1 : report.Fraction)
                                .SetProperty(r => r.ProgressMessage, report.Message),
                            ct);
                    }

                    isSaved = rows.Length > 0;
                    return true;
                },
                ct);
        }
        catch (Exception) when (isSaved)
        {
            _doubt = new Doubt([.. lines], rows[0]);
            throw;
        }
    }

    /// <summary>Finds out whether the lines got through, so that they are written once.</summary>
    private async Task EndDoubtAsync(CancellationToken ct)
    {
        if (_doubt is not { First: var first } doubt)
            return;
        await using var db = storage.Read();
        var isStored = await db.RunLogs.AnyAsync(
            l => l.Id == first.Id && l.RunId == first.RunId && l.At == first.At && l.Message == first.Message, ct);
        if (isStored)
            Forget(doubt.Lines);
        _doubt = null;
    }

    private void Forget(IReadOnlyCollection<RunLogLine> lines)
    {
        Interlocked.Add(ref _characters, -lines.Sum(l => l.Message.Length));
        _unwritten = ReferenceEquals(lines, _unwritten) ? [] : [.. _unwritten.Except(lines)];
    }

    private void KeepUnlessNewer(Dictionary<RunId, ProgressReport> progress)
    {
        lock (_lock)
        {
            foreach (var (run, report) in progress)
            {
                if (_progress.Count < MaxWaiting)
                    _progress.TryAdd(run, report);
            }
        }
    }

    /// <param name="Lines">What was to be written.</param>
    /// <param name="First">The row of the first of them, with the id that the database gave it.</param>
    private sealed record Doubt(IReadOnlyCollection<RunLogLine> Lines, RunLogLine First);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} log line(s) of runs were dropped, because too many wait to be written.")]
    private partial void LogDropped(int count);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "A log line or the progress of run {RunId} was dropped, because the database refuses it.")]
    private partial void LogRefused(RunId runId, Exception e);
}
