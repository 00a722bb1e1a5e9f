using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>mutes</c>: a group of dead letters that somebody does not want to see for a while.</summary>
public sealed class Mute
{
    /// <summary>The fingerprint of the group.</summary>
    public string Fingerprint { get; set; } = "";

    public DateTimeOffset At { get; set; }

    public required Actor By { get; set; }

    /// <summary>When it ends; null if it does not end at a time.</summary>
    public DateTimeOffset? Until { get; set; }

    /// <summary>The versions of the program that had met the group by then, as a JSON array. It ends when another version meets the group.
    /// Null if it does not end by that.</summary>
    public string? Versions { get; set; }

    /// <summary>Why, in words for people.</summary>
    public string? Reason { get; set; }
}
