using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>– → Pending: accepts runs that came as messages on a lane.</summary>
public sealed class SubmitRuns(EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, IStorage storage)
{
    /// <summary>Stores the run, or finds the one that an earlier delivery of the message stored.</summary>
    /// <exception cref="MessageRefusedException">It will not be accepted however often it comes.</exception>
    /// <exception cref="Exception">Anything else: try again; <see cref="IsOutage"/> says whether for ever.</exception>
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
        catch (Exception e) when (e is not OperationCanceledException && storage.IsRefused(e))
        {
            throw new MessageRefusedException($"It cannot be stored: {e.Message}", e);
        }
    }

    /// <summary>True when a failure is known to be the database's, or to pass by itself: the message waits for as long as it takes. What is
    /// neither this nor a refusal may be the message's fault or not, so it is tried a bounded number of times.</summary>
    public bool IsOutage(Exception e) => e is FleetBusyException or ListenerPausedException or OperationCanceledException || storage.IsUnavailable(e) || storage.IsConflict(e);
}
