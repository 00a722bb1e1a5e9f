using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

public abstract partial class ServerRunStatements
{
    public async Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(StorageSession session, IReadOnlyList<NewRun> runs, CancellationToken ct)
    {
        if (runs.Count == 0)
            return [];
        var outcomes = new EnqueueOutcome[runs.Count];
        var left = Enumerable.Range(0, runs.Count).ToList();
        // A second round is for a run whose twin was deleted between the refusal and the look at it.
        while (left.Count > 0)
            left = await InsertRoundAsync(session, runs, left, outcomes, ct);
        return outcomes;
    }

    /// <summary>Inserts runs; one whose id, idempotency key or occurrence exists already is left out.</summary>
    /// <returns>The ids of those that were inserted.</returns>
    protected abstract Task<IReadOnlyList<RunId>> InsertRowsAsync(StorageSession session, IReadOnlyList<NewRun> runs, CancellationToken ct);

    protected abstract Task<IReadOnlyList<(string Key, RunId Id, byte[] Hash)>> FindKeysAsync(
        StorageSession session, string[] keys, CancellationToken ct);

    protected abstract Task<IReadOnlyList<(string Schedule, DateTimeOffset Fire, RunId Id)>> FindOccurrencesAsync(
        StorageSession session, IReadOnlyList<NewRun> planned, CancellationToken ct);

    protected abstract Task<IReadOnlyList<RunId>> FindIdsAsync(StorageSession session, RunId[] ids, CancellationToken ct);

    /// <summary>Inserts what is left and finds out why the rest was not inserted.</summary>
    /// <returns>Those that have to be tried again.</returns>
    private async Task<List<int>> InsertRoundAsync(
        StorageSession session, IReadOnlyList<NewRun> runs, List<int> left, EnqueueOutcome[] outcomes, CancellationToken ct)
    {
        // 1. By key and occurrence: two batches that bring the same ones wait for each other and do not deadlock.
        var rows = left.Select(i => runs[i]);
        if (left.Any(i => runs[i].MayExist))
            rows = rows.OrderBy(r => r.IdempotencyKey, StringComparer.Ordinal).ThenBy(r => r.ScheduleId, StringComparer.Ordinal)
                .ThenBy(r => r.FireTime);
        var inserted = (await InsertRowsAsync(session, [.. rows], ct)).ToHashSet();

        // 2. The rest exists already: by key, by occurrence, or by id (an earlier try of the same insert).
        var refused = new List<int>();
        foreach (var i in left)
        {
            if (inserted.Remove(runs[i].Id))
                outcomes[i] = new EnqueueOutcome(EnqueueStatus.Inserted, runs[i].Id);
            else
                refused.Add(i);
        }

        return refused.Count == 0 ? refused : await FindTwinsAsync(session, runs, refused, outcomes, ct);
    }

    private async Task<List<int>> FindTwinsAsync(
        StorageSession session, IReadOnlyList<NewRun> runs, List<int> refused, EnqueueOutcome[] outcomes, CancellationToken ct)
    {
        var twins = refused.Select(i => runs[i]).ToArray();
        string[] named = [.. twins.Select(r => r.IdempotencyKey).OfType<string>().Distinct(StringComparer.Ordinal)];
        var keys = (await FindKeysAsync(session, named, ct))
            .ToDictionary(k => k.Key, StringComparer.Ordinal);
        var planned = twins.Where(r => r is { ScheduleId: not null, FireTime: not null })
            .DistinctBy(r => (r.ScheduleId, r.FireTime)).ToArray();
        var occurrences = (await FindOccurrencesAsync(session, planned, ct)).ToDictionary(o => (o.Schedule, o.Fire), o => o.Id);
        var ids = (await FindIdsAsync(session, [.. twins.Select(r => r.Id)], ct)).ToHashSet();

        var again = new List<int>();
        foreach (var i in refused)
        {
            var run = runs[i];
            if (run.IdempotencyKey is { } key && keys.TryGetValue(key, out var byKey))
            {
                var isSame = run.RequestHash.AsSpan().SequenceEqual(byKey.Hash);
                outcomes[i] = new EnqueueOutcome(isSame ? EnqueueStatus.Existing : EnqueueStatus.Conflict, byKey.Id);
            }
            else if (run is { ScheduleId: { } schedule, FireTime: { } fire }
                && occurrences.TryGetValue((schedule, fire), out var occurrence))
            {
                outcomes[i] = new EnqueueOutcome(EnqueueStatus.Existing, occurrence);
            }
            else if (ids.Contains(run.Id))
            {
                outcomes[i] = new EnqueueOutcome(EnqueueStatus.Existing, run.Id);
            }
            else
            {
                again.Add(i);
            }
        }

        return again;
    }
}
