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

    /// <summary>The dead letters that a list looks at in all of the groups behind the newest ones together.</summary>
    public int Older { get; init; } = 50_000;

    /// <summary>How many fingerprints a list passes to find these groups.</summary>
    public int Steps { get; init; } = 2_000;
}

/// <summary>Which groups are listed.</summary>
/// <param name="Lanes">Only dead letters in these lanes; null: all.</param>
/// <param name="Job">Only dead letters of this job; null: all.</param>
public readonly record struct GroupFilter(IReadOnlyList<string>? Lanes = null, string? Job = null)
{
    /// <summary>Whether dead letters of a job are listed.</summary>
    internal bool HasJob(string job) => Job is null || Job == job;
}

/// <summary>Tells of groups of dead letters: those with the same fingerprint.</summary>
/// <remarks>Every question reads a bounded number of rows along an index, however many dead letters there are
/// (docs/adr/0032).</remarks>
public sealed class GetGroups(IStorage storage, FindMutes mutes, TimeProvider time)
{
    private const int HoursOfTrend = 24;

    /// <summary>How many runs of a group are named.</summary>
    private const int MaxSamples = 5;

    /// <summary>How many groups' newest runs one statement finds: it compares each of them with each of their times.</summary>
    private const int SamplesAtOnce = 50;

    /// <summary>How much is read.</summary>
    public GroupBudget Budget { get; init; } = new();

    /// <summary>The groups, the one with the newest dead letter first.</summary>
    public async Task<GroupList> ListAsync(GroupFilter filter, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var muted = await mutes.ExecuteAsync(ct);
        await using var db = storage.Read();
        var parts = new List<GroupPart>();
        DateTimeOffset? backTo = null;
        // Each lane has its share of the budget. One that uses it up has more, whatever the others leave.
        var share = Math.Max(1, Budget.Letters / Math.Max(1, filter.Lanes?.Count ?? 1));
        foreach (var letters in SourcesOf(db, filter.Lanes))
        {
            var found = await ReadPartsAsync(letters.OrderByDescending(l => l.FailedAt).Take(share), now, ct);
            parts.AddRange(found);
            if (found.Sum(p => p.Count) >= share && found.Min(p => p.First) is var oldest && !(oldest <= backTo))
                backTo = oldest;
        }

        var isComplete = backTo is null;
        if (!isComplete && filter.Lanes is null)
            parts.AddRange(await FindOlderAsync(db, filter, parts, now, ct));
        var groups = parts.Where(p => filter.HasJob(p.Job)).GroupBy(p => p.Fingerprint, StringComparer.Ordinal)
            .Select(g => Merge(g.Key, [.. g], isComplete, muted.GetValueOrDefault(g.Key)))
            .OrderByDescending(g => g.LastAt).ThenBy(g => g.Fingerprint, StringComparer.Ordinal).Take(Budget.Groups).ToList();
        return new GroupList(groups, backTo, parts.Sum(p => p.Count), isComplete);
    }

    /// <summary>The newest run of each group, with its error.</summary>
    public async Task<IReadOnlyDictionary<string, Run>> SamplesAsync(
        IReadOnlyList<DeadGroup> groups, IReadOnlyList<string>? lanes, CancellationToken ct)
    {
        await using var db = storage.Read();
        var newest = new Dictionary<string, RunId>(StringComparer.Ordinal);
        foreach (var some in groups.Chunk(SamplesAtOnce))
        {
            string[] prints = [.. some.Select(g => g.Fingerprint)];
            DateTimeOffset[] times = [.. some.Select(g => g.LastAt).Distinct()];
            var letters = await OfGroups(db, prints, lanes).Where(l => times.Contains(l.FailedAt))
                .Select(l => new { l.Fingerprint, l.FailedAt, l.RunId }).ToListAsync(ct);
            foreach (var group in some)
            {
                var ids = letters.Where(l => l.Fingerprint == group.Fingerprint && l.FailedAt == group.LastAt).Select(l => l.RunId);
                if (ids.Order().ToList() is [.., var last])
                    newest[group.Fingerprint] = last;
            }
        }

        RunId[] all = [.. newest.Values];
        var runs = await db.Runs.AsNoTracking().Where(r => all.Contains(r.Id)).ToDictionaryAsync(r => r.Id, ct);
        return newest.Where(n => runs.ContainsKey(n.Value)).ToDictionary(n => n.Key, n => runs[n.Value], StringComparer.Ordinal);
    }

    /// <summary>A group; null when there is none, or it has no dead letter in these lanes.</summary>
    public async Task<DeadGroupDetail?> FindAsync(string fingerprint, IReadOnlyList<string>? lanes, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var mute = await mutes.FindAsync(fingerprint, ct);
        await using var db = storage.Read();
        var letters = await NewestOf(db, fingerprint, lanes).Take(Budget.PerGroup).AsNoTracking().ToListAsync(ct);
        if (letters.Count == 0)
            return null;
        var isComplete = letters.Count < Budget.PerGroup;
        var parts = letters.GroupBy(l => (l.Job, l.Lane)).Select(g => new GroupPart(
            fingerprint, g.Key.Job, g.Key.Lane, g.Count(), g.Min(l => l.FailedAt), g.Max(l => l.FailedAt),
            g.Count(l => l.FailedAt >= now.AddDays(-1)),
            g.Count(l => l.FailedAt >= now.AddDays(-2) && l.FailedAt < now.AddDays(-1)))).ToList();
        var group = Merge(fingerprint, parts, isComplete, mute);
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

    /// <summary>Reads what the groups behind the newest dead letters have: one look at each, along the fingerprints.</summary>
    private async Task<List<GroupPart>> FindOlderAsync(
        FleetDbContext db, GroupFilter filter, IReadOnlyList<GroupPart> newest, DateTimeOffset now, CancellationToken ct)
    {
        HashSet<string> known = [.. newest.Select(p => p.Fingerprint)];
        var wanted = Budget.Groups - newest.Where(p => filter.HasJob(p.Job)).DistinctBy(p => p.Fingerprint).Count();
        var (found, left, last) = (new List<GroupPart>(), Budget.Older, "");
        for (var steps = 0; steps < Budget.Steps && wanted > 0 && left > 0; steps++)
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
            // An equal share for each group; what one leaves is for those behind it.
            var letters = NewestOf(db, next, lanes: null).Take(Math.Clamp(left / wanted, 1, Budget.PerGroup));
            var parts = await ReadPartsAsync(letters, now, ct);
            found.AddRange(parts);
            left -= parts.Sum(p => p.Count);
            if (parts.Exists(p => filter.HasJob(p.Job)))
                wanted--;
        }

        return found;
    }

    private static Task<List<GroupPart>> ReadPartsAsync(IQueryable<DeadLetter> letters, DateTimeOffset now, CancellationToken ct)
    {
        var (day, dayBefore) = (now.AddDays(-1), now.AddDays(-2));
        return letters.GroupBy(l => new { l.Fingerprint, l.Job, l.Lane }).Select(g => new GroupPart(
            g.Key.Fingerprint, g.Key.Job, g.Key.Lane, g.Count(), g.Min(l => l.FailedAt), g.Max(l => l.FailedAt),
            g.Count(l => l.FailedAt >= day), g.Count(l => l.FailedAt >= dayBefore && l.FailedAt < day))).ToListAsync(ct);
    }

    /// <summary>The dead letters of all lanes together, or of each of some lanes.</summary>
    private static IEnumerable<IQueryable<DeadLetter>> SourcesOf(FleetDbContext db, IReadOnlyList<string>? lanes) => lanes is null
        ? [db.DeadLetters]
        : lanes.Select(lane => db.DeadLetters.Where(l => l.Lane == lane));

    internal static IQueryable<DeadLetter> NewestOf(FleetDbContext db, string fingerprint, IReadOnlyList<string>? lanes) =>
        Within(db.DeadLetters.Where(l => l.Fingerprint == fingerprint), lanes).OrderByDescending(l => l.FailedAt);

    private static IQueryable<DeadLetter> OfGroups(FleetDbContext db, string[] fingerprints, IReadOnlyList<string>? lanes) =>
        Within(db.DeadLetters.Where(l => fingerprints.Contains(l.Fingerprint)), lanes);

    private static IQueryable<DeadLetter> Within(IQueryable<DeadLetter> letters, IReadOnlyList<string>? lanes) =>
        lanes?.ToList() is { } theirs ? letters.Where(l => theirs.Contains(l.Lane)) : letters;

    private static async Task<DateTimeOffset> FirstAsync(FleetDbContext db, string fingerprint, CancellationToken ct) =>
        await db.DeadLetters.Where(l => l.Fingerprint == fingerprint).OrderBy(l => l.FailedAt).Select(l => l.FailedAt).FirstAsync(ct);

    private static DeadGroup Merge(
        string fingerprint, IReadOnlyList<GroupPart> parts, bool isComplete, Mute? mute) =>
        new(
            fingerprint,
            new CappedCount(parts.Sum(p => p.Count), IsAtLeast: !isComplete),
            parts.Min(p => p.First),
            parts.Max(p => p.Last),
            parts.Sum(p => p.Day),
            parts.Sum(p => p.DayBefore),
            [.. parts.GroupBy(p => p.Job, StringComparer.Ordinal).OrderByDescending(j => j.Sum(p => p.Count))
                .ThenBy(j => j.Key, StringComparer.Ordinal).Select(j => new JobOfGroup(j.Key, j.Sum(p => p.Count)))],
            mute);

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
