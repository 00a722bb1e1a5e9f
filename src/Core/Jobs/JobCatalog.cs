using System.Collections.Concurrent;
using System.Text.Json;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>All jobs that any worker has offered, by version. Workers describe their jobs when they start (<see cref="PublishJobs"/>), so
/// an API process knows jobs without loading their assemblies.</summary>
public sealed class JobCatalog(IStorage storage, JobRegistry registry, TimeProvider time) : IDisposable
{
    /// <summary>Minimum time between two reads of the tables. A lookup that misses reads them again only if they are older than
    /// this.</summary>
    private static readonly TimeSpan MissPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    /// <summary>Maximum number of names that an error lists.</summary>
    private const int MaxShown = 50;

    private readonly SemaphoreSlim _reading = new(1);
    private readonly Dictionary<string, JobInfo> _local = Index(registry.All.Select(job => JobSchemas.Describe(job).WithVersion()));
    private JobOffers _stored = JobOffers.None;
    private ConcurrentDictionary<string, SecretMembers> _secrets = new(StringComparer.Ordinal);
    private long? _readAt;

    /// <summary>The jobs of this process, by name.</summary>
    public IReadOnlyList<JobInfo> Own =>
        [.. _local.Values.DistinctBy(j => j.Name, StringComparer.Ordinal).OrderBy(j => j.Name, StringComparer.Ordinal)];

    /// <summary>The jobs that this process offers as a worker: JSON object, job → version.</summary>
    public string OwnVersions => JsonSerializer.Serialize(Own.ToDictionary(j => j.Name, j => j.Version));

    /// <summary>A job of this process, by name.</summary>
    public JobInfo OwnOf(JobDefinition job) => _local[job.Name];

    /// <summary>A job of this process, by name or alias; null when it does not know the job.</summary>
    public JobInfo? OwnOf(string name) => _local.GetValueOrDefault(name);

    /// <summary>This process's version of a job, by name or alias; null when it does not know the job.</summary>
    public string? OwnVersionOf(string name) => _local.GetValueOrDefault(name)?.Version;

    /// <summary>The default lane of a job's runs; <c>default</c> for a job that no worker has offered yet.</summary>
    public async ValueTask<string> FindLaneAsync(string name, CancellationToken ct) => (await FindAsync(name, ct))?.Lane ?? "default";

    /// <summary>Finds a job by name or alias: the newest version that an active worker offers, or this process's own.</summary>
    public async ValueTask<JobInfo?> FindAsync(string name, CancellationToken ct)
    {
        if (_local.TryGetValue(name, out var job))
            return job;
        if (Age >= MaxAge || _stored.Find(name) is null)
            await ReadAsync(MissPause, ct);
        return _stored.Find(name);
    }

    /// <summary>The other accepted versions of a job. While programs of two versions run side by side, args of either version are accepted.
    /// Called when the preferred version refuses args; the result is at most one second old.</summary>
    public async ValueTask<IReadOnlyList<JobInfo>> FindOthersAsync(JobInfo job, CancellationToken ct)
    {
        await ReadAsync(MissPause, ct);
        return [.. _stored.VersionsOf(job.Name).Where(other => other.Version != job.Version)];
    }

    /// <summary>All jobs, ordered by name.</summary>
    public async Task<IReadOnlyList<JobInfo>> ListAsync(CancellationToken ct)
    {
        await ReadAsync(TimeSpan.Zero, ct);
        return [.. _stored.Jobs.Concat(_local.Values).DistinctBy(j => j.Name).OrderBy(j => j.Name, StringComparer.Ordinal)];
    }

    /// <summary>The active workers and the jobs they offer, at most this old.</summary>
    public async ValueTask<IReadOnlyList<WorkerOffer>> FindOffersAsync(TimeSpan maxAge, CancellationToken ct)
    {
        await ReadAsync(maxAge, ct);
        return _stored.Workers;
    }

    /// <summary>Number of active workers that offer the job on its lane.</summary>
    public int CountWorkers(JobInfo job) => _stored.CountWorkers(job.Name, job.Lane);

    /// <summary>The secret members of a job, by name or alias: those of every version that is known, at most one second old.</summary>
    internal async ValueTask<SecretMembers> FindSecretsAsync(string name, CancellationToken ct)
    {
        await ReadAsync(MissPause, ct);
        return KnownSecretsOf(name);
    }

    /// <summary>Reads what <see cref="KnownSecretsOf"/> answers, unless it is at most one second old. Not within a transaction.</summary>
    internal ValueTask RefreshSecretsAsync(CancellationToken ct) => ReadAsync(MissPause, ct);

    /// <summary>As <see cref="FindSecretsAsync"/>, of what this process knows already.</summary>
    public SecretMembers KnownSecretsOf(string name) => _secrets.GetOrAdd(name, FindSecrets);

    /// <summary>The jobs that have secrets, each also by its aliases.</summary>
    internal async ValueTask<IReadOnlyList<SecretJob>> ListSecretsAsync(CancellationToken ct)
    {
        await ReadAsync(MissPause, ct);
        return
        [
            .. _local.Keys.Concat(_stored.Names).Distinct(StringComparer.Ordinal)
                .Select(name => new SecretJob(name, (OwnOf(name) ?? _stored.Find(name)!).Lane, KnownSecretsOf(name)))
                .Where(job => !job.Secrets.AreNone),
        ];
    }

    /// <summary>The error for a name that <see cref="FindAsync"/> does not find, with the nearest known name.</summary>
    public InputError UnknownJob(string name, string field)
    {
        var known = _local.Keys.Concat(_stored.Names).Distinct(StringComparer.Ordinal).ToArray();
        var shown = RunRules.Show(name);
        var nearest = Nearest.To(name, known);
        var hint = nearest is not null
            ? $"did you mean '{nearest}'?"
            : known.Length == 0 ? "no worker has offered any job yet." : "GET /api/v1/jobs lists the known jobs.";
        var allowed = nearest ?? (known.Length == 0 ? null : string.Join(", ", known.Order(StringComparer.Ordinal).Take(MaxShown)));
        return new InputError("unknown_job", field, $"{field}: '{shown}' is not a known job; {hint}", shown, allowed);
    }

    public void Dispose() => _reading.Dispose();

    // Uses the monotonic clock: after the wall clock is set back, cached data would be kept too long.
    private TimeSpan Age => _readAt is { } at ? time.GetElapsedTime(at) : TimeSpan.MaxValue;

    /// <summary>Reads the tables unless they were read recently.</summary>
    private async ValueTask ReadAsync(TimeSpan maxAge, CancellationToken ct)
    {
        if (maxAge > TimeSpan.Zero && Age < maxAge)
            return;
        await _reading.WaitAsync(ct);
        try
        {
            // Another caller may have read them meanwhile.
            if (maxAge > TimeSpan.Zero && Age < maxAge)
                return;
            _stored = await storage.ReadAsync(session => JobOffers.ReadAsync(storage, session, ct), ct);
            _secrets = new(StringComparer.Ordinal);
            _readAt = time.GetTimestamp();
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>A name may be the alias of one job here and of another in the database; then it is secret what is so in either.</summary>
    private SecretMembers FindSecrets(string name)
    {
        var own = _local.GetValueOrDefault(name);
        var stored = _stored.AllVersionsOf(name).Concat(own is null ? [] : _stored.AllVersionsOf(own.Name));
        return SecretMembers.Of(stored.Append(own).OfType<JobInfo>().Select(job => job.Schema));
    }

    private static Dictionary<string, JobInfo> Index(IEnumerable<JobInfo> jobs)
    {
        var index = new Dictionary<string, JobInfo>(StringComparer.Ordinal);
        foreach (var job in jobs)
        {
            foreach (var name in job.Aliases.Prepend(job.Name))
                index.TryAdd(name, job);
        }

        return index;
    }
}
