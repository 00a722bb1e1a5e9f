using Fleet.Core.Actors;
using Fleet.Core.Rules;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>lanes</c>: a lane that a worker serves or has served, or that a caller has named or paused.</summary>
public sealed class LaneRow
{
    /// <summary>Maximum length of <see cref="PauseReason"/>, in characters.</summary>
    public const int MaxReason = 500;

    public string Name { get; set; } = "";

    public DateTimeOffset FirstSeenAt { get; set; }

    /// <summary>When the lane was paused; null when it never was. A pause that has ended stays here.</summary>
    public DateTimeOffset? PausedSince { get; set; }

    public Actor? PausedBy { get; set; }

    /// <summary>The reason of the pause, in words for people.</summary>
    public string? PauseReason { get; set; }

    /// <summary>When the pause ends by itself; null: when somebody resumes the lane. After that, <see cref="PausedSince"/>.</summary>
    public DateTimeOffset? PausedUntil { get; set; }

    /// <summary>Whether the lane is paused at an instant.</summary>
    public bool IsPaused(DateTimeOffset now) => PausedSince is not null && !(PausedUntil <= now);

    /// <summary>The version of what people edit: the pause.</summary>
    public string EditVersion() => VersionOf.Parts(
        Name, VersionOf.Instant(PausedSince), PausedBy?.ToRow(), PauseReason, VersionOf.Instant(PausedUntil));
}
