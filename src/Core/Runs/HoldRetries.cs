using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Holds and sends the nudges of runs that go back to Pending for a short time. The process that wrote the end of the attempt
/// holds the nudge until the run is due. So the leader does not have to find, publish and mark each of these runs, and one message serves
/// many runs that come due together.</summary>
/// <remarks>If the process dies, the nudges that it holds are lost. Their runs are stored as staged, so Reconcile finds them when they are
/// overdue. Pauses longer than <see cref="Longest"/> are left to the leader, and all pauses while the clocks of this process and the
/// database differ.</remarks>
public sealed class HoldRetries(IBelt belt, Wakers wakers, DatabaseClock clock)
{
    /// <summary>Maximum pause for which a nudge is held here. A worker keeps a nudge that arrives early by up to this time, so a process
    /// that stops can send the nudges that it holds to other workers.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Due times are rounded up to a multiple of this. So runs that failed together come due in groups that share a nudge,
    /// although their pauses have jitter.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>The same for pauses of a minute and more.</summary>
    public static readonly TimeSpan LongStep = TimeSpan.FromMilliseconds(100);

    /// <summary>Adds to the end of an attempt whose run goes back to Pending: when the run is due, and who sends its nudge.</summary>
    /// <param name="end">The end.</param>
    /// <param name="now">The time, by the clock of this process.</param>
    /// <param name="delay">Until it is due again.</param>
    /// <param name="mayHold">False if this process will have stopped by the due time, or cannot execute the run.</param>
    public AttemptEnd Plan(AttemptEnd end, DateTimeOffset now, TimeSpan delay, bool mayHold)
    {
        var offset = clock.Offset;
        var due = delay > TimeSpan.Zero ? RoundUp(now + delay, StepFor(delay)) : now + delay;
        return end with { DueAt = due + offset, Staged = mayHold && offset == TimeSpan.Zero && IsShort(delay) };
    }

    /// <summary>True if the nudge of a run with this pause may be held here.</summary>
    public static bool IsShort(TimeSpan pause) => pause <= Longest;

    /// <summary>Must be called after the commit. Holds the nudge, if this process sends it.</summary>
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
