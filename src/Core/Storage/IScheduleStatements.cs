using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements about schedules that EF Core does not translate well: the last few rows of each of several schedules.</summary>
public interface IScheduleStatements
{
    /// <summary>Reads the runs of the last fire times of schedules, and those that were revoked. Each schedule costs two walks along an
    /// index, however many runs it has.</summary>
    /// <param name="session">A session that reads.</param>
    /// <param name="schedules">The schedules, at least one.</param>
    /// <param name="until">The latest fire time.</param>
    /// <param name="limit">Maximum number of each kind and schedule.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task<IReadOnlyList<OccurrenceRow>> ReadOccurrencesAsync(
        StorageSession session, IReadOnlyList<string> schedules, DateTimeOffset until, int limit, CancellationToken ct);

    /// <summary>Reads the last misfires of schedules.</summary>
    /// <param name="session">A session that reads.</param>
    /// <param name="schedules">The schedules, at least one.</param>
    /// <param name="limit">Maximum number for each schedule.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task<IReadOnlyList<Misfire>> ReadMisfiresAsync(
        StorageSession session, IReadOnlyList<string> schedules, int limit, CancellationToken ct);
}
