using System.Data.Common;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fleet.Core.Storage;
using Fleet.Core.Text;

namespace Fleet.Samples;

/// <summary>Pulls what is new from an HTTP source into <c>sample_records</c>.</summary>
/// <param name="PageSize">Records per request: 1–1000.</param>
/// <param name="MaxPages">Requests per run: 1–100; when there is more, a follow-up run takes it.</param>
[Job("samples.sync", Timeout = "00:02:00",
    Description = "Pulls new and changed records from an HTTP source into the table sample_records.")]
public sealed record SyncRecords(int PageSize = 100, int MaxPages = 10);

/// <summary>What one run did.</summary>
/// <param name="Received">Records that the source sent.</param>
/// <param name="Inserted">Those that were new.</param>
/// <param name="Updated">Those that were newer than the row.</param>
/// <param name="Unchanged">Those that the table had already.</param>
/// <param name="Next">Where the next run starts.</param>
/// <param name="More">True when a follow-up run takes the rest.</param>
public sealed record SyncResult(int Received, int Inserted, int Updated, int Unchanged, string Next, bool More);

/// <remarks>Records, cursor and completion become true in one transaction: a crash anywhere repeats the pull, and a repeat
/// changes nothing.</remarks>
internal sealed class SyncRecordsJob(IStorage storage, IHttpClientFactory clients, SampleAddresses addresses, TimeProvider time)
    : IJob<SyncRecords>
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    public async Task RunAsync(SyncRecords args, JobContext context, CancellationToken ct)
    {
        Check(args);
        var source = addresses.Source;

        // 1. Fetch, with no transaction open: the network may take its time.
        var start = await storage.ScalarAsync(
            "SELECT next_since FROM sample_cursors WHERE source = @source", ct, ("@source", source)) as string;
        var (items, next, more) = await FetchAsync(source, start, args, context, ct);
        context.Log.Information($"Received {items.Count} records from {source} since {start ?? "the beginning"}.");
        if (more)
            await context.EnqueueAsync(args, ct: ct);

        // 2. Write. The counts are part of the output, so the completion is called from inside.
        await storage.WriteAsync(
            async session =>
            {
                var (inserted, updated) = await UpsertAsync(session.Transaction, items, ct);
                await MoveCursorAsync(session.Transaction, source, start, next, ct);
                context.SetOutput(new SyncResult(items.Count, inserted, updated, items.Count - inserted - updated, next, more));
                await context.CompleteAsync(session.Transaction, ct);
                return true;
            },
            ct);
    }

    private static void Check(SyncRecords args)
    {
        if (args.PageSize is < 1 or > DemoFeed.MaxLimit)
            throw new NonRetryableException($"pageSize: '{args.PageSize}' is not allowed; allowed is 1–{DemoFeed.MaxLimit}.");
        if (args.MaxPages is < 1 or > 100)
            throw new NonRetryableException($"maxPages: '{args.MaxPages}' is not allowed; allowed is 1–100.");
    }

    private async Task<(List<FeedItem> Items, string Next, bool More)> FetchAsync(
        string source, string? since, SyncRecords args, JobContext context, CancellationToken ct)
    {
        using var client = clients.CreateClient(SamplesServices.HttpClient);
        var items = new List<FeedItem>();
        for (var number = 1; ; number++)
        {
            var page = await FetchPageAsync(client, source, since, args.PageSize, ct);
            items.AddRange(page.Items);
            since = page.Next;
            context.ReportProgress((double)number / args.MaxPages * 0.9, $"{items.Count} records received");
            if (page.Items.Count < args.PageSize)
                return (items, page.Next, false);
            if (number == args.MaxPages)
                return (items, page.Next, true);
        }
    }

    private async Task<FeedPage> FetchPageAsync(HttpClient client, string source, string? since, int limit, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        var separator = source.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var address = new Uri($"{source}{separator}limit={limit}{(since is null ? "" : $"&since={Uri.EscapeDataString(since)}")}");
        try
        {
            using var response = await client.GetAsync(address, either.Token);
            // The source understood us and refuses: asking the same again will not help.
            if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.Gone)
                throw new NonRetryableException($"{address} answered {(int)response.StatusCode}.");
            response.EnsureSuccessStatusCode();
            var page = await response.Content.ReadFromJsonAsync<FeedPage>(FleetJson.Payload, either.Token);
            return page ?? throw new NonRetryableException($"{address} answered null instead of a page.");
        }
        catch (JsonException e)
        {
            throw new NonRetryableException($"{address} did not answer with a page of records: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new TimeoutException($"{address} did not answer within {RequestTimeout.TotalSeconds:0} s.", e);
        }
    }

    private static async Task<(int Inserted, int Updated)> UpsertAsync(DbTransaction transaction, IEnumerable<FeedItem> items,
        CancellationToken ct)
    {
        int inserted = 0, updated = 0;
        foreach (var item in items)
        {
            (string, object?)[] values =
                [("@id", item.Id), ("@name", item.Name), ("@amount", item.Amount), ("@updated", item.UpdatedAt.ToUnixTimeMilliseconds())];
            // Only forward: a page that arrives late or twice does not undo a newer change.
            var changed = await transaction.ExecuteAsync(
                "UPDATE sample_records SET name = @name, amount = @amount, updated_at = @updated WHERE id = @id AND updated_at < @updated",
                ct,
                values);
            updated += changed;
            if (changed == 0)
            {
                inserted += await transaction.ExecuteAsync(
                    """
                    INSERT INTO sample_records (id, name, amount, updated_at) SELECT @id, @name, @amount, @updated
                    WHERE NOT EXISTS (SELECT 1 FROM sample_records WHERE id = @id)
                    """,
                    ct,
                    values);
            }
        }

        return (inserted, updated);
    }

    /// <summary>Moves the cursor from where this run read it. When another run moved it meanwhile, that one's stands: at worst
    /// some records are pulled again.</summary>
    private async Task MoveCursorAsync(DbTransaction transaction, string source, string? from, string to, CancellationToken ct)
    {
        (string, object?)[] values = [("@source", source), ("@next", to), ("@now", time.GetUtcNow().ToUnixTimeMilliseconds())];
        if (from is null)
        {
            await transaction.ExecuteAsync(
                """
                INSERT INTO sample_cursors (source, next_since, synced_at) SELECT @source, @next, @now
                WHERE NOT EXISTS (SELECT 1 FROM sample_cursors WHERE source = @source)
                """,
                ct,
                values);
            return;
        }

        await transaction.ExecuteAsync(
            "UPDATE sample_cursors SET next_since = @next, synced_at = @now WHERE source = @source AND next_since = @from",
            ct,
            [.. values, ("@from", from)]);
    }
}
