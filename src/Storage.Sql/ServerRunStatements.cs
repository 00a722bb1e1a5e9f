using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

/// <summary>The hot statements on a database server, where a batch is one statement over a set of rows, so that the number of
/// round trips does not depend on the number of runs. A provider gives the statements in its SQL; what they return is paired
/// here with what was asked.</summary>
public abstract partial class ServerRunStatements : IRunStatements
{
    public async Task<IReadOnlyList<ClaimOutcome>> ClaimAsync(
        StorageSession session, WorkerId worker, IReadOnlyList<RunId> ids, DateTimeOffset now, bool passedGates, CancellationToken ct)
    {
        if (ids.Count == 0)
            return [];
        RunId[] wanted = [.. ids.Distinct().Order()];
        if (await ClaimRowsAsync(session, worker, wanted, Random.Shared.NextInt64(), now, passedGates, ct) is not { } rows)
            return [.. ids.Select(_ => ClaimOutcome.WorkerGone)];
        var claimed = rows.ToDictionary(run => run.Id);
        RunId[] others = [.. wanted.Where(id => !claimed.ContainsKey(id))];
        var pending = others.Length == 0 ? [] : (await FindPendingAsync(session, others, ct)).ToDictionary(p => p.Id);
        // Committed since the claim looked, as the run of an early nudge may be.
        RunId[] late = [.. pending.Values.Where(p => p.HurdleAt(now, passedGates) == ClaimHurdle.None).Select(p => p.Id).Order()];
        if (late.Length > 0)
        {
            foreach (var run in await ClaimRowsAsync(session, worker, late, Random.Shared.NextInt64(), now, passedGates, ct) ?? [])
                claimed.Add(run.Id, run);
        }

        return [.. ids.Select(Outcome)];

        ClaimOutcome Outcome(RunId id)
        {
            // Removed: the same id a second time in one batch is a duplicate.
            if (claimed.Remove(id, out var run))
                return new ClaimOutcome(ClaimStatus.Claimed, run);
            return pending.TryGetValue(id, out var left) ? ClaimOutcome.Left(left, now, passedGates) : ClaimOutcome.Duplicate;
        }
    }

    public async Task<IReadOnlyList<SettleOutcome>> CompleteAsync(
        StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        var unique = completions.DistinctBy(c => new RunLease(c.Id, c.LeaseToken)).OrderBy(c => c.Id).ToArray();
        var settled = (await CompleteRowsAsync(session, unique, ct)).ToHashSet();
        // Those that the same claim has completed before: in its handler's transaction, or further up in this batch.
        HashSet<RunLease> completed = settled.Count == completions.Count
            ? []
            : (await FindCompletedAsync(session, [.. unique.Select(c => c.Id)], ct)).ToHashSet();
        var done = new List<Completion>(settled.Count);
        var outcomes = new SettleOutcome[completions.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            var lease = new RunLease(completions[i].Id, completions[i].LeaseToken);
            var isSettled = settled.Remove(lease);
            if (isSettled)
                done.Add(completions[i]);
            outcomes[i] = isSettled ? SettleOutcome.Settled
                : completed.Contains(lease) ? SettleOutcome.AlreadyCompleted
                : SettleOutcome.LeaseLost;
        }

        if (BringsAlong(session, unique))
            return outcomes;
        await InsertAsync(session, [.. done.SelectMany(c => c.FollowUps)], ct);
        if (done.SelectMany(c => c.Events).ToArray() is { Length: > 0 } events)
            await InsertEventsAsync(session, events, ct);
        return outcomes;
    }

    public virtual async Task<IReadOnlyList<bool>> AreCompletedAsync(
        StorageSession session, IReadOnlyList<RunLease> leases, CancellationToken ct)
    {
        var completed = (await FindCompletedAsync(session, [.. leases.Select(l => l.Id).Distinct().Order()], ct)).ToHashSet();
        return [.. leases.Select(completed.Contains)];
    }

    public async Task<IReadOnlyList<SettleOutcome>> EndAttemptAsync(
        StorageSession session, IReadOnlyList<AttemptEnd> ends, CancellationToken ct)
    {
        // By id: two batches that meet wait for each other and do not deadlock.
        var unique = ends.DistinctBy(e => new RunLease(e.Id, e.LeaseToken)).OrderBy(e => e.Id).ToArray();
        RunId[] repeated = [.. unique.Where(e => e.SharesRow).Select(e => e.Id).Distinct()];
        var settled = (await EndAttemptRowsAsync(session, unique, repeated, ct)).ToDictionary(e => e.Lease, e => e.State);
        return [.. ends.Select(
            e => settled.Remove(new RunLease(e.Id, e.LeaseToken), out var state) ? e.Became(state) : SettleOutcome.LeaseLost)];
    }

    public abstract Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(StorageSession session, CancellationToken ct);

    public abstract Task RescueAsync(StorageSession session, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct);

    public abstract Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        StorageSession session, DateTimeOffset until, int limit, IReadOnlyList<string> leftOut, CancellationToken ct);

    public abstract Task MarkStagedAsync(StorageSession session, IReadOnlyList<StageableRun> runs, CancellationToken ct);

    public abstract Task<PrunedRuns> DeleteEndedAsync(
        StorageSession session, bool succeeded, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken ct);

    public abstract Task<int> DeleteInboxAsync(StorageSession session, DateTimeOffset before, int limit, CancellationToken ct);

    public abstract Task DeleteLeftOversAsync(StorageSession session, DateTimeOffset before, CancellationToken ct);

    public abstract Task<bool> LockTermAsync(StorageSession session, string lease, long term, CancellationToken ct);

    /// <summary>Claims the runs that are due.</summary>
    /// <param name="session">Where it is executed.</param>
    /// <param name="worker">For whom.</param>
    /// <param name="ids">Each run once, in the order of the ids.</param>
    /// <param name="token">The token of their leases.</param>
    /// <param name="now">The start of the attempts.</param>
    /// <param name="passedGates">True if runs with a gate are claimed too.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <returns>Null when the worker was declared gone.</returns>
    protected abstract Task<IReadOnlyList<ClaimedRun>?> ClaimRowsAsync(
        StorageSession session, WorkerId worker, RunId[] ids, long token, DateTimeOffset now, bool passedGates, CancellationToken ct);

    /// <returns>Those of the runs that are pending.</returns>
    protected abstract Task<IReadOnlyList<PendingRun>> FindPendingAsync(StorageSession session, RunId[] ids, CancellationToken ct);

    /// <summary>True if <see cref="CompleteRowsAsync"/> also stores the follow-ups and events of what it completes. No follow-up exists
    /// already then.</summary>
    protected virtual bool BringsAlong(StorageSession session, IReadOnlyList<Completion> completions) => false;

    /// <returns>The leases whose runs were completed here.</returns>
    protected abstract Task<IReadOnlyList<RunLease>> CompleteRowsAsync(
        StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct);

    /// <returns>The last lease of each of the runs that has succeeded.</returns>
    protected abstract Task<IReadOnlyList<RunLease>> FindCompletedAsync(StorageSession session, RunId[] ids, CancellationToken ct);

    /// <summary>Ends attempts. Then merges the last two attempts of each repeated run into one row if both ended alike and neither was
    /// counted, so that a run that is given back again and again does not fill the table. Does both or neither.</summary>
    /// <returns>The leases that were ended here, and the states of their runs.</returns>
    protected abstract Task<IReadOnlyList<(RunLease Lease, RunState State)>> EndAttemptRowsAsync(
        StorageSession session, IReadOnlyList<AttemptEnd> ends, RunId[] repeated, CancellationToken ct);

    /// <summary>Adds events to the outbox, in their order.</summary>
    protected abstract Task InsertEventsAsync(StorageSession session, IReadOnlyList<OutboxMessage> events, CancellationToken ct);

    /// <summary>Up to which number of crashes a run is claimed.</summary>
    protected static int CrashLimit(bool passedGates) => passedGates ? int.MaxValue : PendingRun.LastChance;

    /// <summary>Reads a pending run: after its id come due time, overlap, crashes, schedule and position.</summary>
    protected static PendingRun ReadPending(DbDataReader reader, RunId id) => new()
    {
        Id = id,
        DueAt = reader.GetUtc(1),
        Overlap = (OverlapPolicy)reader.GetInt32(2),
        Crashes = reader.GetInt32(3),
        ScheduleId = reader.IsDBNull(4) ? null : reader.GetString(4),
        Position = reader.GetUtc(5),
    };

    /// <summary>Reads a claimed run: after its id come lease token, job, lane, args, attempt, attempt offset, max attempts, due time,
    /// schedule, fire time, tags and trace parent.</summary>
    protected static ClaimedRun ReadClaimed(DbDataReader reader, RunId id, DateTimeOffset now) => new()
    {
        Id = id,
        LeaseToken = reader.GetInt64(1),
        Job = reader.GetString(2),
        Lane = reader.GetString(3),
        Args = reader.GetString(4),
        Attempt = reader.GetInt32(5),
        AttemptOffset = reader.GetInt32(6),
        MaxAttempts = reader.IsDBNull(7) ? null : reader.GetInt32(7),
        DueAt = reader.GetUtc(8),
        StartedAt = now,
        ScheduleId = reader.IsDBNull(9) ? null : reader.GetString(9),
        FireTime = reader.IsDBNull(10) ? null : reader.GetUtc(10),
        Tags = reader.IsDBNull(11) ? null : reader.GetString(11),
        TraceParent = reader.IsDBNull(12) ? null : reader.GetString(12),
    };
}

/// <summary>Values of a row that a driver hands over as they are.</summary>
public static class ServerValues
{
    /// <summary>An instant, from a column that holds UTC.</summary>
    public static DateTimeOffset GetUtc(this DbDataReader reader, int column) => new(reader.GetDateTime(column), TimeSpan.Zero);
}
