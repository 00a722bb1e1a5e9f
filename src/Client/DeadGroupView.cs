using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Fleet.Client;

/// <summary>Dead letters with the same fingerprint.</summary>
public record DeadGroupView
{
    /// <summary>The fingerprint: <c>v1:</c> and 16 hexadecimal digits. <c>fingerprint:</c> of the query language finds its runs.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>How many dead letters it has.</summary>
    public CountView Count { get; init; } = new();

    /// <summary>When the oldest of them failed.</summary>
    public DateTimeOffset FirstAt { get; init; }

    /// <summary>When the newest of them failed.</summary>
    public DateTimeOffset LastAt { get; init; }

    /// <summary>How many failed in the last 24 hours.</summary>
    public int LastDay { get; init; }

    /// <summary>How many failed in the 24 hours before.</summary>
    public int DayBefore { get; init; }

    /// <summary>Their jobs, the one with the most first.</summary>
    public IReadOnlyList<DeadGroupJobView> Jobs { get; init; } = [];

    /// <summary>The type of the newest error.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The newest error.</summary>
    public string? Error { get; init; }

    /// <summary>The newest run.</summary>
    public string? NewestRun { get; init; }

    /// <summary>Set while the group is muted.</summary>
    public MuteView? Mute { get; init; }
}

/// <summary>A job of a group.</summary>
public sealed record DeadGroupJobView
{
    /// <summary>The name of the job.</summary>
    public string Job { get; init; } = "";

    /// <summary>How many of the dead letters that were looked at are of it.</summary>
    public int Count { get; init; }
}

/// <summary>Groups of dead letters.</summary>
public sealed record DeadGroupListView
{
    /// <summary>The groups, the one with the newest dead letter first.</summary>
    public IReadOnlyList<DeadGroupView> Items { get; init; } = [];

    /// <summary>How many groups match and are muted, and therefore left out; 0 with <c>muted=true</c>.</summary>
    public int Muted { get; init; }

    /// <summary>How far the server looked. <c>backTo</c> is since when it looked at all that failed.</summary>
    public ScannedView Scanned { get; init; } = new();
}

/// <summary>A group of dead letters with what one needs to understand it.</summary>
public sealed record DeadGroupDetailView : DeadGroupView
{
    /// <summary>The stack of the newest error; null when it has none.</summary>
    public string? Stack { get; init; }

    /// <summary>How many failed in each of the last 24 hours, the oldest hour first.</summary>
    public IReadOnlyList<int> Trend { get; init; } = [];

    /// <summary>Set when the group has more dead letters than were looked at: since when the trend is known.</summary>
    public DateTimeOffset? TrendSince { get; init; }

    /// <summary>The versions of the program whose workers met it, the latest first; without those that are not known.</summary>
    public IReadOnlyList<DeadGroupVersionView> Versions { get; init; } = [];

    /// <summary>The lanes of its dead letters.</summary>
    public IReadOnlyList<string> Lanes { get; init; } = [];

    /// <summary>Its newest runs, the newest first.</summary>
    public IReadOnlyList<RunView> Samples { get; init; } = [];

    /// <summary>Which args differ between runs that failed and runs of the same job that succeeded; null unless it was asked for.</summary>
    public ArgsComparisonView? Args { get; init; }
}

/// <summary>A version of the program that met a group.</summary>
public sealed record DeadGroupVersionView
{
    /// <summary>The version.</summary>
    public string Version { get; init; } = "";

    /// <summary>How many of the dead letters that were looked at failed under it.</summary>
    public int Count { get; init; }

    /// <summary>When the first of them failed.</summary>
    public DateTimeOffset FirstAt { get; init; }

    /// <summary>When the last of them failed.</summary>
    public DateTimeOffset LastAt { get; init; }
}

/// <summary>Args of dead letters of a group beside those of runs that succeeded.</summary>
public sealed record ArgsComparisonView
{
    /// <summary>The job of the runs: the one with the most dead letters of the group.</summary>
    public string Job { get; init; } = "";

    /// <summary>How many dead letters were compared: the newest, at most 200.</summary>
    public int FailedRuns { get; init; }

    /// <summary>How many runs that succeeded were compared: the newest that a search finds, at most 200.</summary>
    public int SucceededRuns { get; init; }

    /// <summary>False when there are too few runs of a kind to say anything: fewer than 5.</summary>
    public bool Enough { get; init; }

    /// <summary>What the failed runs have clearly more often, the clearest first; at most 10. A difference is a hint and no
    /// proof.</summary>
    public IReadOnlyList<ArgsDifferenceView> Differences { get; init; } = [];
}

/// <summary>A value that failed runs have more often.</summary>
public sealed record ArgsDifferenceView
{
    /// <summary>The member, such as <c>customer.country</c>; <c>[]</c> stands for any item of a list.</summary>
    public string Path { get; init; } = "";

    /// <summary>The value; left out if it is that the member is missing.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>True if it is that the member is missing.</summary>
    public bool Missing { get; init; }

    /// <summary>How many of the failed runs have it.</summary>
    public int Failed { get; init; }

    /// <summary>How many of the succeeded runs have it.</summary>
    public int Succeeded { get; init; }
}

/// <summary>A group that somebody muted.</summary>
public sealed record MuteView
{
    /// <summary>Since when.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who muted it.</summary>
    public ActorView? By { get; init; }

    /// <summary>When it ends; null if it does not end at a time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>True if it ends when a version of the program meets the group that has not met it by then.</summary>
    public bool UntilNewVersion { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }
}

/// <summary>How long a group is muted. One of the two ends is needed; with both, the earlier counts.</summary>
public sealed record MuteBody
{
    /// <summary>An instant to come, ISO 8601 with offset.</summary>
    public string? Until { get; init; }

    /// <summary>True: until a version of the program meets the group that has not met it yet.</summary>
    public bool? UntilNewVersion { get; init; }

    /// <summary>In words for people; the first 500 characters are kept.</summary>
    public string? Reason { get; init; }
}

/// <summary>Why dead letters are discarded.</summary>
public sealed record DiscardBody
{
    /// <summary>In words for people; the first 500 characters are kept.</summary>
    [Required]
    [MinLength(1)]
    public string? Reason { get; init; }
}

/// <summary>What a discard did.</summary>
public sealed record DiscardedView
{
    /// <summary>How many dead letters were discarded.</summary>
    public int Discarded { get; init; }

    /// <summary>True if the group has more of them: send the request again.</summary>
    public bool More { get; init; }
}

/// <summary>What a replay changes of the args. Left out: nothing.</summary>
public sealed record ReplayDeadLetterBody
{
    /// <summary>All args anew: a JSON object that fits the job's schema. <c>***</c> in the place of a secret keeps it.</summary>
    public JsonElement? Args { get; init; }

    /// <summary>A JSON merge patch (RFC 7396): its members replace those of the args, and null removes one. Not together with
    /// <see cref="Args"/>.</summary>
    public JsonElement? Patch { get; init; }
}

/// <summary>A dead letter that was replayed.</summary>
public sealed record ReplayedView
{
    /// <summary>The id of the run, which stays the same.</summary>
    public string Id { get; init; } = "";

    /// <summary>What differs in its args; at most 100 members.</summary>
    public IReadOnlyList<ArgsChangeView> Diff { get; init; } = [];
}

/// <summary>A member of the args that differs.</summary>
public sealed record ArgsChangeView
{
    /// <summary>The member, such as <c>customer.id</c> or <c>items[3]</c>.</summary>
    public string Path { get; init; } = "";

    /// <summary>Its value before; left out when it was missing.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>Its value since; left out when it is missing.</summary>
    public JsonElement? After { get; init; }
}
