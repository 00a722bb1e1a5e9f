using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace Fleet.Core.Storage;

/// <summary>Writes the state of runs outside the hot road, each verb over a set of runs.</summary>
/// <remarks>This seam exists because a database may keep more than the column <c>state</c> to find runs by their state (PostgreSQL does:
/// docs/adr/0014). A write that forgets it would make runs unfindable without an error.
/// So nothing outside the storages writes a state.</remarks>
/// <param name="rollups">Counts the ends.</param>
public class RunStates(IRollupStatements rollups)
{
    /// <summary>Pending → Canceled at once; a running run is asked to stop.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="ids">The runs, each once.</param>
    /// <param name="cause">Why, for programs.</param>
    /// <param name="reason">Why, for people. Stored as the error of the runs.</param>
    /// <param name="by">Who cancels them.</param>
    /// <param name="now">The time of the end, or of the request.</param>
    /// <param name="ct">Cancels the statements.</param>
    /// <returns>One result per run, in order.</returns>
    /// <exception cref="DbUpdateConcurrencyException">A run changed meanwhile (<see cref="IStorage.IsConflict"/>): do it again.</exception>
    public async Task<IReadOnlyList<CancelResult>> CancelAsync(
        StorageSession session, IReadOnlyList<RunId> ids, CancelCause cause, string reason, Actor by, DateTimeOffset now,
        CancellationToken ct)
    {
        // 1. The request locks the runs that have not ended: their states stay as they are until the commit.
        RunId[] wanted = [.. ids.Order()];
        var runs = session.Db.Runs.Where(r => wanted.Contains(r.Id));
        await runs.Where(r => r.State == RunState.Pending || r.State == RunState.Running).ExecuteUpdateAsync(
            set => set.SetProperty(r => r.CancelRequestedAt, now).SetProperty(r => r.CancelCause, cause).SetProperty(r => r.CanceledBy, by)
                .SetProperty(r => r.Error, reason),
            ct);
        var found = await runs
            .Select(r => new { r.Id, r.State, IsRequested = r.CancelRequestedAt != null }).ToDictionaryAsync(r => r.Id, ct);
        if (found.Values.Any(r => r.State is RunState.Pending or RunState.Running && !r.IsRequested))
            throw new DbUpdateConcurrencyException("A run was started again while it was being canceled.");

        // 2. A pending run ends here.
        if (found.Values.Any(r => r.State == RunState.Pending))
        {
            await runs.Where(r => r.State == RunState.Pending).ExecuteUpdateAsync(
                set =>
                {
                    SetState(set, RunState.Canceled);
                    set.SetProperty(r => r.FinishedAt, now)
                        .SetProperty(r => r.ErrorType, (string?)null)
                        .SetProperty(r => r.CancelRequestedAt, (DateTimeOffset?)null);
                },
                ct);
            await rollups.AddEndedAsync(
                session, [.. found.Values.Where(r => r.State == RunState.Pending).Select(r => r.Id)], RollupOutcome.Canceled, now, ct);
        }

        return [.. ids.Select(id => found.TryGetValue(id, out var run) ? ResultOf(run.State) : CancelResult.NotFound)];

        static CancelResult ResultOf(RunState state) => state switch
        {
            RunState.Pending => CancelResult.Canceled,
            RunState.Running => CancelResult.Requested,
            _ => CancelResult.AlreadyEnded,
        };
    }

    /// <summary>Failed or Canceled → Pending, due now, with a fresh number of attempts. What a run was before is kept in
    /// <c>replays</c>.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="ids">The runs, each once.</param>
    /// <param name="by">Who replays them.</param>
    /// <param name="now">The new due time.</param>
    /// <param name="ct">Cancels the statements.</param>
    /// <param name="edit">The args that the runs get, and those that they must have; null: they keep theirs.</param>
    /// <returns>One answer per run, in order.</returns>
    /// <exception cref="DbUpdateConcurrencyException">A run changed meanwhile (<see cref="IStorage.IsConflict"/>): do it again.</exception>
    public async Task<IReadOnlyList<ReplayedRun>> ReplayAsync(
        StorageSession session, IReadOnlyList<RunId> ids, Actor by, DateTimeOffset now, CancellationToken ct,
        (string From, string To)? edit = null)
    {
        RunId[] wanted = [.. ids.Order()];
        var found = await session.Db.Runs.Where(r => wanted.Contains(r.Id))
            .Select(r => new
            {
                r.Id,
                r.Lane,
                r.State,
                r.Revoked,
                r.Attempt,
                r.Replays,
                r.Error,
                r.CanceledBy,
                r.FinishedAt,
                IsReplayable = (r.State == RunState.Failed || r.State == RunState.Canceled) && !r.Revoked,
            }).ToDictionaryAsync(r => r.Id, ct);
        RunId[] ended = [.. found.Values.Where(r => r.IsReplayable).Select(r => r.Id).Order()];
        if (ended.Length > 0)
        {
            var replayed = await session.Db.Runs
                .Where(r => ended.Contains(r.Id) && (r.State == RunState.Failed || r.State == RunState.Canceled) && !r.Revoked)
                .ExecuteUpdateAsync(
                    set =>
                    {
                        SetState(set, RunState.Pending);
                        set.SetProperty(r => r.DueAt, now)
                            .SetProperty(r => r.Staged, true)
                            .SetProperty(r => r.AttemptOffset, r => r.Attempt)
                            .SetProperty(r => r.Crashes, 0)
                            .SetProperty(r => r.Replays, r => r.Replays + 1)
                            .SetProperty(r => r.CancelRequestedAt, (DateTimeOffset?)null)
                            .SetProperty(r => r.CancelCause, (CancelCause?)null)
                            .SetProperty(r => r.CanceledBy, (Actor?)null)
                            .SetProperty(r => r.FinishedAt, (DateTimeOffset?)null);
                        ClearDeath(set);
                        if (edit is { To: var args })
                            set.SetProperty(r => r.Args, args);
                    },
                    ct);
            if (replayed < ended.Length)
                throw new DbUpdateConcurrencyException("A run was replayed by somebody else at the same time.");
            await session.Db.DeadLetters.Where(l => ended.Contains(l.RunId)).ExecuteDeleteAsync(ct);
            session.Db.Replays.AddRange(ended.Select(id => found[id]).Select(run => new Replay
            {
                RunId = run.Id,
                Number = run.Replays + 1,
                At = now,
                By = by,
                FromState = run.State,
                FromAttempt = run.Attempt,
                FromError = run.Error,
                FromCanceledBy = run.State == RunState.Canceled ? run.CanceledBy : null,
                FromFinishedAt = run.FinishedAt,
                FromArgs = edit?.From,
            }));
            await session.Db.SaveChangesAsync(ct);
        }

        return [.. ids.Select(AnswerOf)];

        ReplayedRun AnswerOf(RunId id) => !found.TryGetValue(id, out var run)
            ? new ReplayedRun(ReplayResult.NotFound, "", null)
            : new ReplayedRun(
                run.IsReplayable ? ReplayResult.Replayed : run.Revoked ? ReplayResult.Revoked : ReplayResult.WrongState, run.Lane,
                run.State);
    }

    /// <summary>Succeeded, Failed or Canceled → the mark of a deleted run; its attempts, replays and logs are deleted.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="ids">The runs, each once.</param>
    /// <param name="by">Who deletes them.</param>
    /// <param name="now">The time of the deletion.</param>
    /// <param name="ct">Cancels the statements.</param>
    /// <returns>One result per run, in order, with the state before; null if there is no such run.</returns>
    /// <exception cref="DbUpdateConcurrencyException">A run changed meanwhile (<see cref="IStorage.IsConflict"/>): do it again.</exception>
    public async Task<IReadOnlyList<(DeleteResult Result, RunState? From)>> DeleteAsync(
        StorageSession session, IReadOnlyList<RunId> ids, Actor by, DateTimeOffset now, CancellationToken ct)
    {
        RunId[] wanted = [.. ids.Order()];
        var found = await session.Db.Runs.Where(r => wanted.Contains(r.Id)).Select(r => new { r.Id, r.State })
            .ToDictionaryAsync(r => r.Id, r => r.State, ct);
        RunId[] ended = [.. found.Where(r => HasEnded(r.Value)).Select(r => r.Key).Order()];
        if (ended.Length > 0)
        {
            // The state once more: a run may be replayed at this moment.
            var deleted = await session.Db.Runs
                .Where(r => ended.Contains(r.Id)
                    && (r.State == RunState.Succeeded || r.State == RunState.Failed || r.State == RunState.Canceled))
                .ExecuteUpdateAsync(
                    set =>
                    {
                        SetState(set, Run.DeletedState);
                        set.SetProperty(r => r.CancelRequestedAt, now)
                            .SetProperty(r => r.CanceledBy, by)
                            .SetProperty(r => r.CancelCause, (CancelCause?)null)
                            .SetProperty(
                                r => r.Error,
                                r => r.State == RunState.Succeeded ? "succeeded" : r.State == RunState.Failed ? "failed" : "canceled")
                            .SetProperty(r => r.ErrorType, (string?)null)
                            .SetProperty(r => r.Args, "{}")
                            .SetProperty(r => r.Output, (string?)null)
                            .SetProperty(r => r.Progress, (double?)null)
                            .SetProperty(r => r.ProgressMessage, (string?)null)
                            .SetProperty(r => r.Tags, (string?)null)
                            .SetProperty(r => r.TraceParent, (string?)null);
                        ClearDeath(set);
                    },
                    ct);
            if (deleted < ended.Length)
                throw new DbUpdateConcurrencyException("A run was replayed or deleted by somebody else at the same time.");
            await session.Db.Attempts.Where(a => ended.Contains(a.RunId)).ExecuteDeleteAsync(ct);
            await session.Db.Replays.Where(r => ended.Contains(r.RunId)).ExecuteDeleteAsync(ct);
            await session.Db.RunLogs.Where(l => ended.Contains(l.RunId)).ExecuteDeleteAsync(ct);
            await session.Db.DeadLetters.Where(l => ended.Contains(l.RunId)).ExecuteDeleteAsync(ct);
        }

        return
        [
            .. ids.Select((DeleteResult, RunState?) (id) => !found.TryGetValue(id, out var state) ? (DeleteResult.NotFound, null)
                : (HasEnded(state) ? DeleteResult.Deleted : DeleteResult.NotEnded, state)),
        ];

        static bool HasEnded(RunState state) => state is RunState.Succeeded or RunState.Failed or RunState.Canceled;
    }

    /// <summary>Pending → Canceled for the planned runs of a schedule whose fire time has not come and that have not started.</summary>
    /// <returns>How many.</returns>
    public async Task<int> RevokeAsync(
        StorageSession session, string scheduleId, DateTimeOffset now, string reason, Actor by, CancellationToken ct)
    {
        var planned = await PendingOfSchedules(session.Db)
            .Where(r => r.ScheduleId == scheduleId && r.FireTime > now && r.Attempt == 0)
            .Select(r => r.Id).ToListAsync(ct);
        if (planned.Count == 0)
            return 0;
        List<RunId> ids = [.. planned.Order()];
        var revoked = await PendingOfSchedules(session.Db).Where(r => ids.Contains(r.Id) && r.Attempt == 0).ExecuteUpdateAsync(
            set =>
            {
                SetState(set, RunState.Canceled);
                set.SetProperty(r => r.Revoked, true).SetProperty(r => r.CancelCause, CancelCause.Revoked)
                    .SetProperty(r => r.CanceledBy, by).SetProperty(r => r.FinishedAt, now).SetProperty(r => r.Error, reason);
            },
            ct);
        if (revoked < planned.Count)
        {
            // Somebody canceled one of them meanwhile.
            ids = await session.Db.Runs.Where(r => ids.Contains(r.Id) && r.Revoked).Select(r => r.Id).ToListAsync(ct);
        }

        await rollups.AddEndedAsync(session, ids, RollupOutcome.Revoked, now, ct);
        return revoked;
    }

    /// <summary>The pending runs of all schedules.</summary>
    protected virtual IQueryable<Run> PendingOfSchedules(FleetDbContext db) => db.Runs.Where(r => r.State == RunState.Pending);

    /// <summary>Clears what only a dead letter, or a run that was one, has.</summary>
    private static void ClearDeath(UpdateSettersBuilder<Run> set) => set.SetProperty(r => r.Fingerprint, (string?)null)
        .SetProperty(r => r.DiscardedAt, (DateTimeOffset?)null).SetProperty(r => r.DiscardedBy, (Actor?)null)
        .SetProperty(r => r.DiscardReason, (string?)null);

    /// <summary>Sets the state in an update of runs that are not running.</summary>
    protected virtual void SetState(UpdateSettersBuilder<Run> set, RunState state) => set.SetProperty(r => r.State, state);
}
