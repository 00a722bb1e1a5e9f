using System.Text.Json;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>Finds the groups of dead letters that are muted now.</summary>
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
        return (await ReadAsync(db, ct)).Where(m => !m.HasEnded).ToDictionary(m => m.Mute.Fingerprint, m => m.Mute, StringComparer.Ordinal);
    }

    /// <summary>All mutes, each with whether it has ended by now.</summary>
    internal async Task<IReadOnlyList<(Mute Mute, bool HasEnded)>> ReadAsync(FleetDbContext db, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var mutes = await db.Mutes.AsNoTracking().OrderBy(m => m.Fingerprint).Take(MaxMutes).ToListAsync(ct);
        var read = new List<(Mute, bool)>(mutes.Count);
        foreach (var mute in mutes)
            read.Add((mute, mute.Until <= now || await IsMetByNewVersionAsync(db, mute, ct)));
        return read;
    }

    /// <summary>The versions of the program whose workers have met a group, of the dead letters that there are; in order.</summary>
    internal static async Task<IReadOnlyList<string>> VersionsAsync(FleetDbContext db, string fingerprint, CancellationToken ct)
    {
        // From one version to the next along the index, however many letters each has.
        var (versions, last) = (new List<string>(), "");
        while (versions.Count < MaxVersions)
        {
            var after = last;
            // By the order of the database, which is that of the index.
#pragma warning disable CA1309
            var next = await db.DeadLetters
                .Where(l => l.Fingerprint == fingerprint && l.Version != null && string.Compare(l.Version, after) > 0)
#pragma warning restore CA1309
                .OrderBy(l => l.Version).Select(l => l.Version).FirstOrDefaultAsync(ct);
            if (next is null)
                break;
            versions.Add(last = next);
        }

        return versions;
    }

    private static async Task<bool> IsMetByNewVersionAsync(FleetDbContext db, Mute mute, CancellationToken ct) =>
        mute.Versions is { } text && (await VersionsAsync(db, mute.Fingerprint, ct))
            .Except(JsonSerializer.Deserialize<string[]>(text)!, StringComparer.Ordinal).Any();
}
