namespace Fleet.Worker;

/// <summary>The run whose handler the current code belongs to, also on threads, timers and tasks that the handler started: it goes with the
/// execution context.</summary>
internal static class CurrentRun
{
    private static readonly AsyncLocal<RunHandle?> Handle = new();

    public static RunHandle? Value
    {
        get => Handle.Value;
        set => Handle.Value = value;
    }
}
