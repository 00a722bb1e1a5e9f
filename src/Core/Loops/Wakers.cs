namespace Fleet.Core.Loops;

/// <summary>Tells a loop that there is something to do, if the loop runs in this process. In another process, the loop's own poll finds the
/// work.</summary>
public sealed class Waker
{
    private Action? _wake;

    /// <summary>Called by the loop when it starts, and with null when it ends.</summary>
    public void Connect(Action? wake) => Volatile.Write(ref _wake, wake);

    /// <summary>Starts a pass now.</summary>
    public void Wake() => Volatile.Read(ref _wake)?.Invoke();
}

/// <summary>The loops that other parts of the process can wake.</summary>
public sealed class Wakers
{
    /// <summary>A run waits to be staged.</summary>
    public Waker Stage { get; } = new();

    /// <summary>An event waits in the outbox.</summary>
    public Waker Outbox { get; } = new();

    /// <summary>An operation was created.</summary>
    public Waker Operations { get; } = new();

    /// <summary>A schedule was changed.</summary>
    public Waker Plan { get; } = new();
}
