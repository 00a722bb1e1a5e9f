using Fleet.Core.Inbox;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage;

namespace Fleet.MassTransit;

/// <summary>What the messages of all consumers share.</summary>
internal sealed record ConsumerParts(
    IStorage Storage, AcceptMessages Accept, FindHandledMessages Find, CommitMessages Commit, MessagesUnderWay UnderWay, ConsumerHabits Habits,
    EnqueueRuns Enqueue, Wakers Wakers, TimeProvider Time)
{
    /// <summary>How often a claim is tried when other deliveries of the same messages are in the way.</summary>
    private const int MostTries = 10;

    /// <summary>Whether another try makes sense after an error.</summary>
    public bool IsConflict(Exception e, int tries) => tries < MostTries && Storage.IsConflict(e);
}
