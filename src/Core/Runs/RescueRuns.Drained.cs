using Fleet.Core.Storage.Rows;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>The runs of workers that died while they drained, or left with runs unfinished: their platform killed them, so the runs are
/// released and not blamed.</summary>
public sealed partial class RescueRuns
{
    /// <summary>How often a run is released without a crash because its worker died while draining. From then on such a death counts as a
    /// crash: a run that kills its process at every stop must not go on for ever.</summary>
    public const int DrainedCap = 10;

    /// <summary>Stands where the type of an exception would, in the attempts that ended so.</summary>
    public const string DrainedErrorType = "WorkerKilledWhileDraining";

    private const string DrainedError =
        "Released: its worker was killed while draining. The time between SIGTERM and SIGKILL must be longer than Fleet:Worker:Drain + 15 s.";

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
    /// <param name="Times">How often that has happened to it, this time included.</param>
    private readonly record struct ReleasedRun(OrphanedRun Orphan, int Times);

    private sealed record Taken(List<RescuedRun> Crashed, List<ReleasedRun> Released)
    {
        public int Count => Crashed.Count + Released.Count;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {RunId} was released, for the {Times}. time: its worker was killed while draining.")]
    private partial void LogReleased(RunId runId, int times);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} run(s) were lost to a worker that was killed while draining. Give workers more time between SIGTERM and SIGKILL than Fleet:Worker:Drain + 15 s (stop_grace_period, terminationGracePeriodSeconds, TimeoutStopSec).")]
    private partial void LogGraceTooShort(int count);
}
