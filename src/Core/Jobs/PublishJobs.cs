using System.Text.Json;
using Fleet.Core.Storage;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Jobs;

/// <summary>Describes this process's jobs to the fleet when its worker starts, and warns where their args do not go together with
/// those that programs of another version enqueue.</summary>
public sealed partial class PublishJobs(JobCatalog catalog, IStorage storage, TimeProvider time, ILogger<PublishJobs> logger)
{
    /// <summary>How many versions of a job are kept that no worker offers any more.</summary>
    public const int MostOutdated = 10;

    private const string ReadVersions = """SELECT name, version, "schema", seen_at FROM fleet.jobs""";

    private const string SeeJob = "UPDATE fleet.jobs SET seen_at = @now WHERE name = @name AND version = @version";

    private const string AddJob = """
        INSERT INTO fleet.jobs
            (name, version, lane, max_attempts, timeout_ms, description, aliases, "schema", example, first_seen_at, seen_at)
        VALUES (@name, @version, @lane, @max, @timeout, @description, @aliases, @schema, @example, @now, @now)
        """;

    private const string DeleteJob = "DELETE FROM fleet.jobs WHERE name = @name AND version = @version";

    /// <summary>Writes the jobs to the table.</summary>
    public async Task ExecuteAsync(CancellationToken ct)
    {
        var breaks = await storage.WriteRetryingAsync(
            async session =>
            {
                var now = time.GetUtcNow();
                var offers = await JobOffers.ReadAsync(storage, session, ct);
                var stored = (await storage.Sql.QueryAsync(
                    session, ReadVersions,
                    row => (Name: row.GetString(0), Version: row.GetString(1), Schema: row.GetString(2),
                        SeenAt: storage.Sql.ReadInstant(row, 3)), ct))
                    .ToLookup(v => v.Name, StringComparer.Ordinal);
                var found = new List<(string Job, ArgsBreak Break)>();
                // In the order of their names: two workers that start at once wait for each other and do not deadlock.
                foreach (var job in catalog.Own)
                {
                    var isNew = await SeeAsync(session, job, now, ct);
                    var others = stored[job.Name].Where(v => v.Version != job.Version).ToArray();
                    foreach (var version in offers.Outdated(job.Name, others.Select(v => (v.Version, v.SeenAt)), MostOutdated))
                        await storage.Sql.ExecuteAsync(session, DeleteJob, ct, ("@name", job.Name), ("@version", version));
                    // Versions of the past matter once, to whoever follows them; those of other workers at every start.
                    var latest = others.OrderByDescending(v => v.SeenAt).Select(v => v.Version).FirstOrDefault();
                    var relevant = others.Where(v => offers.Offers(job.Name, v.Version) || (isNew && v.Version == latest));
                    found.AddRange(
                        relevant.SelectMany(v => ArgsBreaks.Between(v.Schema, job.Schema)).Distinct().Select(b => (job.Name, b)));
                }

                return found;
            },
            ct);
        foreach (var (job, change) in breaks)
            LogBreak(job, change.Field, change.What, change.Advice);
    }

    private async Task<bool> SeeAsync(StorageSession session, JobInfo job, DateTimeOffset now, CancellationToken ct)
    {
        (string, object?)[] key = [("@name", job.Name), ("@version", job.Version), ("@now", now)];
        if (await storage.Sql.ExecuteAsync(session, SeeJob, ct, key) > 0)
            return false;
        await storage.Sql.ExecuteAsync(
            session, AddJob, ct,
            [
                .. key, ("@lane", job.Lane), ("@max", job.MaxAttempts), ("@timeout", (long?)job.Timeout?.TotalMilliseconds),
                ("@description", job.Description),
                ("@aliases", JsonSerializer.Serialize(job.Aliases)), ("@schema", job.Schema), ("@example", job.Example),
            ]);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Job {Job}: {Field} {What} Runs that a program of another version enqueues wait or fail here. {Advice}")]
    private partial void LogBreak(string job, string field, string what, string advice);
}
