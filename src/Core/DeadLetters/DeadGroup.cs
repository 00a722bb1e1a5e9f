using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.DeadLetters;

/// <summary>Dead letters with the same fingerprint.</summary>
/// <param name="Fingerprint">The fingerprint.</param>
/// <param name="Count">How many there are.</param>
/// <param name="FirstAt">When the oldest of them failed; of those that were looked at.</param>
/// <param name="LastAt">When the newest of them failed.</param>
/// <param name="LastDay">How many failed in the last 24 hours.</param>
/// <param name="DayBefore">How many failed in the 24 hours before.</param>
/// <param name="Jobs">Their jobs, the one with the most first.</param>
/// <param name="Mute">Set while the group is muted.</param>
public sealed record DeadGroup(
    string Fingerprint, CappedCount Count, DateTimeOffset FirstAt, DateTimeOffset LastAt, int LastDay, int DayBefore,
    IReadOnlyList<JobOfGroup> Jobs, Mute? Mute);

/// <summary>A job of a group.</summary>
/// <param name="Job">Its name.</param>
/// <param name="Count">How many dead letters of the group are of it; of those that were looked at.</param>
public sealed record JobOfGroup(string Job, int Count);

/// <summary>A version of the program whose workers have met a group.</summary>
/// <param name="Version">The version.</param>
/// <param name="Count">How many dead letters of the group it made; of those that were looked at.</param>
/// <param name="FirstAt">When the first of them failed.</param>
/// <param name="LastAt">When the last of them failed.</param>
public sealed record VersionOfGroup(string Version, int Count, DateTimeOffset FirstAt, DateTimeOffset LastAt);

/// <summary>Groups of dead letters.</summary>
/// <param name="Groups">The groups, the one with the newest dead letter first.</param>
/// <param name="BackTo">Set when not all dead letters were looked at: since when all that failed were.</param>
/// <param name="Rows">How many dead letters were looked at.</param>
/// <param name="IsComplete">True when all were looked at.</param>
public sealed record GroupList(IReadOnlyList<DeadGroup> Groups, DateTimeOffset? BackTo, int Rows, bool IsComplete);

/// <summary>A group with what one needs to understand it.</summary>
/// <param name="Group">The group.</param>
/// <param name="Trend">How many failed in each of the last 24 hours, the oldest hour first.</param>
/// <param name="Versions">The versions of the program that met it, the latest first.</param>
public sealed record DeadGroupDetail(DeadGroup Group, IReadOnlyList<int> Trend, IReadOnlyList<VersionOfGroup> Versions)
{
    /// <summary>The lanes of its dead letters.</summary>
    public IReadOnlyList<string> Lanes { get; init; } = [];

    /// <summary>Its newest runs, the newest first.</summary>
    public IReadOnlyList<Run> Samples { get; init; } = [];

    /// <summary>The stack of the newest; null when it has none.</summary>
    public string? Stack { get; init; }

    /// <summary>Set when not all dead letters were looked at: since when the trend is known.</summary>
    public DateTimeOffset? TrendSince { get; init; }
}
