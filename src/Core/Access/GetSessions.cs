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
    /// <param name="name">Of this person alone; null: all.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task<IReadOnlyList<Session>> ListAsync(string? name, CancellationToken ct)
    {
        await using var db = storage.Read();
        var now = time.GetUtcNow();
        var idle = now - Credentials.IdleTime;
        var sessions = db.Sessions.AsNoTracking().Where(s => s.ExpiresAt > now && s.LastSeenAt > idle);
        if (name is not null)
            sessions = sessions.Where(s => s.Name == name);
        return await sessions.OrderByDescending(s => s.CreatedAt).ThenBy(s => s.Id).Take(MaxListed).ToListAsync(ct);
    }
}
