using System.Collections.Concurrent;
using System.Security.Cryptography;
using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Access;

/// <summary>Tells who somebody is by what they send: the text of an API key, or that of a session. What was valid is believed for
/// <see cref="FreshFor"/>, so that a program that enqueues much does not read its key each time.</summary>
public sealed partial class Credentials(IStorage storage, TimeProvider time, ILogger<Credentials> logger)
{
    /// <summary>How long a valid credential is believed without a look at the database: after a revocation elsewhere, a request is let
    /// in for so long at most.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(2);

    /// <summary>How long a session lasts without a request.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromHours(12);

    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);

    // Only what is valid gets in, so there are no more entries than credentials in use.
    private readonly ConcurrentDictionary<KeyText, Known> _known = new();

    /// <summary>Who has a key.</summary>
    /// <returns>Null when the key is not known, was revoked or has expired.</returns>
    public Task<Principal?> FindByKeyAsync(KeyText key, CancellationToken ct) => FindAsync(key, ReadKeyAsync, ct);

    /// <summary>Who has a session.</summary>
    /// <returns>Null when the session is not known, was ended or has expired.</returns>
    public Task<Principal?> FindBySessionAsync(KeyText session, CancellationToken ct) => FindAsync(session, ReadSessionAsync, ct);

    /// <summary>Forgets what was believed: the next request of each credential reads the database.</summary>
    public void Forget() => _known.Clear();

    private async Task<Principal?> FindAsync(
        KeyText text, Func<KeyText, DateTimeOffset, CancellationToken, Task<Principal?>> read, CancellationToken ct)
    {
        var at = time.GetTimestamp();
        var now = time.GetUtcNow();
        if (_known.TryGetValue(text, out var known) && time.GetElapsedTime(known.At) < FreshFor)
            return known.Principal.ExpiresAt <= now ? null : known.Principal;
        var found = await read(text, now, ct);
        if (found is null)
            _known.TryRemove(text, out _);
        else
            _known[text] = new Known(found, at);
        return found;
    }

    private async Task<Principal?> ReadKeyAsync(KeyText text, DateTimeOffset now, CancellationToken ct)
    {
        await using var db = storage.Read();
        var row = await db.ApiKeys.AsNoTracking().FirstOrDefaultAsync(k => k.Id == text.Id, ct);
        if (row is null || !CryptographicOperations.FixedTimeEquals(row.Hash, text.Hash()) || !row.IsValid(now)
            || Roles.Find(row.Role) is not { } role)
            return null;
        if (!(now - row.LastUsedAt < SeenEvery))
        {
            await NoteAsync(
                write => write.ApiKeys.Where(k => k.Id == row.Id).ExecuteUpdateAsync(k => k.SetProperty(r => r.LastUsedAt, now), ct), ct);
        }

        return new Principal(row.Name, ActorKind.Program, role)
        {
            Lanes = KeyRules.FromRow(row.Lanes),
            KeyId = row.Id,
            ExpiresAt = row.ExpiresAt,
        };
    }

    private async Task<Principal?> ReadSessionAsync(KeyText text, DateTimeOffset now, CancellationToken ct)
    {
        await using var db = storage.Read();
        var row = await db.Sessions.AsNoTracking().FirstOrDefaultAsync(s => s.Id == text.Id, ct);
        if (row is null || !CryptographicOperations.FixedTimeEquals(row.Hash, text.Hash()) || now >= row.ExpiresAt
            || now - row.LastSeenAt >= IdleTime || Roles.Find(row.Role) is not { } role)
            return null;
        if (row.KeyId is { } keyId
            && (await db.ApiKeys.AsNoTracking().FirstOrDefaultAsync(k => k.Id == keyId, ct) is not { } key || !key.IsValid(now)))
            return null;
        if (now - row.LastSeenAt >= SeenEvery)
        {
            await NoteAsync(
                write => write.Sessions.Where(s => s.Id == row.Id).ExecuteUpdateAsync(s => s.SetProperty(r => r.LastSeenAt, now), ct), ct);
        }

        return new Principal(row.Name, ActorKind.Person, role)
        {
            Lanes = KeyRules.FromRow(row.Lanes),
            KeyId = row.KeyId,
            SessionId = row.Id,
            ExpiresAt = row.ExpiresAt,
        };
    }

    /// <summary>When a credential was used last is for people to look at: no request fails because it could not be written.</summary>
    private async Task NoteAsync(Func<FleetDbContext, Task<int>> write, CancellationToken ct)
    {
        try
        {
            await storage.WriteAsync(session => write(session.Db), ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotNoted(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The last use of a credential could not be stored.")]
    private partial void LogNotNoted(Exception e);

    private sealed record Known(Principal Principal, long At);
}
