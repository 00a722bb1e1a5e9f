using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>– → Pending: accepts runs that arrive as messages on a lane.</summary>
public sealed class SubmitRuns(EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, IStorage storage)
{
    // The broker does not tell who published a message.
    private static readonly Actor Publisher = Actor.Create(ActorKind.Program, "message");

    /// <summary>Stores the run, or finds the one that an earlier delivery of the message stored.</summary>
    /// <exception cref="MessageRefusedException">The message will never be accepted.</exception>
    /// <exception cref="Exception">Any other error: try again. <see cref="IsOutage"/> says whether without a limit.</exception>
    public async Task<EnqueueOutcome> ExecuteAsync(SubmittedRun submitted, CancellationToken ct)
    {
        // An unknown job is refused by the enqueue below.
        if (await catalog.FindAsync(submitted.Job, ct) is { } job && await schemas.CheckAsync(job, submitted.Args) is { Count: > 0 } errors)
            throw new MessageRefusedException(new InvalidRunException(errors).Message);
        var request = new RunRequest
        {
            Job = submitted.Job,
            Args = submitted.Args,
            By = Publisher,
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

    /// <summary>True if the database is known to be the cause of a failure, or if the failure will pass: the message waits as long as
    /// necessary. Any other failure may have been caused by the message, so the message is tried a limited number of times.</summary>
    public bool IsOutage(Exception e) => e is FleetBusyException or ListenerPausedException or OperationCanceledException
        || storage.IsUnavailable(e) || storage.IsConflict(e);
}
