using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Live;

/// <summary>A run, as far as its changes are watched.</summary>
public sealed record WatchedRun(RunId Id, string Job, string Lane, RunState State, int Attempt, bool IsStopping);

/// <summary>What one look at the database saw: the newest runs, and some of those that execute.</summary>
public sealed record Look
{
    /// <summary>The newest runs.</summary>
    public required IReadOnlyDictionary<RunId, WatchedRun> Newest { get; init; }

    /// <summary>Some of the runs that execute.</summary>
    public required IReadOnlyDictionary<RunId, WatchedRun> Running { get; init; }
}

/// <summary>Finds what has changed since the look before, by comparing two bounded looks at the database. Nothing is written or sent for
/// this by whoever changes a run, so it costs nothing while nobody asks.</summary>
public sealed class FindChanges(IStorage storage)
{
    /// <summary>Maximum number of runs of each kind that a look reads.</summary>
    public const int MaxRuns = 200;

    /// <summary>Looks at the database.</summary>
    public async Task<Look> LookAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        return new Look
        {
            Newest = await ReadAsync(db.Runs.OrderByDescending(r => r.Id), ct),
            Running = await ReadAsync(db.Running, ct),
        };
    }

    /// <summary>Compares two looks and the figures that were read with them. A pure function.</summary>
    /// <param name="before">The look before; null for the first one, which tells nothing.</param>
    /// <param name="after">The look now.</param>
    /// <param name="figuresBefore">The figures before; null when they were not read.</param>
    /// <param name="figuresAfter">The figures now; null when they were not read.</param>
    /// <param name="schedules">True when a schedule was changed.</param>
    public static LiveChanges Compare(
        Look? before, Look after, LiveFigures? figuresBefore, LiveFigures? figuresAfter, bool schedules)
    {
        if (before is null)
            return new LiveChanges { Schedules = schedules };
        var changed = new Dictionary<RunId, WatchedRun>();
        foreach (var run in after.Newest.Values.Concat(after.Running.Values))
        {
            if (!before.Newest.TryGetValue(run.Id, out var was) && !before.Running.TryGetValue(run.Id, out was) || was != run)
                changed.TryAdd(run.Id, run);
        }

        // A run that executed and is not seen any more has ended, or there are more than one look reads.
        var gone = before.Running.Values.Where(r => !after.Running.ContainsKey(r.Id) && !after.Newest.ContainsKey(r.Id)).ToList();
        foreach (var run in gone)
            changed.TryAdd(run.Id, run);
        // One of the newest runs that is missing, and was not pushed out by newer ones, was deleted.
        var oldest = after.Newest.Count == MaxRuns ? after.Newest.Keys.Min() : default;
        foreach (var run in before.Newest.Values)
        {
            if (run.Id > oldest && !after.Newest.ContainsKey(run.Id))
                changed.TryAdd(run.Id, run);
        }

        // Not one of the newest runs is known: more of them may have come than a look reads.
        var isFull = after.Newest.Count == MaxRuns && !after.Newest.Keys.Any(before.Newest.ContainsKey);
        var (lanes, states) = CompareFigures(figuresBefore, figuresAfter);
        var known = changed.Keys.SelectMany(id => new[]
        {
            before.Newest.GetValueOrDefault(id), before.Running.GetValueOrDefault(id), changed[id],
        }).OfType<WatchedRun>().Select(r => r.State);
        return new LiveChanges
        {
            Runs = [.. changed.Keys.OrderDescending().Take(LiveChanges.MaxNamed)],
            Jobs = Some(changed.Values.Select(r => r.Job)),
            Lanes = Some(changed.Values.Select(r => r.Lane).Concat(lanes)),
            States = [.. changed.Values.Where(r => !gone.Contains(r)).Select(r => r.State).Concat(states).Distinct().Order()],
            // Numbers that these runs do not explain.
            MoreRuns = isFull || changed.Count > LiveChanges.MaxNamed || states.Except(known).Any(),
            Workers = CompareWorkers(figuresBefore, figuresAfter),
            Schedules = schedules,
        };
    }

    private static (List<string> Lanes, List<RunState> States) CompareFigures(LiveFigures? before, LiveFigures? after)
    {
        if (before is null || after is null)
            return ([], []);
        var known = before.Lanes.ToDictionary(l => l.Name, StringComparer.Ordinal);
        var lanes = after.Lanes.Where(l => known.GetValueOrDefault(l.Name) != l).Select(l => l.Name)
            .Concat(known.Keys.Except(after.Lanes.Select(l => l.Name), StringComparer.Ordinal)).ToList();
        var states = new List<RunState>();
        if (before.Ready != after.Ready || before.Scheduled != after.Scheduled)
            states.Add(RunState.Pending);
        if (before.Running != after.Running)
            states.Add(RunState.Running);
        if (before.Failed != after.Failed)
            states.Add(RunState.Failed);
        return (lanes, states);
    }

    private static IReadOnlyList<string> CompareWorkers(LiveFigures? before, LiveFigures? after)
    {
        if (before is null || after is null)
            return [];
        var known = before.Workers.ToDictionary(w => w.Id, w => w.State);
        var now = after.Workers.ToDictionary(w => w.Id, w => w.State);
        return Some(
            now.Where(w => !known.TryGetValue(w.Key, out var state) || state != w.Value).Select(w => w.Key.ToString())
                .Concat(known.Keys.Where(id => !now.ContainsKey(id)).Select(id => id.ToString())));
    }

    private static IReadOnlyList<string> Some(IEnumerable<string> names) =>
        [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(LiveChanges.MaxNamed)];

    private static async Task<Dictionary<RunId, WatchedRun>> ReadAsync(IQueryable<Run> runs, CancellationToken ct)
    {
        var rows = await runs.AsNoTracking().Take(MaxRuns)
            .Select(r => new { r.Id, r.Job, r.Lane, r.State, r.Attempt, r.CancelRequestedAt }).ToListAsync(ct);
        return rows.ToDictionary(
            r => r.Id, r => new WatchedRun(r.Id, r.Job, r.Lane, r.State, r.Attempt, r.CancelRequestedAt is not null));
    }
}
