using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>What a discard did.</summary>
public enum DiscardResult
{
    /// <summary>There is no such run.</summary>
    NotFound = 0,

    /// <summary>It is no dead letter any more.</summary>
    Discarded = 1,

    /// <summary>It is no dead letter: it has not failed, or was discarded before.</summary>
    NotDead = 2,
}

/// <summary>Discards dead letters: nobody will replay them. The runs stay failed, with all of their history, and can still be
/// replayed.</summary>
public sealed class DiscardRuns(IStorage storage, TimeProvider time)
{
    /// <summary>How many runs a transaction discards at most.</summary>
    public const int MaxAtOnce = 500;

    // Letters of runs that are none any more are few, if there are any: somebody replays the runs at this moment.
    private const int MaxStale = 10;

    /// <param name="id">The run.</param>
    /// <param name="reason">Why, in words for people.</param>
    /// <param name="by">Who discards it.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <param name="ct">Cancels the call.</param>
    public Task<DiscardResult> ExecuteAsync(RunId id, string reason, Actor by, bool isDryRun, CancellationToken ct) =>
        storage.WriteRetryingAsync(
            async session => (await DiscardAsync(session, [id], reason, by, ct)).Count > 0 ? DiscardResult.Discarded
                : await session.Db.Runs.AnyAsync(r => r.Id == id, ct) ? DiscardResult.NotDead : DiscardResult.NotFound,
            isDryRun,
            ct);

    /// <summary>Discards the dead letters of a group, the oldest first, a part of them in each transaction. Once the first has begun, it
    /// goes on to the end; what is discarded when the process ends stays so, and the same call discards the rest.</summary>
    /// <param name="fingerprint">The fingerprint of the group.</param>
    /// <param name="lanes">Only those in these lanes; null: all.</param>
    /// <param name="reason">Why, in words for people.</param>
    /// <param name="by">Who discards them.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <param name="ct">Cancels the call before it changes anything.</param>
    /// <returns>How many, and whether there are more.</returns>
    public async Task<(int Discarded, bool More)> ExecuteAsync(
        string fingerprint, IReadOnlyList<string>? lanes, string reason, Actor by, int most, bool isDryRun, CancellationToken ct)
    {
        // What fails from now on is not meant.
        var now = time.GetUtcNow();
        if (isDryRun)
            return await CountAsync(fingerprint, lanes, now, most, ct);
        var (discarded, stale) = (0, 0);
        while (discarded < most && stale < MaxStale)
        {
            var ids = await OldestAsync(fingerprint, lanes, now, Math.Min(MaxAtOnce, most - discarded), ct);
            if (ids.Length == 0)
                return (discarded, false);
            // A caller who has gone does not leave half of a group.
            ct = CancellationToken.None;
            var done = await storage.WriteRetryingAsync(session => DiscardAsync(session, ids, reason, by, ct), ct);
            discarded += done.Count;
            if (done.Count == 0)
                stale++;
        }

        return (discarded, true);
    }

    private async Task<RunId[]> OldestAsync(
        string fingerprint, IReadOnlyList<string>? lanes, DateTimeOffset until, int most, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await Letters(db, fingerprint, lanes, until).OrderBy(l => l.FailedAt).ThenBy(l => l.RunId).Take(most)
            .Select(l => l.RunId).ToArrayAsync(ct);
    }

    private async Task<(int Discarded, bool More)> CountAsync(
        string fingerprint, IReadOnlyList<string>? lanes, DateTimeOffset until, int most, CancellationToken ct)
    {
        await using var db = storage.Read();
        var count = await Letters(db, fingerprint, lanes, until).OrderBy(l => l.FailedAt).Take(most + 1).CountAsync(ct);
        return (Math.Min(count, most), count > most);
    }

    private static IQueryable<DeadLetter> Letters(
        FleetDbContext db, string fingerprint, IReadOnlyList<string>? lanes, DateTimeOffset until)
    {
        var letters = db.DeadLetters.Where(l => l.Fingerprint == fingerprint && l.FailedAt <= until);
        return lanes?.ToList() is { } theirs ? letters.Where(l => theirs.Contains(l.Lane)) : letters;
    }

    private async Task<IReadOnlyList<RunId>> DiscardAsync(
        StorageSession session, RunId[] ids, string reason, Actor by, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        RunId[] wanted = [.. ids.Order()];
        var dead = session.Db.Runs.Where(r => wanted.Contains(r.Id) && r.State == RunState.Failed && r.DiscardedAt == null);
        RunId[] found = [.. (await dead.Select(r => r.Id).ToListAsync(ct)).Order()];
        if (found.Length < wanted.Length)
        {
            // Rows that were left behind would stand before the others at each look.
            await session.Db.DeadLetters.Where(l => wanted.Contains(l.RunId)
                && !session.Db.Runs.Any(r => r.Id == l.RunId && r.State == RunState.Failed && r.DiscardedAt == null))
                .ExecuteDeleteAsync(ct);
        }

        if (found.Length == 0)
            return [];

        var text = StoredText.Cut(reason, Auditing.MaxReason);
        var discarded = await dead.ExecuteUpdateAsync(
            set => set.SetProperty(r => r.DiscardedAt, now).SetProperty(r => r.DiscardedBy, by).SetProperty(r => r.DiscardReason, text)
                .SetProperty(r => r.Fingerprint, (string?)null),
            ct);
        if (discarded < found.Length)
            throw new DbUpdateConcurrencyException("A run was replayed or discarded by somebody else at the same time.");
        await session.Db.DeadLetters.Where(l => found.Contains(l.RunId)).ExecuteDeleteAsync(ct);
        session.Audit(
            now, by, "dead.discard", Auditing.TargetOf(found), new Discarded(0), new Discarded(found.Length), reason);
        await session.Db.SaveChangesAsync(ct);
        return found;
    }

    /// <summary>A discard in the audit.</summary>
    private sealed record Discarded(int Runs);
}
