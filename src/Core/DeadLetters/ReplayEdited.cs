using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>What a person changes of the args.</summary>
/// <param name="Args">All of them anew; null: only what the patch says.</param>
/// <param name="Patch">A JSON merge patch (RFC 7396); null: none.</param>
public readonly record struct ArgsEdit(JsonElement? Args, JsonElement? Patch);

/// <summary>A dead letter that was replayed.</summary>
/// <param name="Result">What the replay did.</param>
/// <param name="Changes">What differs in the args, secrets redacted.</param>
public sealed record EditedReplay(ReplayResult Result, IReadOnlyList<ArgsChange> Changes);

/// <summary>Failed → Pending with other args, because a person asked for it. It is the same run; its args before are kept in
/// <c>replays</c>.</summary>
/// <remarks>The new args are checked as those of a new run. Where an edit shows a secret as <c>***</c>, the stored one stays.</remarks>
public sealed class ReplayEdited(
    IStorage storage, JobCatalog catalog, ArgsSchemas schemas, NudgePublisher nudges, TimeProvider time)
{
    /// <param name="id">The run.</param>
    /// <param name="edit">What is changed of its args.</param>
    /// <param name="by">Who replays it.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns><see cref="ReplayResult.ArgsChanged"/> if somebody else gave it other args meanwhile: then nothing is changed.</returns>
    /// <exception cref="InvalidRunException">The args do not fit the job, or nobody knows the job any more.</exception>
    public async Task<EditedReplay> ExecuteAsync(RunId id, ArgsEdit edit, Actor by, bool isDryRun, CancellationToken ct)
    {
        await using var db = storage.Read();
        if (await db.Runs.Where(r => r.Id == id).Select(r => new { r.Job, r.Args }).FirstOrDefaultAsync(ct) is not { } run)
            return new EditedReplay(ReplayResult.NotFound, []);
        var secrets = await catalog.FindSecretsAsync(run.Job, ct);
        var args = await ReadAsync(run.Job, run.Args, edit, secrets, ct);
        var shown = (Before: StoredJson.Read(secrets.Redact(run.Args)), After: StoredJson.Read(secrets.Redact(args)));
        var now = time.GetUtcNow();
        (string, string)? change = args == run.Args ? null : (run.Args, args);
        var replayed = await storage.WriteRetryingAsync(
            async session =>
            {
                // The lock: nobody replays it, or gives it other args, between this look and the change.
                await storage.ColdRuns.LockAsync(session, [id], ct);
                var stored = await session.Db.Runs.Where(r => r.Id == id && r.State == RunState.Failed && r.DiscardedAt == null)
                    .Select(r => r.Args).FirstOrDefaultAsync(ct);
                if (stored is null)
                    return new ReplayedRun(ReplayResult.WrongState, "", null);
                if (stored != run.Args && edit is not { Args: null, Patch: null })
                    return new ReplayedRun(ReplayResult.ArgsChanged, "", null);
                var found = (await storage.States.ReplayAsync(session, [id], by, now, ct, change))[0];
                if (found is { Result: ReplayResult.Replayed, From: { } from })
                {
                    session.Audit(
                        now, by, "run.replay", $"{id}", new AuditedEdit(from, shown.Before),
                        new AuditedEdit(RunState.Pending, shown.After));
                    await session.Db.SaveChangesAsync(ct);
                }

                return found;
            },
            isDryRun,
            ct);
        if (replayed.Result == ReplayResult.Replayed && !isDryRun)
            nudges.Publish([new Nudge(replayed.Lane, id)]);
        return new EditedReplay(replayed.Result, DiffArgs.Execute(shown.Before, shown.After));
    }

    /// <summary>The args that the run gets.</summary>
    private async Task<string> ReadAsync(string name, string stored, ArgsEdit edit, SecretMembers secrets, CancellationToken ct)
    {
        if (edit is { Args: null, Patch: null })
            return stored;
        var errors = new InputErrors();
        if (edit is { Args: not null, Patch: not null })
        {
            errors.Add(new InputError(
                "args_and_patch", "patch", "patch: give either args or patch, not both.", null, "one of args, patch"));
            errors.ThrowIfAny();
        }

        // From what people see, so that a patch of a list keeps the secrets in it by the same rules as an edit.
        if (edit.Patch is { ValueKind: not JsonValueKind.Object } wrong)
        {
            throw new InvalidRunException(new InputError(
                "wrong_type", "patch", "patch: expected a JSON object.", RunRules.Show(wrong.GetRawText()), "a JSON object"));
        }

        var given = edit.Patch is { } patch ? DiffArgs.Merge(StoredJson.Read(secrets.Redact(stored)), patch) : edit.Args;
        var args = secrets.KeepStored(ArgsText.From(given), stored, errors);
        errors.ThrowIfAny();
        if (RunRules.CheckArgsSize(args) is { } tooLarge)
            throw new InvalidRunException(tooLarge);
        // What the run has already is not checked again: it may be of a version that nobody offers any more.
        if (JsonElement.DeepEquals(JsonElement.Parse(args), StoredJson.Read(stored)))
            return stored;
        var job = await catalog.FindAsync(name, ct) ?? throw new InvalidRunException(catalog.UnknownJob(name, "job"));
        errors.Add(await schemas.CheckAsync(job, args), "");
        errors.ThrowIfAny();
        return args;
    }

    /// <summary>A replay with its args in the audit, secrets redacted.</summary>
    private sealed record AuditedEdit(RunState State, JsonElement Args);
}
