using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Sends the nudges of runs that go back to Pending for a short time: the process that gave them back holds them itself until they are due. The
/// leader need not find, publish and mark each of them, and the broker carries one message for the many that come due together.</summary>
/// <remarks>A nudge that is held is lost with its process. Its run is stored as staged, so Reconcile finds it once it is overdue. What waits longer than
/// <see cref="Longest"/> is left to the leader, as is everything while this process's clock and the database's differ.</remarks>
public sealed class HoldRetries(IBelt belt, Wakers wakers, DatabaseClock clock)
{
    /// <summary>The longest pause for which a nudge is held here. A worker keeps a nudge that comes this much too early until its run is due, so a process
    /// that stops can hand over what it holds.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Due times are rounded up to a multiple of this: runs that failed together come due in groups that share a nudge, although chance made their
    /// pauses differ.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>The same for pauses of a minute and more.</summary>
    public static readonly TimeSpan LongStep = TimeSpan.FromMilliseconds(100);

    /// <summary>Completes the end of an attempt whose run goes back to Pending: when it is due, and who sends its nudge.</summary>
    /// <param name="end">The end.</param>
    /// <param name="now">By this process's clock.</param>
    /// <param name="delay">Until it is due again.</param>
    /// <param name="mayHold">False when this process will not be there at the due time, or cannot run it.</param>
    public AttemptEnd Plan(AttemptEnd end, DateTimeOffset now, TimeSpan delay, bool mayHold)
    {
        var offset = clock.Offset;
        var due = delay > TimeSpan.Zero ? RoundUp(now + delay, StepFor(delay)) : now + delay;
        return end with { DueAt = due + offset, Staged = mayHold && offset == TimeSpan.Zero && delay <= Longest };
    }

    /// <summary>Does what follows the commit of the end.</summary>
    public void Follow(AttemptEnd end, string? lane, SettleOutcome outcome)
    {
        if (!end.Staged)
            wakers.Stage.Wake();
        else if (outcome == SettleOutcome.Settled)
            belt.HoldReady([new DelayedNudge(lane!, end.Id, end.DueAt!.Value)]);
    }

    private static TimeSpan StepFor(TimeSpan delay) => delay < TimeSpan.FromMinutes(1) ? Step : LongStep;

    private static DateTimeOffset RoundUp(DateTimeOffset at, TimeSpan step)
    {
        var over = at.UtcTicks % step.Ticks;
        return over == 0 ? at : at.AddTicks(step.Ticks - over);
    }
}
