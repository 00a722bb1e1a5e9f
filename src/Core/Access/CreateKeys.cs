using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Access;

/// <summary>A new key, with the text that is shown this once.</summary>
public sealed record CreatedKey(ApiKey Key, KeyText Text);

/// <summary>Makes API keys.</summary>
public sealed class CreateKeys(IStorage storage, TimeProvider time)
{
    /// <summary>Makes a key.</summary>
    /// <param name="request">What it is for and what it may do.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="dryRun">True: everything is checked and nothing stored.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <exception cref="InvalidRunException">A field is not allowed; names all of them.</exception>
    public async Task<CreatedKey> ExecuteAsync(KeyRequest request, Actor by, bool dryRun, CancellationToken ct)
    {
        var text = KeyText.New();
        var key = await StoreAsync(request, text, by, dryRun, ct)
            ?? throw new InvalidOperationException($"Two keys got the id {text.Id}.");
        return new(key, text);
    }

    /// <summary>Stores a key whose text was made before there was a database, unless it is stored already.</summary>
    /// <returns>Null when it was stored before.</returns>
    /// <exception cref="InvalidRunException">A field is not allowed; names all of them.</exception>
    public Task<ApiKey?> ImportAsync(KeyRequest request, KeyText text, Actor by, CancellationToken ct) =>
        StoreAsync(request, text, by, dryRun: false, ct);

    /// <summary>The row of a key.</summary>
    internal static ApiKey Row(KeyRequest request, KeyText text, Actor by, DateTimeOffset now) => new()
    {
        Id = text.Id,
        Name = request.Name!,
        Hash = text.Hash(),
        Role = request.Role!,
        Lanes = KeyRules.ToRow(request.Lanes),
        CreatedAt = now,
        CreatedBy = by,
        ExpiresAt = now + (request.ExpiresIn ?? KeyRules.DefaultLife),
    };

    /// <summary>Stores a key. Null when one with its id is stored.</summary>
    private async Task<ApiKey?> StoreAsync(KeyRequest request, KeyText text, Actor by, bool dryRun, CancellationToken ct)
    {
        var errors = new InputErrors();
        KeyRules.Check(request, errors);
        errors.ThrowIfAny();
        var now = time.GetUtcNow();
        var key = Row(request, text, by, now);
        return await storage.WriteRetryingAsync(
            async session =>
            {
                if (await session.Db.ApiKeys.AnyAsync(k => k.Id == key.Id, ct))
                    return null;
                session.Db.ApiKeys.Add(key);
                session.Audit(now, by, "key.create", key.Id, before: null, after: KeyFacts.Of(key));
                await session.Db.SaveChangesAsync(ct);
                return key;
            },
            dryRun,
            ct);
    }
}
