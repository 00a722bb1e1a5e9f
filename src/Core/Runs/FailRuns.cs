using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Runs;

/// <summary>An attempt that failed. With <paramref name="RetryAt"/> the run becomes Pending until then; null: Failed.</summary>
public readonly record struct Failure(
    ClaimedRun Run, AttemptOutcome Outcome, RunError Error, DateTimeOffset? RetryAt, RetryDecision? Decision = null);

/// <summary>Running → Pending for a retry, or Running → Failed, fenced by the lease token. The only retry mechanism for jobs.</summary>
public sealed class FailRuns(EndAttempts ends, HoldRetries hold, TimeProvider time)
{
    public async Task<SettleOutcome> ExecuteAsync(Failure failure, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var end = new AttemptEnd
        {
            Id = failure.Run.Id,
            LeaseToken = failure.Run.LeaseToken,
            Outcome = failure.Outcome,
            EndedAt = now,
            Next = failure.RetryAt is null ? RunState.Failed : RunState.Pending,
            Counts = true,
            ErrorType = failure.Error.Type,
            Error = failure.Error.Message,
            Stack = failure.Error.Stack,
            Decision = failure.Decision,
        };
        if (failure.RetryAt is not { } retryAt)
            return await ends.ExecuteAsync(end, ct);
        end = hold.Plan(end, now, retryAt - now, mayHold: true);
        var outcome = await ends.ExecuteAsync(end, ct);
        hold.Follow(end, failure.Run.Lane, outcome);
        return outcome;
    }
}
