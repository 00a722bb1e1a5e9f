using System.Text.Json;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Runs;

/// <summary>A run with all that happened to it, as of one moment.</summary>
/// <param name="Run">The row.</param>
/// <param name="Attempts">The attempts that did not simply succeed at once, oldest first; at most 1,000.</param>
/// <param name="Replays">The replays, oldest first; at most 1,000.</param>
public sealed record RunHistory(Run Run, IReadOnlyList<Attempt> Attempts, IReadOnlyList<Replay> Replays)
{
    /// <summary>The names of the workers of the run and its attempts; without those that are no longer stored.</summary>
    public IReadOnlyDictionary<WorkerId, string> WorkerNames { get; init; } = new Dictionary<WorkerId, string>();
}

/// <summary>Reads runs.</summary>
public sealed class GetRuns(IStorage storage, TimeProvider time)
{
    private const int MaxRows = 1000;

    /// <summary>Reads one run; null when there is none.</summary>
    public async Task<Run?> FindAsync(RunId id, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, ct);
    }

    /// <summary>Reads what is left of a run that somebody deleted; null when there is no such run, or it was not deleted.</summary>
    public async Task<Run?> FindDeletedAsync(RunId id, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Runs.IgnoreQueryFilters().AsNoTracking()
            .FirstOrDefaultAsync(r => r.Id == id && r.State == Run.DeletedState, ct);
    }

    /// <summary>Reads one run with its attempts and replays; null when there is none.</summary>
    /// <remarks>From one snapshot: otherwise a run that is released meanwhile would be shown as running, with the attempt that its release
    /// ended.</remarks>
    public Task<RunHistory?> FindHistoryAsync(RunId id, CancellationToken ct) => storage.ReadSnapshotAsync(
        async db =>
        {
            if (await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, ct) is not { } run)
                return null;
            var attempts = await db.Attempts.AsNoTracking().Where(a => a.RunId == id).OrderBy(a => a.Id).Take(MaxRows).ToListAsync(ct);
            var replays = await db.Replays.AsNoTracking().Where(r => r.RunId == id).OrderBy(r => r.Number).Take(MaxRows).ToListAsync(ct);
            return new RunHistory(run, attempts, replays) { WorkerNames = await ReadNamesAsync(db, run, attempts, ct) };
        },
        ct);

    private static async Task<Dictionary<WorkerId, string>> ReadNamesAsync(
        FleetDbContext db, Run run, IEnumerable<Attempt> attempts, CancellationToken ct)
    {
        WorkerId[] ids = [.. attempts.Select(a => a.WorkerId).Append(run.WorkerId).OfType<WorkerId>().Distinct()];
        return ids.Length == 0
            ? []
            : await db.Workers.AsNoTracking().Where(w => ids.Contains(w.Id)).Select(w => new { w.Id, w.Name })
                .ToDictionaryAsync(w => w.Id, w => w.Name, ct);
    }

    /// <summary>Waits until the run has ended. It reads the run often at first, then twice a second.</summary>
    /// <returns>Null when there is no such run.</returns>
    public async Task<Run?> WaitAsync(RunId id, CancellationToken ct)
    {
        var pause = TimeSpan.FromMilliseconds(10);
        while (true)
        {
            var run = await FindAsync(id, ct);
            if (run is null || run.State is RunState.Succeeded or RunState.Failed or RunState.Canceled)
                return run;
            await Task.Delay(pause, time, ct);
            pause = TimeSpan.FromMilliseconds(Math.Min(500, pause.TotalMilliseconds * 1.5));
        }
    }

    /// <summary>The run as applications see it.</summary>
    public static RunInfo ToInfo(Run run) => new()
    {
        Id = run.Id,
        Job = run.Job,
        Lane = run.Lane,
        State = run.State,
        Attempt = run.Attempt,
        CreatedAt = run.CreatedAt,
        DueAt = run.DueAt,
        StartedAt = run.StartedAt,
        FinishedAt = run.FinishedAt,
        Error = run.Error,
        ArgsJson = run.Args,
        OutputJson = run.Output,
        Tags = ReadTags(run.Tags),
    };

    /// <summary>The tags in the column of a row.</summary>
    public static IReadOnlyList<string> ReadTags(string? json) => json is null ? [] : JsonSerializer.Deserialize<string[]>(json)!;
}
