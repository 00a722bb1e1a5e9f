using System.Text.Json;
using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Jobs;

/// <summary>Describes this process's jobs to the fleet when its worker starts, and warns where their args do not go together with
/// those that programs of another version enqueue.</summary>
public sealed partial class PublishJobs(JobCatalog catalog, IStorage storage, TimeProvider time, ILogger<PublishJobs> logger)
{
    /// <summary>How many versions of a job are kept that no worker offers any more.</summary>
    public const int MaxOutdated = 10;

    /// <summary>Writes the jobs to the table.</summary>
    /// <param name="by">The worker.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task ExecuteAsync(Actor by, CancellationToken ct)
    {
        var breaks = await storage.WriteRetryingAsync(
            async session =>
            {
                var now = time.GetUtcNow();
                var rows = await storage.Jobs.ReadAsync(session, ct);
                var offers = JobOffers.Of(rows, await storage.Jobs.ReadOffersAsync(session, ct));
                var stored = rows.ToLookup(v => v.Name, StringComparer.Ordinal);
                var found = new List<(string Job, ArgsBreak Break)>();
                // In the order of their names: two workers that start at once wait for each other and do not deadlock.
                foreach (var job in catalog.Own)
                {
                    var isNew = await SeeAsync(session, job, by, now, ct);
                    var others = stored[job.Name].Where(v => v.Version != job.Version).ToArray();
                    foreach (var version in offers.Outdated(job.Name, others.Select(v => (v.Version, v.SeenAt)), MaxOutdated))
                        await storage.Jobs.DeleteAsync(session, job.Name, version, ct);
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

    private async Task<bool> SeeAsync(StorageSession session, JobInfo job, Actor by, DateTimeOffset now, CancellationToken ct)
    {
        if (await storage.Jobs.SeeAsync(session, job.Name, job.Version, now, ct))
            return false;
        var row = new JobRow
        {
            Name = job.Name,
            Version = job.Version,
            Lane = job.Lane,
            MaxAttempts = job.MaxAttempts,
            TimeoutMs = (long?)job.Timeout?.TotalMilliseconds,
            Description = job.Description,
            Aliases = JsonSerializer.Serialize(job.Aliases),
            Schema = job.Schema,
            Example = job.Example,
            FirstSeenAt = now,
            SeenAt = now,
            PublishedBy = by,
        };
        await storage.Jobs.AddAsync(session, row, ct);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Job {Job}: {Field} {What} Runs that a program of another version enqueues wait or fail here. {Advice}")]
    private partial void LogBreak(string job, string field, string what, string advice);
}
