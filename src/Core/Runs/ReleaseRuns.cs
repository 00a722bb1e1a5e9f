using Fleet.Core.Loops;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>Running → Pending without counting the attempt: the worker is shutting down, or the handler snoozed.</summary>
public sealed class ReleaseRuns(EndAttempts ends, Wakers wakers, TimeProvider time)
{
    /// <param name="id">The run to give back.</param>
    /// <param name="leaseToken">Of the claim that gives it back.</param>
    /// <param name="outcome"><see cref="AttemptOutcome.Released"/> or <see cref="AttemptOutcome.Snoozed"/>.</param>
    /// <param name="reason">Kept with the attempt.</param>
    /// <param name="delay">Until it is due again.</param>
    /// <param name="ct">Cancels the wait, not the write.</param>
    public async Task<SettleOutcome> ExecuteAsync(
        RunId id, long leaseToken, AttemptOutcome outcome, string reason, TimeSpan delay, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var settled = await ends.ExecuteAsync(
            new AttemptEnd
            {
                Id = id,
                LeaseToken = leaseToken,
                Outcome = outcome,
                EndedAt = now,
                Next = RunState.Pending,
                DueAt = now + delay,
                Counts = false,
                Error = StoredText.Cut(reason, 2000),
            },
            ct);
        wakers.Stage.Wake();
        return settled;
    }
}
