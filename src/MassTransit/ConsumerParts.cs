using Fleet.Core.Inbox;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage;

namespace Fleet.MassTransit;

/// <summary>The services that the messages of all consumers share.</summary>
internal sealed record ConsumerParts(
    IStorage Storage, AcceptMessages Accept, FindHandledMessages Find, CommitMessages Commit, MessagesUnderWay UnderWay,
    ConsumerHabits Habits,
    EnqueueRuns Enqueue, Wakers Wakers, ConsumerBuses Buses, TimeProvider Time)
{
    /// <summary>Maximum number of tries of a claim if other deliveries of the same messages conflict with it.</summary>
    private const int MaxTries = 10;

    /// <summary>True if another try makes sense after an error.</summary>
    public bool IsConflict(Exception e, int tries) => tries < MaxTries && Storage.IsConflict(e);
}
