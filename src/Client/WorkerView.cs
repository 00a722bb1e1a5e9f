namespace Fleet.Client;

/// <summary>A worker process.</summary>
public record WorkerView
{
    /// <summary>The id, which its process chose.</summary>
    public string Id { get; init; } = "";

    /// <summary>What people call it.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>active</c>; <c>draining</c>: takes no new runs and still executes some; <c>drained</c>: takes no new runs and executes
    /// none; <c>gone</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Slots by lane, as many as it begins with; none while its process stops.</summary>
    public IReadOnlyDictionary<string, int> Lanes { get; init; } = new Dictionary<string, int>();

    /// <summary>Slots that execute a run, by lane, as of the last heartbeat.</summary>
    public IReadOnlyDictionary<string, int> Busy { get; init; } = new Dictionary<string, int>();

    /// <summary>Number of runs that it executes, as of the last heartbeat.</summary>
    public int Running { get; init; }

    /// <summary>Name of the program.</summary>
    public string Program { get; init; } = "";

    /// <summary>Version of the program.</summary>
    public string Version { get; init; } = "";

    /// <summary>The name of its machine.</summary>
    public string Machine { get; init; } = "";

    /// <summary>The process id on its machine.</summary>
    public int ProcessId { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When its last heartbeat was.</summary>
    public DateTimeOffset HeartbeatAt { get; init; }

    /// <summary>How long ago its last heartbeat was.</summary>
    public TimeSpan HeartbeatAge { get; init; }

    /// <summary>When somebody asked it to take no new runs; null when nobody did.</summary>
    public DateTimeOffset? DrainSince { get; init; }

    /// <summary>Who asked.</summary>
    public ActorView? DrainBy { get; init; }

    /// <summary>Why, in words; null when nobody said.</summary>
    public string? DrainReason { get; init; }
}

/// <summary>A worker process with the jobs that it knows and the runs that it holds.</summary>
public sealed record WorkerDetailView : WorkerView
{
    /// <summary>Names of the jobs that it knows.</summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>The runs that it executes, up to 100; the longest first.</summary>
    public IReadOnlyList<WorkerRunView> Runs { get; init; } = [];
}

/// <summary>A run that a worker executes.</summary>
public sealed record WorkerRunView
{
    /// <summary>The id of the run.</summary>
    public string Id { get; init; } = "";

    /// <summary>The name of its job.</summary>
    public string Job { get; init; } = "";

    /// <summary>Its lane.</summary>
    public string Lane { get; init; } = "";

    /// <summary>The number of the attempt.</summary>
    public int Attempt { get; init; }

    /// <summary>When the attempt started.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}
