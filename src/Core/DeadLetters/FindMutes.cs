using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>Finds the groups of dead letters that are muted now.</summary>
/// <remarks>By the rows of the mutes alone: a list costs one statement, however many mutes there are. A new version of the program ends
/// mutes when the leader finds it (<see cref="MuteGroups.EndMutesAsync"/>), which deletes their rows.</remarks>
public sealed class FindMutes(IStorage storage, TimeProvider time)
{
    /// <summary>Maximum number of mutes.</summary>
    public const int MaxMutes = 1000;

    /// <summary>Maximum number of versions of the program that are told apart in a group.</summary>
    public const int MaxVersions = 50;

    /// <summary>The mutes that have not ended, by fingerprint.</summary>
    public async Task<IReadOnlyDictionary<string, Mute>> ExecuteAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        return await NotEnded(db).OrderBy(m => m.Fingerprint).Take(MaxMutes).ToDictionaryAsync(
            m => m.Fingerprint, StringComparer.Ordinal, ct);
    }

    /// <summary>The mute of a group that has not ended; null when there is none.</summary>
    public async Task<Mute?> FindAsync(string fingerprint, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await NotEnded(db).FirstOrDefaultAsync(m => m.Fingerprint == fingerprint, ct);
    }

    private IQueryable<Mute> NotEnded(FleetDbContext db)
    {
        var now = time.GetUtcNow();
        return db.Mutes.AsNoTracking().Where(m => m.Until == null || m.Until > now);
    }
}
