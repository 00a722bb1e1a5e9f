using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>– → Pending: accepts runs that came as messages on a lane.</summary>
public sealed class SubmitRuns(EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, IStorage storage)
{
    /// <summary>Stores the run, or finds the one that an earlier delivery of the message stored.</summary>
    /// <exception cref="MessageRefusedException">It will not be accepted however often it comes.</exception>
    /// <exception cref="Exception">The database does not answer, or too much waits for it: try again.</exception>
    public async Task<EnqueueOutcome> ExecuteAsync(SubmittedRun submitted, CancellationToken ct)
    {
        // A job that nobody knows is refused by the enqueue.
        if (await catalog.FindAsync(submitted.Job, ct) is { } job && await schemas.CheckAsync(job, submitted.Args) is { } error)
            throw new MessageRefusedException(error.Message);
        var request = new RunRequest
        {
            Job = submitted.Job,
            Args = submitted.Args,
            Options = submitted.Options with { Lane = submitted.Options.Lane ?? submitted.Lane },
            TraceParent = submitted.TraceParent,
        };
        try
        {
            return await enqueue.ExecuteAsync(request, ct);
        }
        catch (Exception e) when (e is InvalidRunException or IdempotencyConflictException)
        {
            throw new MessageRefusedException(e.Message, e);
        }
        catch (Exception e) when (!(e is FleetBusyException or OperationCanceledException || storage.IsOutage(e) || storage.IsConflict(e)))
        {
            // Neither the caller's word nor an outage: what the database refuses once, it refuses for ever.
            throw new MessageRefusedException($"It cannot be stored: {e.Message}", e);
        }
    }
}
