using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements about the rows of <c>leases</c> that a worker needs, too.</summary>
/// <remarks>A worker asks for the fleet's id at its start, so they do without EF Core (docs/adr/0010).</remarks>
public interface ILeaseStatements
{
    /// <summary>Reads the owner of a lease; null if there is no such lease.</summary>
    Task<string?> FindOwnerAsync(StorageSession session, string name, CancellationToken ct);

    /// <summary>Adds a lease.</summary>
    /// <exception cref="Exception">Another process added it at the same time (<see cref="IStorage.IsConflict"/>).</exception>
    Task AddAsync(StorageSession session, Lease lease, CancellationToken ct);
}
