using Fleet.Core.Storage;

namespace Fleet.Samples;

/// <summary>Deletes expired sessions, a batch at a time.</summary>
/// <param name="Seed">Sessions of 1 to 60 seconds to add first, so that there is something to delete: 0–10000.</param>
/// <param name="BatchSize">Rows per transaction: 1–10000. Between batches others may write.</param>
[Job("samples.clean-sessions", Timeout = "00:05:00",
    Description = "Deletes expired rows of the table sample_sessions in batches; adds a few that will expire.")]
public sealed record CleanSessions(int Seed = 60, int BatchSize = 25);

/// <summary>What one run did.</summary>
public sealed record CleanSessionsResult(int Seeded, int Deleted, int Batches);

/// <remarks>Every batch is a transaction of its own: a run that is interrupted goes on where it stopped.</remarks>
internal sealed class CleanSessionsJob(IStorage storage, TimeProvider time) : IJob<CleanSessions, CleanSessionsResult>
{
    public async Task<CleanSessionsResult> RunAsync(CleanSessions args, JobContext context, CancellationToken ct)
    {
        if (args.Seed is < 0 or > 10_000)
            throw new NonRetryableException($"seed: '{args.Seed}' is not allowed; allowed is 0–10000.");
        if (args.BatchSize is < 1 or > 10_000)
            throw new NonRetryableException($"batchSize: '{args.BatchSize}' is not allowed; allowed is 1–10000.");

        var now = time.GetUtcNow();
        var seeded = await SeedAsync(args.Seed, context.RunId, now, ct);
        var until = now.ToUnixTimeMilliseconds();
        var expired = Convert.ToInt32(
            await storage.ScalarAsync("SELECT COUNT(*) FROM sample_sessions WHERE expires_at <= @until", ct, ("@until", until)));
        int deleted = 0, batches = 0;
        while (await DeleteBatchAsync(until, args.BatchSize, ct) is var count and > 0)
        {
            deleted += count;
            batches++;
            context.ReportProgress((double)deleted / Math.Max(deleted, expired), $"{deleted} of {Math.Max(deleted, expired)} deleted");
            context.Log.Debug($"Batch {batches}: {count} sessions deleted.");
        }

        context.Log.Information($"{seeded} sessions added, {deleted} expired ones deleted in {batches} batches.");
        return new CleanSessionsResult(seeded, deleted, batches);
    }

    /// <summary>The ids follow from the run's, so a second attempt does not add the sessions again.</summary>
    private Task<int> SeedAsync(int count, RunId run, DateTimeOffset now, CancellationToken ct) => storage.WriteAsync(
        async session =>
        {
            var added = 0;
            for (var i = 0; i < count; i++)
            {
                added += await session.Transaction.ExecuteAsync(
                    """
                    INSERT INTO sample_sessions (id, user_name, expires_at) SELECT @id, @user, @expires
                    WHERE NOT EXISTS (SELECT 1 FROM sample_sessions WHERE id = @id)
                    """,
                    ct,
                    ("@id", $"{run}-{i}"), ("@user", $"user-{i}"), ("@expires", now.AddSeconds(1 + (i % 60)).ToUnixTimeMilliseconds()));
            }

            return added;
        },
        ct);

    private Task<int> DeleteBatchAsync(long until, int size, CancellationToken ct) => storage.WriteAsync(
        async session =>
        {
            // LIMIT and TOP differ between databases: read the first ids, then delete them.
            var ids = new List<string>(size);
            await using (var command = session.Transaction.Connection!.CreateCommand())
            {
                command.Transaction = session.Transaction;
                command.CommandText = $"SELECT id FROM sample_sessions WHERE expires_at <= {until} ORDER BY expires_at";
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (ids.Count < size && await reader.ReadAsync(ct))
                    ids.Add(reader.GetString(0));
            }

            var deleted = 0;
            foreach (var id in ids)
                deleted += await session.Transaction.ExecuteAsync("DELETE FROM sample_sessions WHERE id = @id", ct, ("@id", id));
            return deleted;
        },
        ct);
}
