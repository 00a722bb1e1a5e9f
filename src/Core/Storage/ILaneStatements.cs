namespace Fleet.Core.Storage;

/// <summary>The statements about lanes.</summary>
/// <remarks>A worker executes them at its start, so they do without EF Core (docs/adr/0010).</remarks>
public interface ILaneStatements
{
    /// <summary>Adds those of the lanes that are not there yet, in the order of their names.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="lanes">The lanes.</param>
    /// <param name="now">When they were first seen.</param>
    /// <param name="ct">Cancels the statements.</param>
    /// <exception cref="Exception">Another process added one at the same time (<see cref="IStorage.IsConflict"/>): do it again.</exception>
    Task AddAsync(StorageSession session, IEnumerable<string> lanes, DateTimeOffset now, CancellationToken ct);
}
