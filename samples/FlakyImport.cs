using System.Globalization;

namespace Fleet.Samples;

/// <summary>Imports the supplier's file of a batch into <c>sample_imports</c>.</summary>
/// <param name="Batch">0 or more. Null: the batch of the instant that the run stands for; there is one every 10 s.</param>
[Job(Name, Timeout = "00:01:00", Description = "Imports a supplier's file; some batches fail on purpose, see samples/README.md.")]
public sealed record FlakyImport(long? Batch = null)
{
    public const string Name = "samples.flaky-import";
}

/// <summary>What one run did.</summary>
public sealed record ImportResult(long Batch, int Lines, decimal Total);

/// <summary>The made-up files of a supplier who is careless in a regular way, so that retries and dead letters can be seen:
/// of ten batches two hold a line that cannot be read until it is corrected, and two are locked for two attempts.</summary>
public static class SupplierFiles
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>How long after its arrival a bad file is corrected. One bad file in four never is: it stays for a person.</summary>
    public static readonly TimeSpan CorrectedAfter = TimeSpan.FromSeconds(20);

    public const int LinesPerFile = 10;

    public static long BatchOf(DateTimeOffset instant) => (instant - DateTimeOffset.UnixEpoch).Ticks / Period.Ticks;

    /// <summary>The file as it reads at some age; lines of <c>article;amount</c>.</summary>
    /// <param name="batch">Which file.</param>
    /// <param name="age">How long ago it arrived.</param>
    /// <param name="attempt">Which try of the importer this is, from 1.</param>
    /// <exception cref="IOException">The supplier still writes the file.</exception>
    public static IReadOnlyList<string> Read(long batch, TimeSpan age, int attempt)
    {
        if (batch % 5 == 2 && attempt <= 2)
            throw new IOException($"The file of batch {batch} is locked by the supplier.");
        var isBad = batch % 5 == 0 && (age < CorrectedAfter || batch % 20 == 0);
        return [.. Enumerable.Range(1, LinesPerFile).Select(line =>
            isBad && line == LinesPerFile / 2 ? $"article-{line};n/a" : $"article-{line};{((batch + line) % 1000) / 10m}")];
    }
}

internal sealed class FlakyImportJob(TimeProvider time) : IJob<FlakyImport>
{
    public Task RunAsync(FlakyImport args, JobContext context, CancellationToken ct)
    {
        if (args.Batch < 0)
            throw new NonRetryableException($"batch: '{args.Batch}' is not allowed; allowed is 0 or more.");

        // 1. Read. Both instants are the same for every attempt and after a replay; the due time is not.
        var arrived = context.FireTime ?? context.RunId.CreatedAt;
        var batch = args.Batch ?? SupplierFiles.BatchOf(arrived);
        var lines = SupplierFiles.Read(batch, time.GetUtcNow() - arrived, context.Attempt);

        // 2. Understand. What cannot be read now cannot be read in a second either: no retry, a person or a rule replays.
        var rows = lines.Select((line, index) => Parse(batch, index + 1, line)).ToList();
        context.Log.Information($"Batch {batch}: {rows.Count} lines.");
        context.SetOutput(new ImportResult(batch, rows.Count, rows.Sum(r => r.Amount)));

        // 3. Write, replacing what an earlier import of the batch wrote.
        return context.CompleteAsync(
            async (transaction, token) =>
            {
                await transaction.ExecuteAsync("DELETE FROM sample_imports WHERE batch = @batch", token, ("@batch", batch));
                foreach (var (line, article, amount) in rows)
                {
                    await transaction.ExecuteAsync(
                        "INSERT INTO sample_imports (batch, line, article, amount) VALUES (@batch, @line, @article, @amount)",
                        token,
                        ("@batch", batch), ("@line", line), ("@article", article), ("@amount", amount));
                }
            },
            ct);
    }

    private static (int Line, string Article, decimal Amount) Parse(long batch, int number, string line)
    {
        var parts = line.Split(';');
        return parts.Length == 2 && decimal.TryParse(parts[1], NumberStyles.Number, CultureInfo.InvariantCulture, out var amount)
            ? (number, parts[0], amount)
            : throw new NonRetryableException($"(sample, on purpose) Batch {batch}, line {number}: '{parts[^1]}' is no amount.");
    }
}
