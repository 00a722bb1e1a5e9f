using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>Finds the versions of the program whose workers have met a group, of the dead letters that there are.</summary>
/// <remarks>From one version to the next along the index, however many letters each has.</remarks>
internal static class FindVersions
{
    /// <summary>All of them, up to <see cref="FindMutes.MaxVersions"/>; in order.</summary>
    public static async Task<IReadOnlyList<string>> ExecuteAsync(FleetDbContext db, string fingerprint, CancellationToken ct)
    {
        var versions = new List<string>();
        while (versions.Count < FindMutes.MaxVersions && await NextAsync(db, fingerprint, versions.LastOrDefault(""), ct) is { } next)
            versions.Add(next);
        return versions;
    }

    /// <summary>Whether there is one that is not known: at most one statement for each known one, and one more.</summary>
    public static async Task<bool> HasOtherAsync(
        FleetDbContext db, string fingerprint, IReadOnlyCollection<string> known, CancellationToken ct)
    {
        var last = "";
        for (var i = 0; i <= known.Count && i < FindMutes.MaxVersions; i++)
        {
            if (await NextAsync(db, fingerprint, last, ct) is not { } next)
                return false;
            if (!known.Contains(next, StringComparer.Ordinal))
                return true;
            last = next;
        }

        return false;
    }

    private static Task<string?> NextAsync(FleetDbContext db, string fingerprint, string after, CancellationToken ct) => db.DeadLetters
        // By the order of the database, which is that of the index.
#pragma warning disable CA1309
        .Where(l => l.Fingerprint == fingerprint && l.Version != null && string.Compare(l.Version, after) > 0)
#pragma warning restore CA1309
        .OrderBy(l => l.Version).Select(l => l.Version).FirstOrDefaultAsync(ct);
}
