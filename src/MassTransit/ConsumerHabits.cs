using System.Collections.Concurrent;

namespace Fleet.MassTransit;

/// <summary>Tracks which consumers of this process use the transaction of their messages. For the others no transaction is
/// opened.</summary>
internal sealed class ConsumerHabits
{
    /// <summary>After this many messages without its transaction, a consumer counts as one that needs none.</summary>
    public const int EnoughMessages = 20;

    private readonly ConcurrentDictionary<string, Habit> _habits = new(StringComparer.Ordinal);

    /// <summary>True if the transaction must be opened before the consumer is called.</summary>
    public bool NeedsTransaction(string consumer) => !_habits.TryGetValue(consumer, out var habit) || habit.NeedsTransaction;

    /// <summary>Records a handled message. If it used the transaction, the consumer keeps getting one.</summary>
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
