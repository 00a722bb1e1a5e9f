using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Access;

/// <summary>Ends API keys, at once or with a successor.</summary>
public sealed class RevokeKeys(IStorage storage, Credentials credentials, TimeProvider time)
{
    /// <summary>Ends a key at once, and the sessions that it has opened. One that has ended stays as it is.</summary>
    /// <param name="id">The id of the key.</param>
    /// <param name="reason">The reason, in words for people.</param>
    /// <param name="by">Who ends it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The key; null when there is none.</returns>
    public async Task<ApiKey?> ExecuteAsync(string id, string? reason, Actor by, CancellationToken ct)
    {
        var found = await storage.WriteRetryingAsync(
            async session =>
            {
                if (await session.Db.ApiKeys.AsTracking().FirstOrDefaultAsync(k => k.Id == id, ct) is not { } key)
                    return null;
                if (key.RevokedAt is not null)
                    return key;
                var (now, before) = (time.GetUtcNow(), KeyFacts.Of(key));
                (key.RevokedAt, key.RevokedBy) = (now, by);
                session.Audit(now, by, "key.revoke", id, before, KeyFacts.Of(key), reason);
                await session.Db.SaveChangesAsync(ct);
                return key;
            },
            ct);
        // Other processes read the row again within seconds.
        credentials.Forget();
        return found;
    }

    /// <summary>Makes a key that may do the same, and ends the old one after a while, in which both are valid.</summary>
    /// <param name="id">The id of the old key.</param>
    /// <param name="overlap">How long the old key stays valid; null: a day.</param>
    /// <param name="expiresIn">How long the new key is valid; null: as long as the old one was.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="dryRun">True: everything is checked and nothing stored.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The new key; null when there is no such key.</returns>
    /// <exception cref="InvalidRunException">A field is not allowed, or the key has ended.</exception>
    public async Task<CreatedKey?> RotateAsync(
        string id, TimeSpan? overlap, TimeSpan? expiresIn, Actor by, bool dryRun, CancellationToken ct)
    {
        var text = KeyText.New();
        return await storage.WriteRetryingAsync(
            async session =>
            {
                if (await session.Db.ApiKeys.AsTracking().FirstOrDefaultAsync(k => k.Id == id, ct) is not { } old)
                    return null;
                var now = time.GetUtcNow();
                var request = new KeyRequest(
                    old.Name, old.Role, KeyRules.FromRow(old.Lanes), expiresIn ?? old.ExpiresAt - old.CreatedAt);
                var errors = new InputErrors();
                KeyRules.Check(request, errors);
                errors.Add(KeyRules.CheckOverlap(overlap));
                errors.ThrowIfAny();
                if (!old.IsValid(now))
                {
                    throw new InvalidRunException(new InputError(
                        "key_ended", "id", $"id: key {id} has ended; only a valid key is rotated. Create a new one.", id, "a valid key"));
                }

                var created = CreateKeys.Row(request, text, by, now);
                created.RotatedFrom = id;
                var before = KeyFacts.Of(old);
                var until = now + (overlap ?? KeyRules.DefaultOverlap);
                if (until < old.ExpiresAt)
                    old.ExpiresAt = until;
                session.Db.ApiKeys.Add(created);
                session.Audit(now, by, "key.rotate", id, before, KeyFacts.Of(old) with { RotatedTo = created.Id });
                session.Audit(now, by, "key.create", created.Id, before: null, after: KeyFacts.Of(created));
                await session.Db.SaveChangesAsync(ct);
                return new CreatedKey(created, text);
            },
            dryRun,
            ct);
    }
}
