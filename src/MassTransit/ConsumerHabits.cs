using System.Collections.Concurrent;

namespace Fleet.MassTransit;

/// <summary>Which consumers of this process use the transaction of their messages. For those that do not, none is opened.</summary>
internal sealed class ConsumerHabits
{
    /// <summary>A consumer counts as one that needs no transaction after so many messages without it.</summary>
    public const int EnoughMessages = 20;

    private readonly ConcurrentDictionary<string, Habit> _habits = new(StringComparer.Ordinal);

    /// <summary>Whether a transaction has to be open before the consumer is called.</summary>
    public bool NeedsTransaction(string consumer) => !_habits.TryGetValue(consumer, out var habit) || habit.NeedsTransaction;

    /// <summary>Takes note of a message that was handled. One that used the transaction decides for good.</summary>
    public void Note(string consumer, bool usedTransaction)
    {
        var habit = _habits.GetOrAdd(consumer, static _ => new Habit());
        if (usedTransaction)
            habit.UsesTransaction = true;
        else if (habit.NeedsTransaction)
            Interlocked.Increment(ref habit.Without);
    }

    private sealed class Habit
    {
        public volatile bool UsesTransaction;
        public int Without;

        public bool NeedsTransaction => UsesTransaction || Volatile.Read(ref Without) < EnoughMessages;
    }
}
