namespace Fleet.Client;

/// <summary>A dead letter with what one needs to understand it.</summary>
public sealed record DeadLetterView
{
    /// <summary>The run, with its args, its error, its attempts with their stacks, and earlier replays.</summary>
    public RunDetailView Run { get; init; } = new();

    /// <summary>Set while the group of its fingerprint is muted.</summary>
    public MuteView? Mute { get; init; }

    /// <summary>The last lines that it logged, oldest first; at most 50.</summary>
    public IReadOnlyList<LogLineView> Log { get; init; } = [];
}
