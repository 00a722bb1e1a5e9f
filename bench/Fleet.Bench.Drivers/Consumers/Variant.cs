namespace Fleet.Bench.Drivers.Consumers;

/// <summary>Which transaction a consumer has.</summary>
internal enum Outbox
{
    /// <summary>None: the same consumer without Fleet's outbox.</summary>
    None,

    /// <summary><c>UseFleetOutbox(context)</c>.</summary>
    Fleet,

    /// <summary><c>UseFleetOutbox&lt;BenchContext&gt;(context)</c>.</summary>
    DbContext,
}

/// <summary>One kind of consumer that is measured.</summary>
/// <param name="Name">Its row in the table.</param>
/// <param name="Against">The row that its rate is compared with.</param>
/// <param name="Outbox">Its transaction.</param>
/// <param name="WritesRow">Whether it writes one row of its own for each message.</param>
/// <param name="Publishes">Whether it publishes one message for each that it gets.</param>
/// <param name="IsBatch">Whether it consumes batches of <see cref="BatchLimit"/>.</param>
internal sealed record Variant(string Name, string Against, Outbox Outbox, bool WritesRow, bool Publishes, bool IsBatch)
{
    /// <summary>Messages in a batch.</summary>
    public const int BatchLimit = 100;

    public static IReadOnlyList<Variant> All { get; } = [.. Of(isBatch: false), .. Of(isBatch: true)];

    private static IEnumerable<Variant> Of(bool isBatch)
    {
        var prefix = isBatch ? "batch-" : "";
        yield return new(prefix + "plain", prefix + "plain", Outbox.None, WritesRow: false, Publishes: false, isBatch);
        yield return new(prefix + "outbox", prefix + "plain", Outbox.Fleet, WritesRow: false, Publishes: false, isBatch);
        yield return new(prefix + "sql", prefix + "plain", Outbox.Fleet, WritesRow: true, Publishes: false, isBatch);
        yield return new(prefix + "ef", prefix + "plain", Outbox.DbContext, WritesRow: true, Publishes: false, isBatch);
        yield return new(prefix + "publish-plain", prefix + "publish-plain", Outbox.None, WritesRow: false, Publishes: true, isBatch);
        yield return new(prefix + "publish-outbox", prefix + "publish-plain", Outbox.Fleet, WritesRow: false, Publishes: true, isBatch);
        yield return new(prefix + "publish-ef", prefix + "publish-plain", Outbox.DbContext, WritesRow: true, Publishes: true, isBatch);
    }
}
