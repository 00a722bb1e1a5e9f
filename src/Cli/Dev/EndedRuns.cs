using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Cli.Dev;

/// <summary>Prints a line for each run that ends: what <c>fleet dev</c> shows when its output is no terminal.</summary>
internal static class EndedRuns
{
    private const int MaxLines = 20;
    private const int MaxOutput = 120;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static async Task PrintAsync(Uri server, string data, IStorage storage, TimeProvider time, CancellationToken ct)
    {
        Console.WriteLine($"Fleet is running at {server.ToString().TrimEnd('/')} with its data in {data}. Ctrl+C stops it.");
        Console.WriteLine(
            $"Try: curl {server}api/v1/runs -H content-type:application/json -d "
            + $"'{{\"job\":\"diag.echo\",\"args\":{{\"hello\":\"world\"}}}}'");
        var seen = time.GetUtcNow();
        try
        {
            while (true)
            {
                await Task.Delay(Pause, time, ct);
                await using var db = storage.Read();
                var ended = await db.Runs.AsNoTracking().Where(r => r.FinishedAt > seen && !r.Revoked).OrderBy(r => r.FinishedAt).Take(1000)
                    .ToListAsync(ct);
                foreach (var run in ended.Take(MaxLines))
                    Console.WriteLine(Describe(run));
                if (ended.Count > MaxLines)
                    Console.WriteLine($"         … and {ended.Count - MaxLines} more");
                if (ended.Count > 0)
                    seen = ended[^1].FinishedAt!.Value;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The way this ends.
        }
    }

    private static string Describe(Run run)
    {
        var took = run.FinishedAt - run.StartedAt;
        var by = run.ScheduleId is null ? "" : $" by {run.ScheduleId}";
        var attempt = run.Attempt > 1 ? $", attempt {run.Attempt}" : "";
        var result = run.State == RunState.Succeeded ? run.Output : run.Error;
        var shown = result is null ? "" : ": " + RunRules.Show(result.Length > MaxOutput ? result[..MaxOutput] + "…" : result);
        return $"{run.FinishedAt:HH:mm:ss} {run.State.ToString().ToLowerInvariant(),-9} {run.Job}{by} {run.Id} "
            + $"({took?.TotalMilliseconds ?? 0:0} ms{attempt}){shown}";
    }
}
