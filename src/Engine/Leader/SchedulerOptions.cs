namespace Fleet.Engine.Leader;

/// <summary>The section <c>Fleet:Scheduler</c>.</summary>
public sealed class SchedulerOptions
{
    public const string Section = "Fleet:Scheduler";

    /// <summary>How far ahead occurrences are planned and put on the belt: how long a scheduler may be dead without making one
    /// late; 1 s to 10 min. Default: 30 s.</summary>
    public TimeSpan LookAhead { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a leader leads without renewing; 3 s to 5 min. Default: 10 s.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often new work is looked for that nobody woke us for; 50 ms to 1 min. Default: 500 ms.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often dead workers and lost nudges are looked for; 100 ms to 1 min. Default: 2 s.</summary>
    public TimeSpan Rescue { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long succeeded runs are kept; at least 1 min. Default: 7 days.</summary>
    public TimeSpan KeepSucceeded { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long failed and canceled runs are kept; at least 1 min. Default: 30 days.</summary>
    public TimeSpan KeepFailed { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a consumer behind <c>UseFleetOutbox</c> remembers a message that it has handled: a delivery that comes later
    /// takes effect again; at least 1 min. Default: 7 days.</summary>
    public TimeSpan KeepInbox { get; set; } = TimeSpan.FromDays(7);

    /// <summary>What is wrong with the values; empty when all is well.</summary>
    public IEnumerable<string> Check()
    {
        (string Name, TimeSpan Value, TimeSpan Least, TimeSpan Most)[] ranges =
        [
            (nameof(LookAhead), LookAhead, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            (nameof(Lease), Lease, TimeSpan.FromSeconds(3), Core.Leadership.LeaderLease.Longest),
            (nameof(Poll), Poll, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1)),
            (nameof(Rescue), Rescue, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            (nameof(KeepSucceeded), KeepSucceeded, TimeSpan.FromMinutes(1), TimeSpan.FromDays(36_500)),
            (nameof(KeepFailed), KeepFailed, TimeSpan.FromMinutes(1), TimeSpan.FromDays(36_500)),
            (nameof(KeepInbox), KeepInbox, TimeSpan.FromMinutes(1), TimeSpan.FromDays(36_500)),
        ];
        foreach (var (name, value, least, most) in ranges)
        {
            if (value < least || value > most)
                yield return $"{Section}:{name}: '{value}' is not allowed; allowed is {least} to {most}.";
        }
    }
}
