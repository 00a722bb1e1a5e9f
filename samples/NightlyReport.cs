using System.Runtime.InteropServices;
using System.Text;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Fleet.Samples;

/// <summary>Summarises the runs of a day, by job, as HTML and CSV.</summary>
/// <param name="Day">A day in UTC that has begun. Null: the last 24 hours.</param>
[Job("samples.nightly-report", Timeout = "00:10:00", Description = "Summarises a day's runs by job into an HTML and a CSV file.")]
public sealed record NightlyReport(DateOnly? Day = null);

/// <summary>What one run wrote.</summary>
/// <param name="Html">Full path.</param>
/// <param name="Csv">Full path.</param>
/// <param name="Jobs">Lines of the report.</param>
/// <param name="Runs">Runs that it counts.</param>
public sealed record NightlyReportResult(string Html, string Csv, int Jobs, int Runs);

/// <remarks>The files of the same day are replaced, so a repeat leaves one report, not two.</remarks>
internal sealed class NightlyReportJob(IStorage storage, IOptions<SamplesOptions> options, TimeProvider time)
    : IJob<NightlyReport, NightlyReportResult>
{
    private const int MaxError = 300;

    public async Task<NightlyReportResult> RunAsync(NightlyReport args, JobContext context, CancellationToken ct)
    {
        // 1. Which day.
        var now = time.GetUtcNow();
        var from = args.Day is { } day ? new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero) : now.AddDays(-1);
        if (from > now)
            throw new NonRetryableException($"day: '{args.Day:O}' is not allowed; allowed is a day that has begun in UTC.");
        var to = args.Day is null ? now : from.AddDays(1);

        // 2. Read.
        context.ReportProgress(0.1, "Reading runs");
        var lines = await ReadAsync(from, to, ct);
        var report = new RunReport(args.Day is null ? "Runs of the last 24 hours" : $"Runs of {args.Day:O}", from, to, lines);

        // 3. Write.
        context.ReportProgress(0.8, "Writing files");
        var folder = Path.GetFullPath(options.Value.Output);
        Directory.CreateDirectory(folder);
        var name = args.Day is null ? "runs-last-24-hours" : $"runs-{args.Day:O}";
        var html = await WriteAsync(Path.Combine(folder, $"{name}.html"), report.ToHtml(), context, ct);
        var csv = await WriteAsync(Path.Combine(folder, $"{name}.csv"), report.ToCsv(), context, ct);
        context.Log.Information($"Wrote {html} and {csv}.");
        return new NightlyReportResult(html, csv, lines.Count, lines.Sum(l => l.Counts.Values.Sum()));
    }

    private async Task<List<JobLine>> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        var jobs = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        await using var db = storage.Read();
        var ended = db.Runs.AsNoTracking()
            .Where(r => r.FinishedAt >= from && r.FinishedAt < to)
            .OrderBy(r => r.FinishedAt)
            .Select(r => new { r.Job, r.State, r.StartedAt, r.FinishedAt, Error = r.State == RunState.Failed ? r.Error : null });
        await foreach (var run in ended.AsAsyncEnumerable().WithCancellation(ct))
        {
            var tally = TallyOf(jobs, run.Job);
            tally.Add(run.State, 1);
            if (run.State is RunState.Succeeded or RunState.Failed && run.StartedAt is { } started && run.FinishedAt is { } finished)
                tally.Seconds.Add(Math.Max(0, (finished - started).TotalSeconds));
            tally.LastError = run.Error ?? tally.LastError;
        }

        var open = await db.Runs.AsNoTracking()
            .Where(r => (r.State == RunState.Pending || r.State == RunState.Running) && r.DueAt >= from && r.DueAt < to)
            .GroupBy(r => new { r.Job, r.State })
            .Select(g => new { g.Key.Job, g.Key.State, Count = g.Count() })
            .ToListAsync(ct);
        foreach (var group in open)
            TallyOf(jobs, group.Job).Add(group.State, group.Count);
        return [.. jobs.Select(job => job.Value.ToLine(job.Key))];
    }

    private static Tally TallyOf(SortedDictionary<string, Tally> jobs, string job)
    {
        if (!jobs.TryGetValue(job, out var tally))
            jobs.Add(job, tally = new Tally());
        return tally;
    }

    /// <summary>Under another name first: whoever opens the file sees the old report or the new one, never a half.</summary>
    private static async Task<string> WriteAsync(string path, string text, JobContext context, CancellationToken ct)
    {
        // The name is this attempt's own: a run whose worker was given up may still be writing.
        var temporary = $"{path}.{context.RunId}-{context.Attempt}.tmp";
        try
        {
            await using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 4096, useAsync: true))
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(text), ct);
                // To the disk before the rename, or a power cut could leave the new name on an empty file.
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            return path;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>What is counted for one job.</summary>
    private sealed class Tally
    {
        private readonly Dictionary<RunState, int> _counts = [];

        public List<double> Seconds { get; } = [];

        public string? LastError { get; set; }

        public void Add(RunState state, int count) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, state, out _) += count;

        public JobLine ToLine(string job)
        {
            Seconds.Sort();
            return new JobLine(
                job,
                _counts,
                Seconds.Count == 0 ? null : Seconds.Average(),
                RunReport.P95(Seconds),
                LastError?.Length > MaxError ? LastError[..MaxError] + "…" : LastError);
        }
    }
}
