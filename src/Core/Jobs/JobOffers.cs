using System.Text.Json;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Jobs;

/// <summary>Active workers that are alike: the lanes that they serve, and which version of which job they offer.</summary>
/// <param name="Lanes">The lanes.</param>
/// <param name="Versions">Job → version.</param>
/// <param name="Workers">How many such workers there are.</param>
public sealed record WorkerOffer(IReadOnlySet<string> Lanes, IReadOnlyDictionary<string, string> Versions, int Workers);

/// <summary>What the database knew about jobs at one moment: each version that a worker has offered, and who offers what now.</summary>
internal sealed class JobOffers
{
    private readonly Dictionary<string, Stored[]> _byName;
    private readonly Dictionary<string, JobInfo> _index = new(StringComparer.Ordinal);
    private readonly ILookup<string, JobInfo> _all;

    private JobOffers(IReadOnlyCollection<Stored> stored, IReadOnlyList<WorkerOffer> workers)
    {
        Workers = workers;
        _all = stored.ToLookup(s => s.Job.Name, s => s.Job, StringComparer.Ordinal);
        _byName = stored.GroupBy(s => s.Job.Name, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => Accepted([.. g]), StringComparer.Ordinal);
        Jobs = [.. _byName.Values.Select(versions => versions[0].Job).OrderBy(j => j.Name, StringComparer.Ordinal)];
        foreach (var job in Jobs)
            _index.TryAdd(job.Name, job);
        // The aliases of every version: while an old program runs, its names are known too.
        foreach (var versions in _byName.Values)
        {
            foreach (var alias in versions.SelectMany(v => v.Job.Aliases))
                _index.TryAdd(alias, versions[0].Job);
        }
    }

    public static JobOffers None { get; } = new([], []);

    /// <summary>The active workers.</summary>
    public IReadOnlyList<WorkerOffer> Workers { get; }

    /// <summary>Each job once, by name, in the version that <see cref="Accepted"/> puts first.</summary>
    public IReadOnlyList<JobInfo> Jobs { get; }

    /// <summary>All names and aliases.</summary>
    public IEnumerable<string> Names => _index.Keys;

    /// <summary>Finds a job by name or alias.</summary>
    public JobInfo? Find(string name) => _index.GetValueOrDefault(name);

    /// <summary>The versions whose args are accepted; the newest is the first.</summary>
    public IEnumerable<JobInfo> VersionsOf(string name) =>
        _index.TryGetValue(name, out var job) ? _byName[job.Name].Select(v => v.Job) : [];

    /// <summary>Every version that is stored, also those that nobody offers any more: runs may have their args.</summary>
    public IEnumerable<JobInfo> AllVersionsOf(string name) => _index.TryGetValue(name, out var job) ? _all[job.Name] : [];

    /// <summary>How many active workers offer the job, on the lane or on any.</summary>
    public int CountWorkers(string job, string? lane = null) =>
        Workers.Where(w => w.Versions.ContainsKey(job) && (lane is null || w.Lanes.Contains(lane))).Sum(w => w.Workers);

    public static async Task<JobOffers> ReadAsync(IStorage storage, StorageSession session, CancellationToken ct) =>
        Of(await storage.Jobs.ReadAsync(session, ct), await storage.Jobs.ReadOffersAsync(session, ct));

    public static JobOffers Of(IEnumerable<JobRow> jobs, IEnumerable<OfferRow> offers) => new(
        [.. jobs.Select(row => new Stored(InfoOf(row), row.FirstSeenAt, row.SeenAt))],
        [
            .. offers.Select(row => new WorkerOffer(
                Members(row.Lanes).Select(m => m.Name).ToHashSet(StringComparer.Ordinal),
                Members(row.Jobs).ToDictionary(m => m.Name, m => m.Value.GetString()!, StringComparer.Ordinal),
                row.Workers)),
        ]);

    /// <summary>The versions of a job that are too old to be kept: no worker offers them, and others are more recent.</summary>
    /// <param name="name">The job.</param>
    /// <param name="all">All its versions.</param>
    /// <param name="most">How many that nobody offers are kept.</param>
    public IEnumerable<string> Outdated(string name, IEnumerable<(string Version, DateTimeOffset SeenAt)> all, int most) => all
        .Where(v => !Offers(name, v.Version)).OrderByDescending(v => v.SeenAt).Skip(most).Select(v => v.Version);

    /// <summary>Whether an active worker offers this version.</summary>
    public bool Offers(string name, string version) => Workers.Any(w => w.Versions.GetValueOrDefault(name) == version);

    /// <summary>Of all versions of a job, those whose args are accepted, the newest first: what active workers offer. A worker of an older
    /// program that starts again does not make its version newer. While nobody offers the job: the version that was offered last, and the
    /// newest.</summary>
    private Stored[] Accepted(Stored[] all)
    {
        var offered = all.Where(v => Offers(v.Job.Name, v.Job.Version)).OrderByDescending(v => v.FirstSeenAt)
            .ThenByDescending(v => v.SeenAt).ToArray();
        return offered.Length > 0 ? offered : [.. new[] { all.MaxBy(v => v.SeenAt)!, all.MaxBy(v => v.FirstSeenAt)! }.Distinct()];
    }

    private static JobInfo InfoOf(JobRow row) => new()
    {
        Name = row.Name,
        Lane = row.Lane,
        MaxAttempts = row.MaxAttempts,
        Timeout = row.TimeoutMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
        Description = row.Description,
        Aliases = Words(row.Aliases),
        Schema = row.Schema,
        Example = row.Example,
        Version = row.Version,
    };

    private static string[] Words(string json) =>
        JsonElement.Parse(json) is { ValueKind: JsonValueKind.Array } names ? [.. names.EnumerateArray().Select(n => n.GetString()!)] : [];

    private static JsonElement.ObjectEnumerator Members(string json) =>
        JsonElement.Parse(json) is { ValueKind: JsonValueKind.Object } members ? members.EnumerateObject() : default;

    private sealed record Stored(JobInfo Job, DateTimeOffset FirstSeenAt, DateTimeOffset SeenAt);
}
