using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Access;

/// <summary>Reads API keys: those that are valid, and those that have ended.</summary>
public sealed class GetKeys(IStorage storage)
{
    /// <summary>At most so many are listed: the newest.</summary>
    public const int MaxListed = 500;

    /// <summary>The newest first.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.ApiKeys.AsNoTracking().OrderByDescending(k => k.CreatedAt).ThenBy(k => k.Id).Take(MaxListed).ToListAsync(ct);
    }

    /// <summary>Null when there is none.</summary>
    public async Task<ApiKey?> FindAsync(string id, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.ApiKeys.AsNoTracking().FirstOrDefaultAsync(k => k.Id == id, ct);
    }

    /// <summary>Whether any key is valid now: without one, nobody is let in.</summary>
    public async Task<bool> AnyIsValidAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.ApiKeys.AnyAsync(k => k.RevokedAt == null && k.ExpiresAt > now, ct);
    }
}
