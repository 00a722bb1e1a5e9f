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

    private const int MaxKnown = 10_000;

    /// <summary>Compared with where there is no row, so that an unknown id takes as much work as a wrong secret.</summary>
    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    // Only what is valid gets in, so there are no more entries than credentials in use, and those that ended since.
    private readonly ConcurrentDictionary<KeyText, Known> _known = new();
    private int _generation;

    /// <summary>Who has a key.</summary>
    /// <returns>Null when the key is not known, was revoked or has expired.</returns>
    public Task<Principal?> FindByKeyAsync(KeyText key, CancellationToken ct) => FindAsync(key, ReadKeyAsync, ct);

    /// <summary>Who has a session.</summary>
    /// <returns>Null when the session is not known, was ended or has expired.</returns>
    public Task<Principal?> FindBySessionAsync(KeyText session, CancellationToken ct) => FindAsync(session, ReadSessionAsync, ct);

    /// <summary>Whether a credential was valid when it was last looked at. It says nothing about now.</summary>
    public bool WasValid(KeyText text) => _known.ContainsKey(text);

    /// <summary>Forgets what was believed: the next request of each credential reads the database.</summary>
    public void Forget() => Interlocked.Increment(ref _generation);

    private async Task<Principal?> FindAsync(
        KeyText text, Func<KeyText, DateTimeOffset, CancellationToken, Task<Principal?>> read, CancellationToken ct)
    {
        var at = time.GetTimestamp();
        var now = time.GetUtcNow();
        // Before the look at the database: what is forgotten meanwhile was perhaps read before it changed.
        var generation = Volatile.Read(ref _generation);
        if (_known.TryGetValue(text, out var known) && known.Generation == generation && time.GetElapsedTime(known.At) < FreshFor)
            return known.Principal.ExpiresAt <= now ? null : known.Principal;
        var found = await read(text, now, ct);
        if (found is null)
        {
            _known.TryRemove(text, out _);
            return null;
        }

        if (_known.Count >= MaxKnown)
            _known.Clear();
        _known[text] = new Known(found, at, generation);
        return found;
    }

    private async Task<Principal?> ReadKeyAsync(KeyText text, DateTimeOffset now, CancellationToken ct)
    {
        await using var db = storage.Read();
        var row = await db.ApiKeys.AsNoTracking().FirstOrDefaultAsync(k => k.Id == text.Id, ct);
        var isRight = CryptographicOperations.FixedTimeEquals(row?.Hash ?? NoHash, text.Hash());
        if (row is null || !isRight || !row.IsValid(now)
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
        var isRight = CryptographicOperations.FixedTimeEquals(row?.Hash ?? NoHash, text.Hash());
        if (row is null || !isRight || now >= row.ExpiresAt
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
            Subject = row.Subject,
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

    private sealed record Known(Principal Principal, long At, int Generation);
}
