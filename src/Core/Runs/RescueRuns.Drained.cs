using Fleet.Core.Storage.Rows;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>The runs of workers that died while draining, or left with unfinished runs. The platform probably killed these workers, so the
/// runs are released without a crash.</summary>
public sealed partial class RescueRuns
{
    /// <summary>Maximum number of releases without a crash because the worker died while draining. After that, each such death counts as a
    /// crash, so that a run that kills its process at every stop ends.</summary>
    public const int DrainedCap = 10;

    /// <summary>The error type of the attempts that ended this way.</summary>
    public const string DrainedErrorType = "WorkerKilledWhileDraining";

    private const string DrainedError =
        "Released: its worker was killed while draining. The time between SIGTERM and SIGKILL must be longer than Fleet:Worker:Drain "
        + "+ 15 s.";

    private static AttemptEnd Release(OrphanedRun orphan, DateTimeOffset now, DateTimeOffset due) => new()
    {
        Id = orphan.Id,
        LeaseToken = orphan.LeaseToken,
        Outcome = AttemptOutcome.Released,
        EndedAt = now,
        Next = RunState.Pending,
        DueAt = due,
        Counts = false,
        ErrorType = DrainedErrorType,
        Error = DrainedError,
    };

    /// <param name="Orphan">The run.</param>
    /// <param name="Times">How often this has happened to the run, including this time.</param>
    private readonly record struct ReleasedRun(OrphanedRun Orphan, int Times);

    private sealed record Taken(List<RescuedRun> Crashed, List<ReleasedRun> Released)
    {
        public int Count => Crashed.Count + Released.Count;
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Run {RunId} was released (release number {Times}): its worker was killed while draining.")]
    private partial void LogReleased(RunId runId, int times);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} run(s) were interrupted, because their worker was killed while draining. Give workers more time between "
            + "SIGTERM and SIGKILL than Fleet:Worker:Drain + 15 s (stop_grace_period, terminationGracePeriodSeconds, TimeoutStopSec).")]
    private partial void LogGraceTooShort(int count);
}
