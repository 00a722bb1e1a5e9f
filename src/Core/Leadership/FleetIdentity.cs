using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Leadership;

/// <summary>The id of this fleet. Each database has one, made at the first start. Nudges and control messages carry it, so that two fleets
/// on one broker are noticed: without it, each would silently take the nudges of the other, and runs would be late without a
/// reason.</summary>
/// <remarks>It is the owner of a row in <c>leases</c> that never changes hands. A copy of the database keeps the id.</remarks>
public sealed class FleetIdentity
{
    /// <summary>Name of the row. No leader may use it.</summary>
    public const string RowName = "fleet";

    private readonly IStorage? _storage;
    private readonly Lock _lock = new();
    private volatile string? _id;
    private Task<string>? _reading;

    /// <summary>The id that is in the database.</summary>
    public FleetIdentity(IStorage storage) => _storage = storage;

    private FleetIdentity(string id) => _id = id;

    /// <summary>A known id, for a transport without a database.</summary>
    public static FleetIdentity Of(string id) => new(id);

    /// <summary>Returns the id: 32 characters, 0–9 and a–f. Only the first call asks the database.</summary>
    /// <exception cref="Exception">The database did not answer.</exception>
    public ValueTask<string> GetAsync(CancellationToken ct) => _id is { } id ? new(id) : new(ReadOnceAsync(ct));

    // The first nudges of a process come together: if each of them asked, each would open a connection.
    private Task<string> ReadOnceAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            if (_reading is null or { IsCompleted: true })
                _reading = Task.Run(ReadAsync, CancellationToken.None);
            return _reading.WaitAsync(ct);
        }
    }

    // Not canceled by one caller, because others wait for it.
    private async Task<string> ReadAsync()
    {
        var ct = CancellationToken.None;
        if (await _storage!.ReadAsync(session => FindAsync(session, ct), ct) is { } known)
            return _id = known;

        // Two processes may start at once: the key lets one insert, and the other one reads what was inserted.
        return _id = await _storage.WriteRetryingAsync(
            async session =>
            {
                if (await FindAsync(session, ct) is { } inserted)
                    return inserted;
                var id = Guid.NewGuid().ToString("N");
                await _storage.Leases.AddAsync(
                    session, new Lease { Name = RowName, Owner = id, ExpiresAt = DateTimeOffset.UnixEpoch }, ct);
                return id;
            },
            ct);
    }

    private Task<string?> FindAsync(StorageSession session, CancellationToken ct) =>
        _storage!.Leases.FindOwnerAsync(session, RowName, ct);
}
