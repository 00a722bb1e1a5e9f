namespace Fleet.Core.Storage;

/// <summary>Knows whether code runs while it holds the one writer of its process, as the work of a <c>CompleteAsync</c> does with SQLite.
/// Another write of that code would wait for the writer, and the writer for the code: no write of the process would ever be done
/// again.</summary>
public static class WriteTurn
{
    private static readonly AsyncLocal<Turn?> Current = new();

    /// <summary>Marks what the caller does and starts from here on, until the result is disposed.</summary>
    public static IDisposable Begin()
    {
        var turn = new Turn();
        Current.Value = turn;
        return turn;
    }

    /// <summary>Says that what the caller does from here on is not a part of the work in which it was started.</summary>
    public static void Leave() => Current.Value = null;

    /// <summary>Refuses a write of code that holds the writer.</summary>
    /// <exception cref="InvalidOperationException">It does.</exception>
    public static void RefuseInside()
    {
        if (Current.Value is { HasEnded: false })
        {
            throw new InvalidOperationException(
                "This write would wait for itself: with SQLite one transaction writes at a time, "
                    + "and the calling code is inside it (the work of CompleteAsync, or a consumer). "
                    + "Write before or after it, or through it: in a handler, "
                    + "context.EnqueueAsync and context.PublishAsync are stored with the completion.");
        }
    }

    /// <summary>What a task has inherited that outlives the turn does not count.</summary>
    private sealed class Turn : IDisposable
    {
        private volatile bool _hasEnded;

        public bool HasEnded => _hasEnded;

        public void Dispose() => _hasEnded = true;
    }
}

/// <summary>Work inside the one write transaction of a process took so long that it was stopped; nothing of it was stored.</summary>
/// <param name="limit">How long it may take.</param>
/// <param name="hasEnded">False when the work goes on all the same, and may still use the transaction's connection.</param>
public sealed class WorkTooLongException(TimeSpan limit, bool hasEnded) : TimeoutException(
    $"The work of CompleteAsync took longer than {limit:c} and was rolled back: with SQLite all other writes of the process wait for it. "
        + "Do what takes long before CompleteAsync.")
{
    /// <summary>Whether the work stopped when it was asked to.</summary>
    public bool HasEnded { get; } = hasEnded;
}
