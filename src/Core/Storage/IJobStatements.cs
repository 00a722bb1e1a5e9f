using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements about jobs: which versions there are, and which workers offer them.</summary>
/// <remarks>A worker executes them at its start, so they do without EF Core (docs/adr/0010).</remarks>
public interface IJobStatements
{
    /// <summary>Reads all versions of all jobs.</summary>
    Task<IReadOnlyList<JobRow>> ReadAsync(StorageSession session, CancellationToken ct);

    /// <summary>Reads what the active workers offer. Workers of one program on the same lanes share a row, so a large fleet makes few
    /// rows.</summary>
    Task<IReadOnlyList<OfferRow>> ReadOffersAsync(StorageSession session, CancellationToken ct);

    /// <summary>Records that a worker offers a version.</summary>
    /// <returns>False if there is no such version.</returns>
    Task<bool> SeeAsync(StorageSession session, string name, string version, DateTimeOffset now, CancellationToken ct);

    /// <summary>Adds a version.</summary>
    Task AddAsync(StorageSession session, JobRow job, CancellationToken ct);

    /// <summary>Deletes a version.</summary>
    Task DeleteAsync(StorageSession session, string name, string version, CancellationToken ct);
}
