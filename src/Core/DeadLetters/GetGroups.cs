using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.DeadLetters;

/// <summary>How much is read to tell of groups of dead letters.</summary>
public sealed record GroupBudget
{
    /// <summary>The dead letters that a list looks at, the newest first.</summary>
    public int Letters { get; init; } = 100_000;

    /// <summary>The dead letters of a group that are looked at, the newest first.</summary>
    public int PerGroup { get; init; } = 10_000;

    /// <summary>The groups that a list finds.</summary>
    public int Groups { get; init; } = 500;
}

/// <summary>Which groups are listed.</summary>
/// <param name="Lanes">Only dead letters in these lanes; null: all.</param>
/// <param name="Job">Only dead letters of this job; null: all.</param>
public readonly record struct GroupFilter(IReadOnlyList<string>? Lanes = null, string? Job = null);

/// <summary>Tells of groups of dead letters: those with the same fingerprint.</summary>
/// <remarks>Every question reads a bounded number of rows along an index, however many dead letters there are
/// (docs/adr/0032).</remarks>
public sealed class GetGroups(IStorage storage, FindMutes mutes, TimeProvider time)
{
    private const int HoursOfTrend = 24;

    /// <summary>How many runs of a group are named.</summary>
    private const int MaxSamples = 5;

    /// <summary>How much is read.</summary>
    public GroupBudget Budget { get; init; } = new();

    /// <summary>The groups, the one with the newest dead letter first.</summary>
    public async Task<GroupList> ListAsync(GroupFilter filter, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var muted = await mutes.ExecuteAsync(ct);
        await using var db = storage.Read();
        var parts = new List<GroupPart>();
        var read = 0;
        foreach (var letters in SourcesOf(db, filter.Lanes))
        {
            var (day, dayBefore) = (now.AddDays(-1), now.AddDays(-2));
            var found = await letters.GroupBy(l => new { l.Fingerprint, l.Job, l.Lane }).Select(g => new GroupPart(
                    g.Key.Fingerprint, g.Key.Job, g.Key.Lane, g.Count(), g.Min(l => l.FailedAt), g.Max(l => l.FailedAt),
                    g.Count(l => l.FailedAt >= day), g.Count(l => l.FailedAt >= dayBefore && l.FailedAt < day))).ToListAsync(ct);
            read += found.Sum(p => p.Count);
            parts.AddRange(found);
        }

        var isComplete = read < Budget.Letters;
        if (!isComplete && filter.Lanes is null)
            parts.AddRange(await FindOlderAsync(db, [.. parts.Select(p => p.Fingerprint)], now, ct));
        var groups = parts.Where(p => filter.Job is null || p.Job == filter.Job).GroupBy(p => p.Fingerprint, StringComparer.Ordinal)
            .Select(g => Merge(g.Key, [.. g], isComplete, muted))
            .OrderByDescending(g => g.LastAt).ThenBy(g => g.Fingerprint, StringComparer.Ordinal).Take(Budget.Groups).ToList();
        return new GroupList(groups, isComplete ? null : parts.Min(p => p.First), read, isComplete);
    }

    /// <summary>The newest run of each group, with its error.</summary>
    public async Task<IReadOnlyDictionary<string, Run>> SamplesAsync(
        IEnumerable<DeadGroup> groups, IReadOnlyList<string>? lanes, CancellationToken ct)
    {
        await using var db = storage.Read();
        var newest = new Dictionary<string, RunId>(StringComparer.Ordinal);
        foreach (var group in groups)
        {
            if (await NewestOf(db, group.Fingerprint, lanes).Select(l => (RunId?)l.RunId).FirstOrDefaultAsync(ct) is { } id)
                newest[group.Fingerprint] = id;
        }

        RunId[] ids = [.. newest.Values];
        var runs = await db.Runs.AsNoTracking().Where(r => ids.Contains(r.Id)).ToDictionaryAsync(r => r.Id, ct);
        return newest.Where(n => runs.ContainsKey(n.Value)).ToDictionary(n => n.Key, n => runs[n.Value], StringComparer.Ordinal);
    }

    /// <summary>A group; null when there is none, or it has no dead letter in these lanes.</summary>
    public async Task<DeadGroupDetail?> FindAsync(string fingerprint, IReadOnlyList<string>? lanes, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var muted = await mutes.ExecuteAsync(ct);
        await using var db = storage.Read();
        var letters = await NewestOf(db, fingerprint, lanes).Take(Budget.PerGroup).AsNoTracking().ToListAsync(ct);
        if (letters.Count == 0)
            return null;
        var isComplete = letters.Count < Budget.PerGroup;
        var parts = letters.GroupBy(l => (l.Job, l.Lane)).Select(g => new GroupPart(
            fingerprint, g.Key.Job, g.Key.Lane, g.Count(), g.Min(l => l.FailedAt), g.Max(l => l.FailedAt),
            g.Count(l => l.FailedAt >= now.AddDays(-1)),
            g.Count(l => l.FailedAt >= now.AddDays(-2) && l.FailedAt < now.AddDays(-1)))).ToList();
        var group = Merge(fingerprint, parts, isComplete, muted);
        if (!isComplete && lanes is null)
            group = group with { FirstAt = await FirstAsync(db, fingerprint, ct) };
        RunId[] ids = [.. letters.Take(MaxSamples).Select(l => l.RunId)];
        return new DeadGroupDetail(group, TrendOf(letters, now), VersionsOf(letters))
        {
            Lanes = [.. parts.Select(p => p.Lane).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Samples = [.. (await db.Runs.AsNoTracking().Where(r => ids.Contains(r.Id)).ToListAsync(ct))
                .OrderByDescending(r => r.FinishedAt).ThenByDescending(r => r.Id)],
            Stack = await db.Attempts.Where(a => a.RunId == ids[0]).OrderByDescending(a => a.Id).Select(a => a.Stack)
                .FirstOrDefaultAsync(ct),
            TrendSince = isComplete ? null : letters[^1].FailedAt,
        };
    }

    /// <summary>Reads what the groups behind the budget of a list have: one look at each, along the fingerprints.</summary>
    private async Task<List<GroupPart>> FindOlderAsync(
        FleetDbContext db, HashSet<string> known, DateTimeOffset now, CancellationToken ct)
    {
        var (found, last) = (new List<GroupPart>(), "");
        for (var looks = 0; looks < Budget.Groups; looks++)
        {
            var after = last;
#pragma warning disable CA1309 // The order of the database is that of the index.
            var next = await db.DeadLetters.Where(l => string.Compare(l.Fingerprint, after) > 0).OrderBy(l => l.Fingerprint)
#pragma warning restore CA1309
                .Select(l => l.Fingerprint).FirstOrDefaultAsync(ct);
            if (next is null)
                break;
            last = next;
            if (known.Contains(next))
                continue;
            var letters = await NewestOf(db, next, lanes: null).Take(Budget.PerGroup)
                .Select(l => new { l.Job, l.Lane, l.FailedAt }).ToListAsync(ct);
            found.AddRange(letters.GroupBy(l => (l.Job, l.Lane)).Select(g => new GroupPart(
                next, g.Key.Job, g.Key.Lane, g.Count(), g.Min(l => l.FailedAt), g.Max(l => l.FailedAt),
                g.Count(l => l.FailedAt >= now.AddDays(-1)),
                g.Count(l => l.FailedAt >= now.AddDays(-2) && l.FailedAt < now.AddDays(-1)))));
        }

        return found;
    }

    /// <summary>The newest dead letters: of all lanes together, or of each of some lanes.</summary>
    private IEnumerable<IQueryable<DeadLetter>> SourcesOf(FleetDbContext db, IReadOnlyList<string>? lanes)
    {
        if (lanes is null)
            return [db.DeadLetters.OrderByDescending(l => l.FailedAt).Take(Budget.Letters)];
        var share = Math.Max(1, Budget.Letters / Math.Max(1, lanes.Count));
        return lanes.Select(lane => db.DeadLetters.Where(l => l.Lane == lane).OrderByDescending(l => l.FailedAt).Take(share));
    }

    internal static IQueryable<DeadLetter> NewestOf(FleetDbContext db, string fingerprint, IReadOnlyList<string>? lanes)
    {
        var letters = db.DeadLetters.Where(l => l.Fingerprint == fingerprint);
        if (lanes?.ToList() is { } theirs)
            letters = letters.Where(l => theirs.Contains(l.Lane));
        return letters.OrderByDescending(l => l.FailedAt);
    }

    private static async Task<DateTimeOffset> FirstAsync(FleetDbContext db, string fingerprint, CancellationToken ct) =>
        await db.DeadLetters.Where(l => l.Fingerprint == fingerprint).OrderBy(l => l.FailedAt).Select(l => l.FailedAt).FirstAsync(ct);

    private static DeadGroup Merge(
        string fingerprint, IReadOnlyList<GroupPart> parts, bool isComplete, IReadOnlyDictionary<string, Mute> muted) =>
        new(
            fingerprint,
            new CappedCount(parts.Sum(p => p.Count), IsAtLeast: !isComplete),
            parts.Min(p => p.First),
            parts.Max(p => p.Last),
            parts.Sum(p => p.Day),
            parts.Sum(p => p.DayBefore),
            [.. parts.GroupBy(p => p.Job, StringComparer.Ordinal).OrderByDescending(j => j.Sum(p => p.Count))
                .ThenBy(j => j.Key, StringComparer.Ordinal).Select(j => new JobOfGroup(j.Key, j.Sum(p => p.Count)))],
            muted.GetValueOrDefault(fingerprint));

    /// <summary>How many failed in each of the last 24 hours, the oldest hour first.</summary>
    private static int[] TrendOf(IEnumerable<DeadLetter> letters, DateTimeOffset now)
    {
        var hours = new int[HoursOfTrend];
        foreach (var letter in letters)
        {
            var ago = now - letter.FailedAt;
            // A clock that is ahead: now.
            var hour = ago < TimeSpan.Zero ? 0 : (int)ago.TotalHours;
            if (hour < HoursOfTrend)
                hours[HoursOfTrend - 1 - hour]++;
        }

        return hours;
    }

    private static IReadOnlyList<VersionOfGroup> VersionsOf(IEnumerable<DeadLetter> letters) =>
    [
        .. letters.Where(l => l.Version is not null).GroupBy(l => l.Version!, StringComparer.Ordinal)
            .Select(g => new VersionOfGroup(g.Key, g.Count(), g.Min(l => l.FailedAt), g.Max(l => l.FailedAt)))
            .OrderByDescending(v => v.LastAt).ThenBy(v => v.Version, StringComparer.Ordinal).Take(FindMutes.MaxVersions),
    ];

    private sealed record GroupPart(
        string Fingerprint, string Job, string Lane, int Count, DateTimeOffset First, DateTimeOffset Last, int Day, int DayBefore);
}
