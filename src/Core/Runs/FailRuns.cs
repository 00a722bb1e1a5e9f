using Fleet.Core.Loops;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>Running → Pending (to be tried again at <paramref name="RetryAt"/>) or Failed (null), fenced by the lease token.</summary>
public readonly record struct Failure(ClaimedRun Run, AttemptOutcome Outcome, RunError Error, DateTimeOffset? RetryAt);

/// <summary>Running → Pending for a retry, or → Failed for good: one mechanism for every failing job.</summary>
public sealed class FailRuns(EndAttempts ends, Wakers wakers, DatabaseClock clock, TimeProvider time)
{
    public async Task<SettleOutcome> ExecuteAsync(Failure failure, CancellationToken ct)
    {
        var outcome = await ends.ExecuteAsync(
            new AttemptEnd
            {
                Id = failure.Run.Id,
                LeaseToken = failure.Run.LeaseToken,
                Outcome = failure.Outcome,
                EndedAt = time.GetUtcNow(),
                Next = failure.RetryAt is null ? RunState.Failed : RunState.Pending,
                DueAt = failure.RetryAt + clock.Offset,
                Counts = true,
                ErrorType = failure.Error.Type,
                Error = failure.Error.Message,
                Stack = failure.Error.Stack,
            },
            ct);
        if (failure.RetryAt is { } due)
            wakers.Stage.Wake();
        return outcome;
    }
}
