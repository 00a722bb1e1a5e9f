using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements that write figures over time.</summary>
/// <remarks>A worker executes them, so they do without EF Core (docs/adr/0010). All of them add rows that only their writer knows: writers
/// do not wait for each other.</remarks>
public interface IRollupStatements
{
    /// <summary>Counts ends that are written in the same transaction and have neither wait nor duration.</summary>
    /// <param name="session">The transaction of the ends.</param>
    /// <param name="runs">The runs that ended, each once.</param>
    /// <param name="outcome">How all of them ended.</param>
    /// <param name="now">The time of the end.</param>
    /// <param name="ct">Cancels the statements.</param>
    Task AddEndedAsync(
        StorageSession session, IReadOnlyList<RunId> runs, RollupOutcome outcome, DateTimeOffset now, CancellationToken ct);

    /// <summary>Adds what a worker has counted since the last time.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="rollups">The counts; <see cref="Rollup.Step"/> is <see cref="RollupStep.Written"/>.</param>
    /// <param name="samples">One for each lane of the worker, with the same worker and start.</param>
    /// <param name="keepFrom">Samples of the worker from before this instant are deleted.</param>
    /// <param name="ct">Cancels the statements.</param>
    Task AddAsync(
        StorageSession session, IReadOnlyList<Rollup> rollups, IReadOnlyList<WorkerSample> samples, DateTimeOffset keepFrom,
        CancellationToken ct);

    /// <summary>Whether samples of this worker and start are stored: an <see cref="AddAsync"/> whose answer was lost was
    /// committed.</summary>
    Task<bool> IsAddedAsync(StorageSession session, WorkerId worker, DateTimeOffset at, CancellationToken ct);
}
