namespace Fleet.Engine.Workers;

/// <summary>The section <c>Fleet:Worker</c>.</summary>
public sealed class WorkerOptions
{
    public const string Section = "Fleet:Worker";

    /// <summary>How much longer than the drain a process may take to stop: for handlers that stop late, for the last writes and for
    /// closing connections.</summary>
    public static readonly TimeSpan StopReserve = TimeSpan.FromSeconds(15);

    /// <summary>Lane → slots, 1–10000: the most runs of the lane that this process executes at once. Empty: every lane that a
    /// registered job names, with <see cref="DefaultSlots"/> each.</summary>
    public Dictionary<string, int> Lanes { get; set; } = [];

    /// <summary>1–10000. Null (the default): the slots of each lane are sized by themselves, <see cref="WorkerLanes.SlotsAtFirst"/> at
    /// first and up to <see cref="WorkerLanes.MaxSlots"/> (embedded: <see cref="WorkerLanes.MaxSlotsEmbedded"/>) while its handlers take no
    /// more than <see cref="SlotPool.Short"/> on average.</summary>
    public int? DefaultSlots { get; set; }

    /// <summary>How long the worker counts as alive without a heartbeat; 3 s to 5 min. Default: 10 s.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the lease is renewed; at most a third of it. Default: 2.5 s.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(2.5);

    /// <summary>How long running jobs may go on after a request to stop; 0 to 1 h. Default: 30 s.</summary>
    public TimeSpan Drain { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after the request to stop the process is killed, as its platform is set: stop_grace_period,
    /// terminationGracePeriodSeconds, TimeoutStopSec; 1 s to 2 h. The worker cannot find that out; it warns at its start and at its stop
    /// when this is shorter than
    /// <see cref="Drain"/> and the 15 s that flushing and closing may take. Null (the default): not known.</summary>
    public TimeSpan? KillAfter { get; set; }

    /// <summary>How long a handler may take to stop once its token tripped; after that its run is given up while the
    /// handler keeps its slot; 0 to 1 h. Default: 10 s.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a nudge waits for a free slot before it goes back for other workers; it stays while others wait in the lane
    /// still. Doubles, up to 1 s, while no slot comes free. Default: 50 ms.</summary>
    public TimeSpan GiveBackAfter { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The timeout of jobs that name none; 1 ms to 30 days, as in <c>[Job]</c>. Null (the default): none.</summary>
    public TimeSpan? DefaultTimeout { get; set; }

    /// <summary>True: if blocking handlers fill the thread pool of the process, the pool gets more threads until it is quiet again. False:
    /// a warning says so, and the pool stays as the program has set it. Default: false in a program that has Fleet inside, true in Fleet's
    /// own programs.</summary>
    public bool GrowThreadPool { get; set; }

    /// <summary>Adds the diagnostic jobs (<c>diag.echo</c> and so on). Default: false.</summary>
    public bool Diagnostics { get; set; }

    /// <summary>What is wrong with the values; empty when all is well.</summary>
    public IEnumerable<string> Check()
    {
        foreach (var (lane, slots) in Lanes)
        {
            if (Core.Rules.RunRules.CheckLane(lane) is { } error)
                yield return $"{Section}:Lanes:{error.Value}: {error.Message}";
            if (slots is < 1 or > 10_000)
                yield return $"{Section}:Lanes:{lane}: '{slots}' is not allowed; allowed is 1–10000.";
        }

        if (DefaultSlots is < 1 or > 10_000)
            yield return $"{Section}:DefaultSlots: '{DefaultSlots}' is not allowed; allowed is 1–10000.";
        if (Lease < TimeSpan.FromSeconds(3) || Lease > TimeSpan.FromMinutes(5))
            yield return $"{Section}:Lease: '{Lease}' is not allowed; allowed is 00:00:03 to 00:05:00.";
        if (Heartbeat <= TimeSpan.Zero || Heartbeat * 3 > Lease)
            yield return $"{Section}:Heartbeat: '{Heartbeat}' is not allowed; allowed is more than 0, at most a third of Lease ({Lease}).";
        (string, TimeSpan)[] upToAnHour = [(nameof(Drain), Drain), (nameof(StopGrace), StopGrace), (nameof(GiveBackAfter), GiveBackAfter)];
        foreach (var (name, value) in upToAnHour)
        {
            if (value < TimeSpan.Zero || value > TimeSpan.FromHours(1))
                yield return $"{Section}:{name}: '{value}' is not allowed; allowed is 00:00:00 to 01:00:00.";
        }

        if (KillAfter < TimeSpan.FromSeconds(1) || KillAfter > TimeSpan.FromHours(2))
            yield return $"{Section}:KillAfter: '{KillAfter}' is not allowed; allowed is 00:00:01 to 02:00:00, or nothing.";
        if (DefaultTimeout is { } timeout && !Core.Jobs.JobDefinition.IsTimeout(timeout))
        {
            yield return $"{Section}:DefaultTimeout: '{DefaultTimeout}' is not allowed; "
                + "allowed is 00:00:00.001 to 30.00:00:00 (30 days), or nothing.";
        }
    }
}
