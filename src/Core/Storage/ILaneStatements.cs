using Fleet.Core.Storage.Rows;

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

    /// <summary>Counts the runs that wait in lanes, in due order.</summary>
    /// <param name="session">A session that reads.</param>
    /// <param name="lanes">The lanes.</param>
    /// <param name="now">Runs that are due at this instant are ready.</param>
    /// <param name="until">Runs that are due later than this are not counted.</param>
    /// <param name="most">Counts so far in each lane, and reads at most a fixed multiple of so many rows of it, whatever waits.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <returns>One count for each lane, in order.</returns>
    Task<IReadOnlyList<LaneCount>> CountWaitingAsync(
        StorageSession session, IReadOnlyList<string> lanes, DateTimeOffset now, DateTimeOffset until, int most, CancellationToken ct);

    /// <summary>Counts the runs that execute, over all lanes.</summary>
    /// <param name="session">A session that reads.</param>
    /// <param name="most">Reads at most one row more than so many.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task<RunningCount> CountRunningAsync(StorageSession session, int most, CancellationToken ct);

    /// <summary>Reads the names of the lanes that are paused at an instant.</summary>
    Task<IReadOnlyList<string>> ReadPausedAsync(StorageSession session, DateTimeOffset now, CancellationToken ct);
}
