using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Runs;

/// <summary>Running → Pending without counting the attempt. The reason is a shutdown of the worker, a snooze, an outage of Fleet's
/// database, or a worker that cannot execute the run.</summary>
public sealed class ReleaseRuns(EndAttempts ends, HoldRetries hold, TimeProvider time)
{
    /// <summary>The error type of a run that waits for a worker that can execute it.</summary>
    public const string UnservedType = "Unserved";

    /// <param name="id">The run to give back.</param>
    /// <param name="leaseToken">The token of the claim.</param>
    /// <param name="outcome"><see cref="AttemptOutcome.Released"/>, <see cref="AttemptOutcome.Snoozed"/> or
    /// <see cref="AttemptOutcome.Unserved"/>.</param>
    /// <param name="reason">Stored with the attempt; for <see cref="AttemptOutcome.Unserved"/> also with the run.</param>
    /// <param name="delay">Until it is due again.</param>
    /// <param name="ct">Cancels the wait, not the write.</param>
    /// <param name="lane">The lane, if this process continues and can execute the run. It may then hold the nudge itself.</param>
    public Task<SettleOutcome> ExecuteAsync(
        RunId id, long leaseToken, AttemptOutcome outcome, string reason, TimeSpan delay, CancellationToken ct, string? lane = null) =>
        ReleaseAsync(
            id, leaseToken, outcome, outcome == AttemptOutcome.Unserved ? UnservedType : null, StoredText.Cut(reason, 2000), null, delay,
            lane, ct);

    /// <summary>Gives a run back because of an error, which is kept with the attempt and shown on the run while it is pending.</summary>
    /// <param name="run">The run to give back.</param>
    /// <param name="outcome"><see cref="AttemptOutcome.Outage"/>.</param>
    /// <param name="error">The error.</param>
    /// <param name="delay">Until it is due again.</param>
    /// <param name="ct">Cancels the wait, not the write.</param>
    public Task<SettleOutcome> ExecuteAsync(ClaimedRun run, AttemptOutcome outcome, RunError error, TimeSpan delay, CancellationToken ct) =>
        ReleaseAsync(run.Id, run.LeaseToken, outcome, error.Type, error.Message, error.Stack, delay, run.Lane, ct);

    private async Task<SettleOutcome> ReleaseAsync(
        RunId id, long leaseToken, AttemptOutcome outcome, string? errorType, string error, string? stack, TimeSpan delay, string? lane,
        CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var end = new AttemptEnd
        {
            Id = id,
            LeaseToken = leaseToken,
            Outcome = outcome,
            EndedAt = now,
            Next = RunState.Pending,
            Counts = false,
            ErrorType = errorType,
            Error = error,
            Stack = stack,
        };
        end = hold.Plan(end, now, delay, mayHold: lane is not null);
        var settled = await ends.ExecuteAsync(end, ct);
        hold.Follow(end, lane, settled);
        return settled;
    }
}
