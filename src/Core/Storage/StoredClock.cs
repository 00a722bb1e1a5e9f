namespace Fleet.Core.Storage;

/// <summary>Reads the database's clock without a transaction.</summary>
public static class StoredClock
{
    /// <summary>The time by the database's clock, which decides about leases.</summary>
    public static Task<DateTimeOffset> ReadClockAsync(this IStorage storage, CancellationToken ct) =>
        storage.ReadAsync(session => storage.GetClockAsync(session, ct), ct);
}
