using System.Text.Json;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Jobs;

/// <summary>A job as anybody may know it: from this process's registry, or from the table that workers write.</summary>
public sealed record JobInfo
{
    public required string Name { get; init; }

    public required string Lane { get; init; }

    public int? MaxAttempts { get; init; }

    public TimeSpan? Timeout { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>JSON Schema of the args, as JSON text.</summary>
    public required string Schema { get; init; }

    /// <summary>Args that fit the schema, as JSON text.</summary>
    public required string Example { get; init; }
}

/// <summary>All jobs that any worker of the fleet has offered. Workers describe theirs when they start
/// (<see cref="PublishAsync"/>), so an API process knows jobs whose assemblies it has never seen.</summary>
public sealed class JobCatalog(IStorage storage, JobRegistry registry, TimeProvider time) : IDisposable
{
    /// <summary>How old the read table may be before it is read again: at once when an unknown name is asked for, yet at most this often.</summary>
    private static readonly TimeSpan MissPause = TimeSpan.FromSeconds(1);

    /// <summary>The most names that an error lists.</summary>
    private const int MostShown = 50;

    private const string UpdateJob = """
        UPDATE jobs SET lane = @lane, max_attempts = @max, timeout_ms = @timeout, description = @description, aliases = @aliases,
            "schema" = @schema, example = @example, seen_at = @now
        WHERE name = @name
        """;

    private const string AddJob = """
        INSERT INTO jobs (name, lane, max_attempts, timeout_ms, description, aliases, "schema", example, seen_at)
        VALUES (@name, @lane, @max, @timeout, @description, @aliases, @schema, @example, @now)
        """;

    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _reading = new(1);
    private readonly Dictionary<string, JobInfo> _local = Index(registry.All.Select(JobSchemas.Describe));
    private Dictionary<string, JobInfo> _stored = [];
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;

    /// <summary>The lane of a job's runs when nobody names one; <c>default</c> for a job that no worker has offered yet.</summary>
    public async ValueTask<string> FindLaneAsync(string name, CancellationToken ct) => (await FindAsync(name, ct))?.Lane ?? "default";

    /// <summary>Finds a job by name or alias.</summary>
    public async ValueTask<JobInfo?> FindAsync(string name, CancellationToken ct)
    {
        if (_local.TryGetValue(name, out var job))
            return job;
        var age = time.GetUtcNow() - _readAt;
        if (_stored.TryGetValue(name, out job) && age < MaxAge)
            return job;
        if (age >= MissPause)
            await ReadAsync(ct);
        return _stored.GetValueOrDefault(name);
    }

    /// <summary>All jobs, by name.</summary>
    public async Task<IReadOnlyList<JobInfo>> ListAsync(CancellationToken ct)
    {
        await ReadAsync(ct);
        return [.. _stored.Values.Concat(_local.Values).DistinctBy(j => j.Name).OrderBy(j => j.Name, StringComparer.Ordinal)];
    }

    /// <summary>The refusal of a name that <see cref="FindAsync"/> does not find, with the nearest name that it would.</summary>
    public InputError UnknownJob(string name, string field)
    {
        var known = _local.Keys.Concat(_stored.Keys).Distinct(StringComparer.Ordinal).ToArray();
        var shown = RunRules.Show(name);
        var nearest = Nearest.To(name, known);
        var hint = nearest is not null
            ? $"did you mean '{nearest}'?"
            : known.Length == 0 ? "no worker has offered any job yet." : "GET /api/v1/jobs lists the known jobs.";
        var allowed = nearest ?? (known.Length == 0 ? null : string.Join(", ", known.Order(StringComparer.Ordinal).Take(MostShown)));
        return new InputError("unknown_job", field, $"{field}: '{shown}' is not a known job; {hint}", shown, allowed);
    }

    /// <summary>Writes this process's jobs to the table.</summary>
    public async Task PublishAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await storage.WriteRetryingAsync(
            async scope =>
            {
                // In the order of their names: two workers that start at once wait for each other and do not deadlock.
                foreach (var job in _local.Values.DistinctBy(j => j.Name, StringComparer.Ordinal).OrderBy(j => j.Name, StringComparer.Ordinal))
                {
                    (string, object?)[] row =
                    [
                        ("@name", job.Name), ("@lane", job.Lane), ("@max", job.MaxAttempts), ("@timeout", (long?)job.Timeout?.TotalMilliseconds),
                        ("@description", job.Description), ("@aliases", JsonSerializer.Serialize(job.Aliases)), ("@schema", job.Schema),
                        ("@example", job.Example), ("@now", now),
                    ];
                    if (await storage.Sql.ExecuteAsync(scope.Transaction, UpdateJob, ct, row) == 0)
                        await storage.Sql.ExecuteAsync(scope.Transaction, AddJob, ct, row);
                }

                return true;
            },
            ct);
    }

    public void Dispose() => _reading.Dispose();

    private async Task ReadAsync(CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            await using var db = storage.Read();
            var rows = await db.Jobs.AsNoTracking().ToListAsync(ct);
            _stored = Index(rows.Select(row => new JobInfo
            {
                Name = row.Name,
                Lane = row.Lane,
                MaxAttempts = row.MaxAttempts,
                Timeout = row.TimeoutMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
                Description = row.Description,
                Aliases = JsonSerializer.Deserialize<string[]>(row.Aliases)!,
                Schema = row.Schema,
                Example = row.Example,
            }));
            _readAt = time.GetUtcNow();
        }
        finally
        {
            _reading.Release();
        }
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
