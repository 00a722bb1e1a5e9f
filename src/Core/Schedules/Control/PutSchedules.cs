using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>The result of a put.</summary>
public enum PutResult
{
    Created = 0,
    Changed = 1,
    Unchanged = 2,
}

/// <summary>A schedule that a program defines in code or configuration.</summary>
/// <param name="Request">The definition.</param>
/// <param name="Source"><c>code</c> or <c>configuration</c>.</param>
public readonly record struct BroughtSchedule(ScheduleRequest Request, string Source);

/// <summary>A schedule of a program was refused, so none of its schedules was stored.</summary>
public sealed class BroughtScheduleRefusedException(BroughtSchedule schedule, InputError error, Exception? inner = null)
    : InvalidOperationException($"Schedule '{schedule.Request.Id}' from {schedule.Source}: {error.Message}", inner)
{
    public BroughtSchedule Schedule { get; } = schedule;

    public InputError Error { get; } = error;
}

/// <summary>The result of a put, with the stored row.</summary>
/// <param name="Result">The result.</param>
/// <param name="Row">The row after the put.</param>
/// <param name="Undone">Who made the previous change and when, if this put restored the definition from before that change; else
/// null.</param>
public readonly record struct PutOutcome(PutResult Result, Schedule Row, (Actor? By, DateTimeOffset At)? Undone = null);

/// <summary>Creates and changes schedules. An edit never fires by itself: it revokes the planned occurrences, and planning continues from
/// now with the new definition.</summary>
public sealed class PutSchedules(
    IStorage storage, JobCatalog catalog, ArgsSchemas schemas, NamedLanes lanes, ScheduleChanges changes, TimeProvider time)
{
    // Number of rows that are read and written per statement.
    private const int ChunkSize = 200;

    /// <param name="request">The definition.</param>
    /// <param name="source"><c>code</c>, <c>configuration</c> or <c>api</c>.</param>
    /// <param name="by">Who puts it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="expected">What must be stored; null: anything. A definition that is stored already is not a change.</param>
    /// <exception cref="UnexpectedVersionException">Something else is stored than expected.</exception>
    /// <exception cref="InvalidRunException">A field is refused, or the job is unknown. Unknown jobs are refused only for <c>api</c>: when
    /// a scheduler starts, the job's workers may not have started yet.</exception>
    public async Task<PutResult> ExecuteAsync(
        ScheduleRequest request, string source, Actor by, CancellationToken ct, Expected? expected = null)
    {
        var (result, _) = await PutAsync(request, source, by, dryRun: false, expected ?? Expected.Anything, ct);
        if (result != PutResult.Unchanged)
            await changes.AnnounceAsync(by, ct);
        return result;
    }

    /// <summary>Returns what <see cref="ExecuteAsync"/> would do and the row it would store. Changes nothing.</summary>
    /// <inheritdoc cref="ExecuteAsync" path="/param"/>
    /// <inheritdoc cref="ExecuteAsync" path="/exception"/>
    public Task<(PutResult Result, Schedule Row)> TryAsync(
        ScheduleRequest request, string source, Actor by, CancellationToken ct, Expected? expected = null) =>
        PutAsync(request, source, by, dryRun: true, expected ?? Expected.Anything, ct);

    /// <summary>Checks all schedules of a program. Writes nothing.</summary>
    /// <param name="brought">The schedules.</param>
    /// <param name="hasDatabase">False if the database may have no tables yet: what depends on it, such as args and the jobs of other
    /// programs, is not checked.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <exception cref="BroughtScheduleRefusedException">A schedule is refused, or two have the same id.</exception>
    public async Task CheckAllAsync(IReadOnlyList<BroughtSchedule> brought, bool hasDatabase, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var (schedule, definition) in await CheckAsync(brought, ThisProcess.Program, dryRun: true, hasDatabase, now, ct))
        {
            // Whether it may have fired for the last time depends on the row.
            if (hasDatabase && definition.Trigger.Next(now) is null)
                await RefusingAsync(schedule, () => TryAsync(schedule.Request, schedule.Source, ThisProcess.Program, ct));
        }
    }

    /// <summary>Puts all schedules of a program in one transaction. If one is refused, none is stored.</summary>
    /// <param name="brought">The schedules; each id once.</param>
    /// <param name="by">The program.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The results for the schedules that were created or changed.</returns>
    /// <exception cref="BroughtScheduleRefusedException">A schedule is refused, or two have the same id.</exception>
    public async Task<IReadOnlyList<PutOutcome>> ExecuteAllAsync(
        IReadOnlyList<BroughtSchedule> brought, Actor by, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var checkedOnes = await CheckAsync(brought, by, dryRun: false, hasDatabase: true, now, ct);
        await lanes.RegisterAsync(ct);
        await catalog.RefreshSecretsAsync(ct);
        var outcomes = await storage.WriteRetryingAsync(
            async session =>
            {
                var changed = new List<PutOutcome>();
                foreach (var chunk in checkedOnes.Chunk(ChunkSize))
                {
                    var wanted = chunk.Select(c => c.Brought.Request.Id).ToArray();
                    var rows = await session.Db.Schedules.AsTracking().Where(s => wanted.Contains(s.Id))
                        .ToDictionaryAsync(s => s.Id, StringComparer.Ordinal, ct);
                    foreach (var (schedule, definition) in chunk)
                    {
                        var row = rows.GetValueOrDefault(schedule.Request.Id);
                        var outcome = await RefusingAsync(
                            schedule,
                            () => ApplyAsync(session, row, definition, schedule.Source, by, dryRun: false, Expected.Anything, now, ct));
                        if (outcome.Result != PutResult.Unchanged)
                            changed.Add(outcome);
                    }

                    await session.Db.SaveChangesAsync(ct);
                    session.Db.ChangeTracker.Clear();
                }

                return changed;
            },
            ct);
        if (outcomes.Count > 0)
            await changes.AnnounceAsync(by, ct);
        return outcomes;
    }

    private async Task<List<(BroughtSchedule Brought, Definition Definition)>> CheckAsync(
        IReadOnlyList<BroughtSchedule> brought, Actor by, bool dryRun, bool hasDatabase, DateTimeOffset now, CancellationToken ct)
    {
        var checkedOnes = new List<(BroughtSchedule Brought, Definition Definition)>(brought.Count);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var schedule in brought)
        {
            var definition = await RefusingAsync(
                schedule, () => CheckAsync(schedule.Request, schedule.Source, by, dryRun, now, ct, hasDatabase));
            if (!ids.Add(schedule.Request.Id))
                throw new BroughtScheduleRefusedException(
                    schedule,
                    new InputError(
                        "doubled_id", "id", "id: it stands there twice; each schedule needs an id of its own.", schedule.Request.Id,
                        "each id once"));
            checkedOnes.Add((schedule, definition));
        }

        return checkedOnes;
    }

    private static async Task<T> RefusingAsync<T>(BroughtSchedule schedule, Func<Task<T>> check)
    {
        try
        {
            return await check();
        }
        catch (InvalidRunException e)
        {
            throw new BroughtScheduleRefusedException(schedule, e.Error, e);
        }
    }

    private async Task<(PutResult Result, Schedule Row)> PutAsync(
        ScheduleRequest request, string source, Actor by, bool dryRun, Expected expected, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var definition = await CheckAsync(request, source, by, dryRun, now, ct);
        if (!dryRun)
            await lanes.RegisterAsync(ct);
        await catalog.RefreshSecretsAsync(ct);
        return await storage.WriteRetryingAsync(
            async session =>
            {
                if (!dryRun)
                    await LockSchedule.ExecuteAsync(session, request.Id, ct);
                var row = await session.Db.Schedules.AsTracking().FirstOrDefaultAsync(s => s.Id == request.Id, ct);
                var outcome = await ApplyAsync(session, row, definition, source, by, dryRun, expected, now, ct);
                if (!dryRun)
                    await session.Db.SaveChangesAsync(ct);
                return (outcome.Result, outcome.Row);
            },
            ct);
    }

    /// <summary>Finds what is wrong with a definition, without its lane. Changes nothing.</summary>
    /// <param name="request">The definition, of <c>api</c>.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>An error for each refused field.</returns>
    public async Task<IReadOnlyList<InputError>> CheckAsync(ScheduleRequest request, CancellationToken ct)
    {
        var errors = new InputErrors();
        await CheckFieldsAsync(request, "api", time.GetUtcNow(), errors, ct);
        return errors.All;
    }

    /// <summary>Checks everything that does not need the stored row.</summary>
    private async Task<Definition> CheckAsync(
        ScheduleRequest request, string source, Actor by, bool dryRun, DateTimeOffset now, CancellationToken ct, bool hasDatabase = true)
    {
        var errors = new InputErrors();
        var definition = await CheckFieldsAsync(request, source, now, errors, ct, hasDatabase);
        // Before the lane is named: one that is refused must not be there afterwards.
        if ((request.Lane ?? definition?.Found?.Lane) is { } wanted)
            errors.Add(BoundLanes.Refuse(by, wanted));
        errors.ThrowIfAny();
        if (request.Lane is { } lane && lane != definition!.Found?.Lane)
            await NameLaneAsync(lane, source, dryRun, ct);
        return definition!;
    }

    private async Task<Definition?> CheckFieldsAsync(
        ScheduleRequest request, string source, DateTimeOffset now, InputErrors errors, CancellationToken ct, bool hasDatabase = true)
    {
        var job = hasDatabase ? await catalog.FindAsync(request.Job, ct) : catalog.OwnOf(request.Job);
        if (job is null && source == "api" && request.Job.Length > 0)
            errors.Add(catalog.UnknownJob(request.Job, "job"));
        var trigger = request.Check(now, errors);
        ArgsEdit? edit = null;
        try
        {
            request = request with { Args = ArgsText.Parse(request.Args) };
            if (hasDatabase && job is not null)
            {
                edit = await KeepSecretsAsync(request, job, errors, ct);
                request = request with { Args = edit?.Kept ?? request.Args };
                // Other versions of the job may take what this one refuses.
                if (edit is null or { IsRefused: false })
                    errors.Add(await schemas.CheckAsync(job, request.Args), "");
            }
        }
        catch (InvalidRunException e)
        {
            errors.Add(e);
        }

        return trigger is null ? null : new Definition(request, trigger, job?.Name ?? request.Job, job, edit);
    }

    /// <summary>Puts the stored secrets into args that do not show them. Another job has no secrets of this one.</summary>
    /// <returns>Null when the args have nothing that would stay.</returns>
    private async Task<ArgsEdit?> KeepSecretsAsync(ScheduleRequest request, JobInfo job, InputErrors errors, CancellationToken ct)
    {
        // Nearly no args have it.
        if (!request.Args.Contains(SecretAttribute.Redacted, StringComparison.Ordinal)
            || await catalog.FindSecretsAsync(job.Name, ct) is not { AreNone: false } secrets)
            return null;
        await using var db = storage.Read();
        var stored = await db.Schedules.AsNoTracking().FirstOrDefaultAsync(s => s.Id == request.Id && s.Job == job.Name, ct);
        var refused = new InputErrors();
        var kept = secrets.KeepStored(request.Args, stored?.Args, refused);
        refused.Add(RunRules.CheckArgsSize(kept));
        errors.Add(refused.All, "");
        return new ArgsEdit(request.Args, kept, secrets, !refused.AreNone);
    }

    private async Task<PutOutcome> ApplyAsync(
        StorageSession session, Schedule? row, Definition definition, string source, Actor by, bool dryRun, Expected expected,
        DateTimeOffset now, CancellationToken ct)
    {
        var (request, trigger, job, _, edit) = definition;
        var isNew = row is null;
        if (edit is not null)
        {
            // The secrets that are stored now, whatever they were when the definition was checked.
            var errors = new InputErrors();
            request = request with { Args = edit.Secrets.KeepStored(edit.Text, row?.Job == job ? row.Args : null, errors) };
            errors.ThrowIfAny();
        }

        var version = expected == Expected.Anything ? null : row?.EditVersion();
        if (isNew || expected == Expected.Nothing)
            expected.Check(version);
        if (row is null)
            session.Db.Schedules.Add(row = new Schedule { Id = request.Id, CreatedAt = now, Status = ScheduleStatus.Running });
        var before = isNew ? null : row.Fingerprint();
        var (storedArgs, stored) = isNew ? (null, null) : (row.Args, ScheduleFacts.Of(row, catalog.KnownSecretsOf(row.Job)));
        // The check for "unchanged" comes first: a program puts its one-shot schedule at every start, also after it has fired.
        if (!request.ApplyTo(row, job) && !isNew)
            return new PutOutcome(PutResult.Unchanged, row);
        // Only now: who puts what is stored already overwrites nothing. It may be the same request again, whose answer was lost.
        if (!isNew)
            expected.Check(version);
        if (trigger.Next(now) is null)
            throw new InvalidRunException(request.NeverFires(now));
        (Actor?, DateTimeOffset)? undone = source != "api" && row.Replaced is { } replaced && replaced == row.Fingerprint()
            ? (row.PutBy, row.UpdatedAt)
            : null;
        row.Source = source;
        row.PutBy = by;
        row.Replaced = before;
        row.UpdatedAt = now;
        row.Version++;
        if (!dryRun)
            row.Planned -= await RevokeOccurrences.ExecuteAsync(storage, session, row.Id, now, "the schedule was changed", by, ct);
        GoOn(row, trigger, by, now);
        if (!dryRun)
            session.Audit(now, by, "schedule.put", row.Id, stored, FactsOf(row, storedArgs));
        return new PutOutcome(isNew ? PutResult.Created : PutResult.Changed, row, undone);
    }

    private ScheduleFacts FactsOf(Schedule row, string? storedArgs)
    {
        var secrets = catalog.KnownSecretsOf(row.Job);
        return ScheduleFacts.Of(row, secrets) with
        {
            SecretArgs = storedArgs is null || secrets.AreSame(storedArgs, row.Args) ? null : "changed",
        };
    }

    /// <summary>Registers the lane. The limit does not apply to code and configuration, which an operator controls, so that a scheduler can
    /// always start.</summary>
    private async Task NameLaneAsync(string lane, string source, bool dryRun, CancellationToken ct)
    {
        if (source == "api" && await lanes.CheckAsync(lane, ct, dryRun) is { } error)
            throw new InvalidRunException(error);
        if (!dryRun)
            lanes.Add(lane);
    }

    /// <summary>Sets the status after an edit: a schedule that a person paused or stopped stays so; one that had fired for the last time
    /// starts again.</summary>
    private static void GoOn(Schedule row, Trigger trigger, Actor by, DateTimeOffset now)
    {
        if (row.HasEnded)
            row.SetStatus(ScheduleStatus.Running, reason: null, by, now);
        if (row.StatusOf(now) == ScheduleStatus.Running)
            row.PlanFrom(now, trigger);
        else if (row.ResumeAt is { } resume)
            row.PlanFrom(resume, trigger);
    }

    private sealed record Definition(ScheduleRequest Request, Trigger Trigger, string Job, JobInfo? Found, ArgsEdit? Edit);

    /// <summary>Args that keep stored secrets.</summary>
    /// <param name="Text">As they were sent.</param>
    /// <param name="Kept">With the secrets that were stored at that time.</param>
    /// <param name="Secrets">The secret members of the job.</param>
    /// <param name="IsRefused">True if a secret is not stored.</param>
    private sealed record ArgsEdit(string Text, string Kept, SecretMembers Secrets, bool IsRefused);
}
