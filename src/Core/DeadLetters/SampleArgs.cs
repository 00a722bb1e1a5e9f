using Fleet.Core.Search;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>Args of runs of one job, to compare those that failed with those that succeeded.</summary>
/// <param name="Job">The job.</param>
/// <param name="Failed">JSON text of the newest dead letters of the group.</param>
/// <param name="Succeeded">JSON text of the newest runs of the job that succeeded.</param>
public sealed record ArgsSample(string Job, IReadOnlyList<string> Failed, IReadOnlyList<string> Succeeded);

/// <summary>Reads args of runs that failed and of runs that succeeded.</summary>
public sealed class SampleArgs(IStorage storage, TimeProvider time)
{
    /// <summary>How many runs of each kind are compared at most.</summary>
    public const int MaxRuns = 200;

    /// <summary>How many characters of args of each kind are read, about.</summary>
    private const int MaxCharacters = 2_000_000;

    private const int AtOnce = 20;

    /// <summary>Reads a sample.</summary>
    /// <param name="fingerprint">The group.</param>
    /// <param name="job">The job of the runs.</param>
    /// <param name="lanes">Only runs in these lanes; null: all.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task<ArgsSample> FindAsync(string fingerprint, string job, IReadOnlyList<string>? lanes, CancellationToken ct)
    {
        await using var db = storage.Read();
        return new ArgsSample(
            job, await ReadFailedAsync(db, fingerprint, job, lanes, ct), await ReadSucceededAsync(db, job, lanes, ct));
    }

    private static async Task<List<string>> ReadFailedAsync(
        FleetDbContext db, string fingerprint, string job, IReadOnlyList<string>? lanes, CancellationToken ct)
    {
        // Of a group with several jobs, some of the newest may be of another.
        var letters = await GetGroups.NewestOf(db, fingerprint, lanes).Take(MaxRuns * 5)
            .Select(l => new { l.RunId, l.Job }).ToListAsync(ct);
        var (args, length) = (new List<string>(), 0);
        foreach (var ids in letters.Where(l => l.Job == job).Take(MaxRuns).Select(l => l.RunId).Chunk(AtOnce))
        {
            args.AddRange(await db.Runs.Where(r => ids.Contains(r.Id)).Select(r => r.Args).ToListAsync(ct));
            length = args.Sum(a => a.Length);
            if (length >= MaxCharacters)
                break;
        }

        return args;
    }

    private async Task<List<string>> ReadSucceededAsync(FleetDbContext db, string job, IReadOnlyList<string>? lanes, CancellationToken ct)
    {
        var query = RunQuery.All with
        {
            States = [StateWord.Succeeded],
            Jobs = [new WordTerm([new Pattern(job, PatternKind.Exact)])],
        };
        query = lanes is null ? query : query.Within(lanes);
        var budget = new SearchBudget();
        var scan = new ScanRuns(db, query, IdRange.Of(query, before: null), budget, time);
        var (args, length) = (new List<string>(), 0);
        var runs = scan.ReadAsync(
            r => new RunSummary { Id = r.Id, Job = r.Job, Lane = r.Lane, State = r.State, DueAt = r.DueAt, Args = r.Args },
            AtOnce * 2, budget.FirstWindow, ct);
        await foreach (var run in runs)
        {
            args.Add(run.Args!);
            length += run.Args!.Length;
            if (args.Count == MaxRuns || length >= MaxCharacters)
                break;
        }

        return args;
    }
}
