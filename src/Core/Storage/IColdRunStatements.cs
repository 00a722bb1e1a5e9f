namespace Fleet.Core.Storage;

/// <summary>The statements about runs that a worker needs beside the hot path (<see cref="IRunStatements"/>).</summary>
/// <remarks>They do without EF Core (docs/adr/0010).</remarks>
public interface IColdRunStatements
{
    /// <summary>True if the database has the run, whatever its state.</summary>
    Task<bool> ExistsAsync(StorageSession session, RunId run, CancellationToken ct);

    /// <summary>Locks runs until the end of the transaction: what is read of them afterwards stays so until then.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="runs">The runs, each once; at most 500.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task LockAsync(StorageSession session, IReadOnlyList<RunId> runs, CancellationToken ct);

    /// <summary>Counts the attempts of a run that ended because the database was away, since the last attempt that ended in another way. A
    /// worker that shut down or could not serve the run did not use the database:
    /// such an attempt neither counts nor ends the row.</summary>
    Task<int> CountOutagesAsync(StorageSession session, RunId run, CancellationToken ct);

    /// <summary>Makes pending runs due now that were released with this type of error and wait for a later due time. Their nudges wait on
    /// the belt until the old due time, so they have to be staged again.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="jobs">The jobs; at most 500.</param>
    /// <param name="errorType">The type of error.</param>
    /// <param name="now">The new due time.</param>
    /// <param name="until">Runs that are due later stay as they are.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <returns>How many.</returns>
    Task<int> WakeAsync(
        StorageSession session, string lane, IReadOnlyList<string> jobs, string errorType, DateTimeOffset now, DateTimeOffset until,
        CancellationToken ct);
}
