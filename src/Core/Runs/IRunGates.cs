using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>The gates, as the verbs of a run see them. An interface, because the gates are built on the runs and not the other way
/// round.</summary>
public interface IRunGates
{
    /// <summary>Claims a run if every gate lets it pass.</summary>
    /// <returns><see cref="ClaimStatus.Duplicate"/> if it waits for another run to end, or was canceled.</returns>
    Task<ClaimOutcome> ClaimAsync(WorkerId worker, PendingRun run, CancellationToken ct);

    /// <summary>Nudges the runs that waited for one that has ended; best effort.</summary>
    Task PassOnAsync(RunId ended, CancellationToken ct);
}
