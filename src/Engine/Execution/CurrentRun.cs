namespace Fleet.Engine.Execution;

/// <summary>The run whose handler the current code belongs to, also on threads, timers and tasks that the handler started: it goes with the
/// execution context.</summary>
internal static class CurrentRun
{
    private static readonly List<WeakReference<Slot>> Slots = [];
    private static readonly AsyncLocal<RunHandle?> Handle = new(static change => MySlot().Handle = change.CurrentValue);

    // What the thread executes now. Environment.Exit raises its event on another thread than the one that called it.
    [ThreadStatic]
    private static Slot? _mine;

    /// <summary>That of the calling code; null outside of handlers.</summary>
    public static RunHandle? Value
    {
        get => Handle.Value;
        set => Handle.Value = value;
    }

    /// <summary>The runs whose handlers occupy a thread now. Those that await something do not.</summary>
    public static IReadOnlyList<RunHandle> OnThreads()
    {
        lock (Slots)
            return [.. Slots.Select(s => s.TryGetTarget(out var slot) ? slot.Handle : null).OfType<RunHandle>().Distinct()];
    }

    private static Slot MySlot()
    {
        if (_mine is { } mine)
            return mine;
        _mine = mine = new Slot();
        lock (Slots)
        {
            Slots.RemoveAll(s => !s.TryGetTarget(out _));
            Slots.Add(new WeakReference<Slot>(mine));
        }

        return mine;
    }

    private sealed class Slot
    {
        private volatile RunHandle? _handle;

        public RunHandle? Handle
        {
            get => _handle;
            set => _handle = value;
        }
    }
}
