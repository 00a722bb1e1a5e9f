using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Operations;

/// <summary>Executes the operations under way, batch by batch, each at its own rate. Only the leader does.</summary>
/// <remarks>A batch changes the runs and moves the cursor of the operation in one transaction, under the leader's term. So after a crash,
/// or under another leader, it goes on exactly behind the last batch that was committed: no run has two turns, and none is left
/// out.</remarks>
public sealed partial class ExecuteOperations(
    IStorage storage, IControlChannel control, IRunGates gates, NudgePublisher nudges, SecretTerms secrets, TimeProvider time,
    ILogger<ExecuteOperations> logger)
{
    /// <summary>Maximum number of runs in a batch: it holds the leader's lock, for which planning and staging wait.</summary>
    public const int MaxBatch = 250;

    private static readonly TimeSpan AfterError = TimeSpan.FromSeconds(10);

    // A higher rate makes larger batches, up to the maximum, and then more of them.
    private const int BatchesPerSecond = 5;

    private readonly RunsAhead _runsAhead = new(storage, time);
    private readonly Dictionary<string, OperationWork> _works = new(StringComparer.Ordinal);
    private Term? _term;

    /// <summary>Makes one batch of each operation whose turn it is.</summary>
    /// <param name="term">The leader's term.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>How long until the next batch; null when no operation is under way.</returns>
    public async Task<TimeSpan?> ExecuteAsync(Term term, CancellationToken ct)
    {
        // What was looked up in an earlier term is too old.
        if (_term != term)
            _works.Clear();
        _term = term;
        var operations = await ReadRunningAsync(ct);
        foreach (var ended in _works.Keys.Except(operations.Select(o => o.Id)).ToList())
            _works.Remove(ended);
        TimeSpan? pause = null;
        foreach (var operation in operations)
        {
            if (!_works.TryGetValue(operation.Id, out var work) || work.Cursor != operation.Cursor)
                _works[operation.Id] = work = new OperationWork(operation.Cursor);
            if (work.Left(time) is { } left && left > TimeSpan.Zero)
            {
                pause = left < pause || pause is null ? left : pause;
                continue;
            }

            var begun = time.GetTimestamp();
            try
            {
                var taken = await MakeBatchAsync(term, operation, work, ct);
                work.NotBefore(begun, TimeSpan.FromSeconds((double)taken / Math.Max(1, operation.Rate)));
                pause = work.Left(time) is { } next && !(next >= pause) ? next : pause;
            }
            catch (MovedException)
            {
                // Somebody canceled it, or it is read again with the cursor that it has now.
                _works.Remove(operation.Id);
                pause = TimeSpan.Zero;
            }
            catch (Exception e) when (IsOfTheRuns(e, ct))
            {
                // The others go on; this one is tried again.
                LogHeldUp(operation.Id, e);
                work.NotBefore(begun, AfterError);
                pause = AfterError < pause || pause is null ? AfterError : pause;
            }
        }

        return pause;
    }

    private async Task<List<Operation>> ReadRunningAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Operations.AsNoTracking().Where(o => o.State == OperationState.Running).OrderBy(o => o.Id).ToListAsync(ct);
    }

    /// <summary>One batch.</summary>
    /// <returns>How many runs it took.</returns>
    private async Task<int> MakeBatchAsync(Term term, Operation operation, OperationWork work, CancellationToken ct)
    {
        RunQuery query;
        try
        {
            query = await OperationRules.CheckAsync(OperationRules.QueryOf(operation), secrets, ct);
        }
        catch (InvalidRunException e)
        {
            // A newer program may have stored a query that this one does not know; or an argument has become a secret.
            await storage.WriteAsLeaderAsync(term, session => StopAsync(session, operation, e.Message, ct), ct);
            return 0;
        }

        if (work.Ahead.Count == 0 && !work.IsAtEnd)
            await _runsAhead.FindAsync(operation, query, work, ct);
        var size = work.OneByOne > 0 ? 1 : Math.Clamp(operation.Rate / BatchesPerSecond, 1, MaxBatch);
        RunId[] ids = [.. work.Ahead.Take(size)];
        var isLast = ids.Length == work.Ahead.Count;
        var step = new BatchStep(ids, isLast ? work.BehindAhead : ids[^1], isLast && work.IsAtEnd);
        var by = ActorOf(operation);
        var changes = new BatchChanges();
        try
        {
            changes = await storage.WriteAsLeaderAsync(term, session => ChangeAsync(session, operation, query, step, by, ct), ct);
        }
        catch (Exception e) when (IsOfTheRuns(e, ct) && ids.Length > 0)
        {
            // It is not known which run is to blame: each is tried alone.
            if (ids.Length > 1)
            {
                work.OneByOne = ids.Length;
                return 0;
            }

            LogFailed(operation.Id, operation.Kind.ToWord(), ids[0], e);
            await storage.WriteAsLeaderAsync(
                term,
                session => MoveAsync(session, operation, step, new BatchTally { Failed = 1, Error = $"{ids[0]}: {e.Message}" }, ct), ct);
        }

        work.Took(step);
        await AnnounceAsync(operation, changes, by, ct);
        return ids.Length;
    }

    /// <summary>Changes the runs that still match, and moves the cursor.</summary>
    private async Task<BatchChanges> ChangeAsync(
        StorageSession session, Operation operation, RunQuery query, BatchStep step, Actor by, CancellationToken ct)
    {
        var (now, changes) = (time.GetUtcNow(), new BatchChanges());
        var tally = changes.Tally;
        if (step.Ids.Length > 0)
        {
            // What was looked up a moment ago may have changed. From here to the commit it stays as it is, so that the change hits no run
            // that was replayed and has ended once more since this look.
            RunId[] ids = [.. step.Ids.Order()];
            await storage.ColdRuns.LockAsync(session, ids, ct);
            var found = await session.Db.Runs.AsNoTracking().Where(r => ids.Contains(r.Id)).Select(RunColumns.Listed(query))
                .ToListAsync(ct);
            var matching = found.Where(r => query.Matches(r, operation.AsOf)).ToList();
            tally.Gone = ids.Length - found.Count;
            tally.Changed = found.Count - matching.Count;
            if (matching.Count > 0)
                await ApplyAsync(session, operation, matching, changes, by, now, ct);
        }

        await MoveAsync(session, operation, step, tally, ct);
        return changes;
    }

    private async Task ApplyAsync(
        StorageSession session, Operation operation, List<RunSummary> runs, BatchChanges changes, Actor by, DateTimeOffset now,
        CancellationToken ct)
    {
        RunId[] ids = [.. runs.Select(r => r.Id)];
        var tally = changes.Tally;
        switch (operation.Kind)
        {
            case OperationKind.Cancel:
                var canceled = await storage.States.CancelAsync(
                    session, ids, CancelCause.Person, operation.Reason ?? "Canceled.", by, now, ct);
                changes.Stopped.AddRange(ids.Where((_, i) => canceled[i] == CancelResult.Requested));
                // One run of each schedule is enough to find the one that waited.
                changes.Passed.AddRange(
                    runs.Where((r, i) => canceled[i] == CancelResult.Canceled && r.ScheduleId is not null)
                        .DistinctBy(r => r.ScheduleId).Select(r => r.Id));
                tally.Add(canceled, CancelResult.NotFound, r => r is CancelResult.Canceled or CancelResult.Requested);
                break;
            case OperationKind.Replay:
                var replayed = await storage.States.ReplayAsync(session, ids, by, now, ct);
                changes.Ready.AddRange(
                    ids.Index().Where(r => replayed[r.Index].Result == ReplayResult.Replayed)
                        .Select(r => new Nudge(replayed[r.Index].Lane, r.Item)));
                tally.Add([.. replayed.Select(r => r.Result)], ReplayResult.NotFound, r => r == ReplayResult.Replayed);
                break;
            default:
                var deleted = await storage.States.DeleteAsync(session, ids, by, now, ct);
                tally.Add([.. deleted.Select(r => r.Result)], DeleteResult.NotFound, r => r == DeleteResult.Deleted);
                break;
        }
    }

    /// <summary>Writes how far the operation is, unless somebody stopped it or another leader was here.</summary>
    private async Task<bool> MoveAsync(StorageSession session, Operation operation, BatchStep step, BatchTally tally, CancellationToken ct)
    {
        var (id, before, cursor) = (operation.Id, operation.Cursor, step.Cursor ?? operation.Cursor);
        var now = time.GetUtcNow();
        var error = tally.Error is null ? operation.Error : StoredText.Cut(tally.Error, 1000);
        var (done, changed, gone, failed) = (tally.Done, tally.Changed, tally.Gone, tally.Failed);
        var moved = await session.Db.Operations
            .Where(o => o.Id == id && o.State == OperationState.Running && o.Cursor == before)
            .ExecuteUpdateAsync(
                set =>
                {
                    set.SetProperty(o => o.Cursor, cursor).SetProperty(o => o.Error, error)
                        .SetProperty(o => o.Done, o => o.Done + done).SetProperty(o => o.Failed, o => o.Failed + failed)
                        .SetProperty(o => o.SkippedChanged, o => o.SkippedChanged + changed)
                        .SetProperty(o => o.SkippedGone, o => o.SkippedGone + gone);
                    if (step.IsEnd)
                        set.SetProperty(o => o.State, OperationState.Completed).SetProperty(o => o.FinishedAt, now);
                },
                ct);
        return moved == 1 ? true : throw new MovedException();
    }

    private async Task<bool> StopAsync(StorageSession session, Operation operation, string error, CancellationToken ct)
    {
        var (id, now, text, by) = (operation.Id, time.GetUtcNow(), StoredText.Cut(error, 1000), ThisProcess.Scheduler);
        if (await session.Db.Operations.Where(o => o.Id == id && o.State == OperationState.Running).ExecuteUpdateAsync(
            set => set.SetProperty(o => o.State, OperationState.Canceled).SetProperty(o => o.FinishedAt, now)
                .SetProperty(o => o.CanceledBy, by).SetProperty(o => o.Error, text),
            ct) == 0)
            return false;
        CancelOperations.Audit(session, operation, now, by, text);
        await session.Db.SaveChangesAsync(ct);
        return true;
    }

    /// <summary>Tells those who wait for the runs. If this is lost, the scheduler and the heartbeats find them.</summary>
    private async Task AnnounceAsync(Operation operation, BatchChanges changes, Actor by, CancellationToken ct)
    {
        nudges.Publish(changes.Ready);
        try
        {
            if (changes.Stopped.Count > 0)
                await control.PublishControlAsync(new ControlMessage(CancelRuns: changes.Stopped, By: by.ToRow()), ct);
            foreach (var id in changes.Passed)
                await gates.PassOnAsync(id, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LogNotAnnounced(operation.Id, e);
        }
    }

    private bool IsOfTheRuns(Exception e, CancellationToken ct) =>
        e is not (TermLostException or MovedException or OperationCanceledException) && !ct.IsCancellationRequested
        && !storage.IsOutage(e) && !storage.IsConflict(e);

    /// <summary>Whoever created the operation, by way of it: so the row of a run that it changed names both.</summary>
    private static Actor ActorOf(Operation operation)
    {
        var by = operation.CreatedBy;
        var way = $" by operation {operation.Id}";
        return Actor.Create(by.Kind, StoredText.Cut(by.Name, Actor.MaxName - way.Length) + way, by.Address);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {Operation} could not {Kind} run {Run}; it goes on with the next.")]
    private partial void LogFailed(string operation, string kind, RunId run, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {Operation} cannot go on at the moment; it is tried again.")]
    private partial void LogHeldUp(string operation, Exception e);

    [LoggerMessage(
        Level = LogLevel.Debug, Message = "Runs that operation {Operation} changed could not be announced; they are found without that.")]
    private partial void LogNotAnnounced(string operation, Exception e);

    /// <summary>The operation is no longer where it was read.</summary>
    private sealed class MovedException : Exception;
}
