using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Access;

/// <summary>The keys that protect sign-ins under way. They are rows, so that all processes have the same ones, also after a restart and
/// where no file can be written.</summary>
public sealed class ProtectionKeys(IStorage storage, TimeProvider time)
{
    /// <summary>All keys, the oldest first.</summary>
    public async Task<IReadOnlyList<ProtectionKey>> ListAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.ProtectionKeys.AsNoTracking().OrderBy(k => k.Number).ToListAsync(ct);
    }

    /// <summary>Adds a key, unless another process has added one meanwhile: both would use their own, and not know the other's.</summary>
    /// <param name="number">One more than that of the last key.</param>
    /// <param name="xml">The key.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False if another process was faster.</returns>
    public Task<bool> AddAsync(int number, string xml, CancellationToken ct) => storage.WriteRetryingAsync(
        async session =>
        {
            if (await session.Db.ProtectionKeys.AnyAsync(k => k.Number >= number, ct))
                return false;
            session.Db.ProtectionKeys.Add(new ProtectionKey { Number = number, Xml = xml, CreatedAt = time.GetUtcNow() });
            await session.Db.SaveChangesAsync(ct);
            return true;
        },
        ct);
}
