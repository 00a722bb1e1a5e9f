using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Access;

/// <summary>Opens and ends the sessions of people. A session is a row, so it lives on when a process is restarted, and other processes know
/// it; nothing of it is encrypted, so there is no key that a process could lose.</summary>
public sealed class SignIn(IStorage storage, Credentials credentials, TimeProvider time)
{
    /// <summary>How long a session lasts, however often it is used.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromDays(7);

    private const int MaxAgent = 200;
    private const int MaxCleaned = 50;

    /// <summary>Opens a session.</summary>
    /// <param name="who">The person, and what they may do.</param>
    /// <param name="agent">The browser, as it calls itself.</param>
    /// <param name="by">The person as an actor.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The text for the cookie, and when it ends.</returns>
    public async Task<(KeyText Text, Session Session)> ExecuteAsync(Principal who, string? agent, Actor by, CancellationToken ct)
    {
        var text = KeyText.New();
        var now = time.GetUtcNow();
        var longest = now + MaxLife;
        var session = new Session
        {
            Id = text.Id,
            Hash = text.Hash(),
            Name = who.Name,
            Role = who.Role.ToWord(),
            Lanes = KeyRules.ToRow(who.Lanes),
            KeyId = who.KeyId,
            Subject = who.Subject,
            Address = by.Address,
            Agent = agent is null ? null : StoredText.Cut(ControlCharacters.Escape(agent), MaxAgent),
            CreatedAt = now,
            LastSeenAt = now,
            ExpiresAt = who.ExpiresAt < longest ? who.ExpiresAt.Value : longest,
        };
        await storage.WriteRetryingAsync(
            async write =>
            {
                // Those that have ended are of no use to anybody. A few at a time: a sign-in does not wait for a cleaning.
                await write.Db.Sessions.Where(s => s.ExpiresAt < now).OrderBy(s => s.ExpiresAt).Take(MaxCleaned).ExecuteDeleteAsync(ct);
                write.Db.Sessions.Add(session);
                var facts = new SessionFacts(who.Name, session.Role, session.KeyId, session.Subject);
                write.Audit(now, by, "session.create", session.Id, before: null, after: facts);
                await write.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        return (text, session);
    }

    /// <summary>Ends a session.</summary>
    /// <param name="id">The session.</param>
    /// <param name="by">Who ends it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False when there is none.</returns>
    public async Task<bool> EndAsync(string id, Actor by, CancellationToken ct)
    {
        var found = await storage.WriteRetryingAsync(
            async write =>
            {
                if (await write.Db.Sessions.AsTracking().FirstOrDefaultAsync(s => s.Id == id, ct) is not { } session)
                    return false;
                write.Db.Sessions.Remove(session);
                var facts = new SessionFacts(session.Name, session.Role, session.KeyId, session.Subject);
                write.Audit(time.GetUtcNow(), by, "session.end", id, facts, after: null);
                await write.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        credentials.Forget();
        return found;
    }
}

/// <summary>What the audit says of a session.</summary>
internal sealed record SessionFacts(string Name, string Role, string? KeyId, string? Subject);
