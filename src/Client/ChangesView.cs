using System.Text.Json.Serialization;

namespace Fleet.Client;

/// <summary>What has changed since the event before: the data of the event <c>changes</c>. It says what to read again, and has a bounded
/// size however much changed.</summary>
public sealed record ChangesView
{
    /// <summary>The runs; null when none changed.</summary>
    public RunChangesView? Runs { get; init; }

    /// <summary>Names of lanes whose numbers changed; at most 50.</summary>
    public IReadOnlyList<string> Lanes { get; init; } = [];

    /// <summary>Ids of workers that are new, gone or have another state; at most 50.</summary>
    public IReadOnlyList<string> Workers { get; init; } = [];

    /// <summary>True when a schedule was put, deleted, or given another status.</summary>
    public bool Schedules { get; init; }
}

/// <summary>Which runs have changed.</summary>
public sealed record RunChangesView
{
    /// <summary>Runs that are new or have another state, the newest first; at most 50.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>Their jobs.</summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>The states in which there are other runs now, as words.</summary>
    public IReadOnlyList<string> States { get; init; } = [];

    /// <summary>True when other runs than those named may have changed, too.</summary>
    public bool More { get; init; }
}

/// <summary>A run that is followed: the data of the event <c>run</c>.</summary>
public sealed record RunChangeView
{
    /// <summary>The id of the run.</summary>
    public string Id { get; init; } = "";

    /// <summary><c>pending</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>canceled</c>; <c>deleted</c> when it was
    /// pruned.</summary>
    public string State { get; init; } = "";

    /// <summary>The name of its job; empty when it was pruned.</summary>
    public string Job { get; init; } = "";

    /// <summary>Its lane; empty when it was pruned.</summary>
    public string Lane { get; init; } = "";

    /// <summary>The number of the current or latest attempt, from 1; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>The earliest instant at which it may start.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the current or latest attempt started; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null until then.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>True when it was asked to stop.</summary>
    public bool Stopping { get; init; }

    /// <summary>From 0 to 1, as its handler says.</summary>
    public double? Progress { get; init; }

    /// <summary>What its handler said with the progress; null when it said nothing.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>The latest error, or the reason of the cancel; the first 500 characters.</summary>
    public string? Error { get; init; }

    /// <summary>True when it will not change any more, unless somebody replays it.</summary>
    [JsonIgnore]
    public bool Ended => State is "succeeded" or "failed" or "canceled" or "deleted";
}

/// <summary>Why a client has to read everything again: the data of the event <c>resync</c>.</summary>
public sealed record ResyncView
{
    /// <summary>In words for people.</summary>
    public string Reason { get; init; } = "";
}
