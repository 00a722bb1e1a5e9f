using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Access;

/// <summary>Reads the sessions that have not ended.</summary>
public sealed class GetSessions(IStorage storage, TimeProvider time)
{
    /// <summary>At most so many are listed: the newest.</summary>
    public const int MaxListed = 500;

    /// <summary>The newest first.</summary>
    /// <param name="who">Of this person alone; null: all.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task<IReadOnlyList<Session>> ListAsync(Principal? who, CancellationToken ct)
    {
        await using var db = storage.Read();
        var now = time.GetUtcNow();
        var idle = now - Credentials.IdleTime;
        var sessions = db.Sessions.AsNoTracking().Where(s => s.ExpiresAt > now && s.LastSeenAt > idle);
        if (who is not null)
        {
            // A provider may give a person the name of a key.
            var (name, subject) = (who.Name, who.Subject);
            sessions = sessions.Where(s => s.Name == name && s.Subject == subject);
        }

        return await sessions.OrderByDescending(s => s.CreatedAt).ThenBy(s => s.Id).Take(MaxListed).ToListAsync(ct);
    }
}
