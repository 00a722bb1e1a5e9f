using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;

namespace Fleet.Core.Runs;

/// <summary>– → Pending: accepts runs. Calls that arrive together share one commit; the nudges follow it.</summary>
public sealed class EnqueueRuns : IAsyncDisposable
{
    /// <summary>If the last commit took less than this, a run alone is nudged before its commit. If its own commit then takes longer, it is
    /// nudged again afterwards. So a worker that looks for the run for this time after an early nudge misses nothing.</summary>
    public static readonly TimeSpan QuickCommit = TimeSpan.FromMilliseconds(4);

    private readonly IStorage _storage;
    private readonly JobCatalog _catalog;
    private readonly NudgePublisher _nudges;
    private readonly NamedLanes _lanes;
    private readonly Wakers _wakers;
    private readonly TimeProvider _time;
    private readonly GroupCommit<NewRun, EnqueueOutcome> _group;

    // True if the last commit was quick. A failed commit counts as slow, so that no nudge is sent for a run that is never stored.
    private bool _isQuick;

    public EnqueueRuns(IStorage storage, JobCatalog catalog, NudgePublisher nudges, NamedLanes lanes, Wakers wakers, TimeProvider time)
    {
        _storage = storage;
        _catalog = catalog;
        _nudges = nudges;
        _lanes = lanes;
        _wakers = wakers;
        _time = time;
        _group = new("enqueue", InsertAsync, storage.JudgeBatch);
    }

    /// <summary>Stores one run, or finds the run of an earlier equal request.</summary>
    /// <exception cref="InvalidRunException">A field is refused.</exception>
    /// <exception cref="IdempotencyConflictException">The key belongs to another request.</exception>
    /// <exception cref="FleetBusyException">Too many runs wait for their commit.</exception>
    /// <exception cref="OutcomeUnknownException">The answer to the commit was lost.</exception>
    public async Task<EnqueueOutcome> ExecuteAsync(RunRequest request, CancellationToken ct)
    {
        var enlisted = request.Options.Transaction;
        var run = await AcceptAsync(request, index: null, nudged: enlisted is null, ct);
        EnqueueOutcome outcome;
        if (enlisted is not null)
        {
            // This process does not learn when the caller commits, so the row stays unstaged, and the scheduler publishes its nudge.
            await using var session = _storage.Enlist(enlisted);
            outcome = (await _storage.Statements.InsertAsync(session, [run], ct))[0];
        }
        else
        {
            var adding = IsAudited(request)
                ? InsertAuditedAsync(run, request.By, ct)
                : _group.TryAdd(run) ?? throw new FleetBusyException(TimeSpan.FromSeconds(1));
            try
            {
                outcome = await adding;
            }
            catch (OutcomeUnknownException e)
            {
                throw new OutcomeUnknownException(e.InnerException!, [run.Id]);
            }
        }

        return outcome.Status == EnqueueStatus.Conflict
            ? throw new IdempotencyConflictException(run.IdempotencyKey!, outcome.Id)
            : outcome;
    }

    /// <summary>Checks a request as <see cref="ExecuteAsync"/> does, and stores nothing.</summary>
    /// <returns>The outcome that it would have. The id of a new run is that of no run.</returns>
    /// <inheritdoc cref="ExecuteAsync" path="/exception"/>
    public async Task<EnqueueOutcome> CheckAsync(RunRequest request, CancellationToken ct)
    {
        var run = await AcceptAsync(request, index: null, nudged: false, ct, isTrial: true);
        var outcome = await _storage.WriteRetryingAsync(
            async session => (await _storage.Statements.InsertAsync(session, [run], ct))[0], isDryRun: true, ct);
        return outcome.Status == EnqueueStatus.Conflict
            ? throw new IdempotencyConflictException(run.IdempotencyKey!, outcome.Id)
            : outcome;
    }

    /// <summary>Stores many runs in one transaction: all of them, or none if one is refused.</summary>
    /// <remarks>Errors name the field with its index, as in <c>runs[3].job</c>.</remarks>
    /// <inheritdoc cref="ExecuteAsync" path="/exception"/>
    public async Task<IReadOnlyList<EnqueueOutcome>> ExecuteManyAsync(IReadOnlyList<RunRequest> requests, CancellationToken ct)
    {
        if (requests.Count == 0)
            return [];
        var enlisted = requests[0].Options.Transaction;
        var runs = await AcceptManyAsync(requests, nudged: enlisted is null, isTrial: false, ct);
        if (enlisted is not null)
        {
            await using var session = _storage.Enlist(enlisted);
            return await InsertAllAsync(session, runs, ct);
        }

        await _lanes.RegisterAsync(ct);
        IReadOnlyList<EnqueueOutcome> outcomes;
        try
        {
            outcomes = IsAudited(requests[0])
                ? await InsertAllAuditedAsync(runs, requests[0].By, ct)
                : await _storage.WriteAsync(session => InsertAllAsync(session, runs, ct), ct);
        }
        catch (OutcomeUnknownException e)
        {
            throw new OutcomeUnknownException(e.InnerException!, [.. runs.Select(r => r.Id)]);
        }

        Announce(runs, outcomes);
        return outcomes;
    }

    /// <summary>Checks requests as <see cref="ExecuteManyAsync"/> does, and stores nothing.</summary>
    /// <returns>The outcomes that they would have. The id of a new run is that of no run.</returns>
    /// <inheritdoc cref="ExecuteAsync" path="/exception"/>
    public async Task<IReadOnlyList<EnqueueOutcome>> CheckManyAsync(IReadOnlyList<RunRequest> requests, CancellationToken ct)
    {
        var runs = await AcceptManyAsync(requests, nudged: false, isTrial: true, ct);
        return await _storage.WriteRetryingAsync(session => InsertAllAsync(session, runs, ct), isDryRun: true, ct);
    }

    /// <summary>Checks a request and creates its row without storing it. A follow-up is stored when its parent completes.</summary>
    public ValueTask<NewRun> AcceptAsync(RunRequest request, CancellationToken ct) => AcceptAsync(request, index: null, nudged: true, ct);

    /// <summary>Publishes the nudges of new runs after their commit, in one call, so that the runs share nudges.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="outcomes">The result for each run.</param>
    /// <param name="areNudged">True if their nudges have been published already.</param>
    public void Announce(IReadOnlyList<NewRun> runs, IReadOnlyList<EnqueueOutcome> outcomes, bool areNudged = false)
    {
        var nudges = new List<Nudge>(runs.Count);
        var wakeStage = false;
        for (var i = 0; i < runs.Count; i++)
        {
            if (outcomes[i].Status != EnqueueStatus.Inserted)
                continue;
            FleetMetrics.Enqueued.Add(1, new KeyValuePair<string, object?>("lane", runs[i].Lane));
            if (areNudged)
                continue;
            if (runs[i].Staged)
                nudges.Add(new Nudge(runs[i].Lane, runs[i].Id));
            else
                wakeStage = true;
        }

        _nudges.Publish(nudges);
        if (wakeStage)
            _wakers.Stage.Wake();
    }

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    /// <summary>Refuses a key that two different requests of the same batch have. The error cannot name a run, because there is none
    /// yet.</summary>
    private static void CheckKeysWithin(NewRun[] runs)
    {
        Dictionary<string, int>? first = null;
        for (var i = 0; i < runs.Length; i++)
        {
            if (runs[i].IdempotencyKey is not { } key || (first ??= new(StringComparer.Ordinal)).TryAdd(key, i))
                continue;
            if (runs[i].RequestHash.AsSpan().SequenceEqual(runs[first[key]].RequestHash))
                continue;
            var field = $"runs[{i}].idempotencyKey";
            throw new InvalidRunException(new InputError(
                "idempotency_conflict", field, $"{field}: '{key}' stands at runs[{first[key]}] too, with another request.", key,
                "the same request, or a key of its own"));
        }
    }

    private async Task<NewRun[]> AcceptManyAsync(IReadOnlyList<RunRequest> requests, bool nudged, bool isTrial, CancellationToken ct)
    {
        var runs = new NewRun[requests.Count];
        var errors = new InputErrors();
        for (var i = 0; i < runs.Length && !errors.AreFull; i++)
        {
            try
            {
                runs[i] = await AcceptAsync(requests[i], i, nudged, ct, isTrial);
            }
            catch (InvalidRunException e)
            {
                errors.Add(e);
            }
        }

        errors.ThrowIfAny();
        CheckKeysWithin(runs);
        return runs;
    }

    private async ValueTask<NewRun> AcceptAsync(
        RunRequest request, int? index, bool nudged, CancellationToken ct, bool isTrial = false)
    {
        var job = await _catalog.FindAsync(request.Job, ct);
        var now = _time.GetUtcNow();
        if (job is null)
            throw new InvalidRunException(_catalog.UnknownJob(request.Job, Prefix() + "job"));
        var errors = request.Check(job, now);
        // The lane of a job is known to its workers; a lane that a caller names may be new.
        if (errors.Count == 0 && request.Options.Lane is { } lane && lane != job.Lane
            && await _lanes.CheckAsync(lane, ct, isTrial) is { } tooMany)
            errors = [tooMany];
        if (errors.Count > 0)
            throw new InvalidRunException([.. errors.Select(e => e.Within(Prefix()))]);
        return request.ToNewRun(job, now, nudged);

        string Prefix() => index is null ? "" : $"runs[{index}].";
    }

    private async Task<IReadOnlyList<EnqueueOutcome>> InsertAllAsync(StorageSession session, NewRun[] runs, CancellationToken ct)
    {
        var outcomes = await _storage.Statements.InsertAsync(session, runs, ct);
        for (var i = 0; i < runs.Length; i++)
        {
            if (outcomes[i].Status == EnqueueStatus.Conflict)
                throw new IdempotencyConflictException(runs[i].IdempotencyKey!, outcomes[i].Id, $"runs[{i}].idempotencyKey");
        }

        return outcomes;
    }

    /// <summary>True for what a person enqueues or anybody triggers. Programs enqueue by the thousand, and the row of the run is all that
    /// is written then.</summary>
    private static bool IsAudited(RunRequest request) => request.By.Kind == ActorKind.Person || request.ScheduleId is not null;

    /// <summary>Stores a run and its entry in the audit in a transaction of their own.</summary>
    private async Task<EnqueueOutcome> InsertAuditedAsync(NewRun run, Actor by, CancellationToken ct)
    {
        await _lanes.RegisterAsync(ct);
        var outcome = await _storage.WriteRetryingAsync(
            async session =>
            {
                var inserted = (await _storage.Statements.InsertAsync(session, [run], ct))[0];
                if (inserted.Status == EnqueueStatus.Inserted)
                {
                    var (action, target, facts) = run.ScheduleId is { } schedule
                        ? ("schedule.trigger", schedule, new AuditedEnqueue(run.Job, run.Lane, run.Id))
                        : ("run.enqueue", $"{run.Id}", new AuditedEnqueue(run.Job, run.Lane));
                    session.Audit(run.CreatedAt, by, action, target, before: null, facts);
                    await session.Db.SaveChangesAsync(ct);
                }

                return inserted;
            },
            ct);
        Announce([run], [outcome]);
        return outcome;
    }

    /// <summary>Stores runs and one entry in the audit.</summary>
    private Task<IReadOnlyList<EnqueueOutcome>> InsertAllAuditedAsync(NewRun[] runs, Actor by, CancellationToken ct) =>
        _storage.WriteAsync(
            async session =>
            {
                var outcomes = await InsertAllAsync(session, runs, ct);
                NewRun[] made = [.. runs.Where((_, i) => outcomes[i].Status == EnqueueStatus.Inserted)];
                if (made.Length > 0)
                {
                    var facts = new AuditedBatch(
                        made.Length, [.. made.Select(r => r.Job).Distinct()], [.. made.Select(r => r.Lane).Distinct()]);
                    var target = Auditing.TargetOf([.. made.Select(r => r.Id)]);
                    session.Audit(made[0].CreatedAt, by, "run.enqueue", target, before: null, facts);
                    await session.Db.SaveChangesAsync(ct);
                }

                return outcomes;
            },
            ct);

    private async Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(IReadOnlyList<NewRun> runs, CancellationToken ct)
    {
        await _lanes.RegisterAsync(ct);
        var started = _time.GetTimestamp();
        var inserting = _storage.AutocommitAsync(session => _storage.Statements.InsertAsync(session, runs, ct), ct);
        // The nudge takes about as long to arrive as a commit takes.
        var isNudged = _isQuick && runs is [{ Staged: true, MayExist: false } alone] && _nudges.TryPublishEarly(alone.Lane, alone.Id);
        _isQuick = false;
        var outcomes = await inserting;
        _isQuick = _time.GetElapsedTime(started) < QuickCommit;
        Announce(runs, outcomes, areNudged: isNudged && _isQuick);
        return outcomes;
    }
}
