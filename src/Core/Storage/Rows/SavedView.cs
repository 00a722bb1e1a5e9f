using Fleet.Core.Actors;
using Fleet.Core.Rules;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>views</c>: a query for runs that somebody keeps under a name.</summary>
public sealed class SavedView
{
    public string Name { get; set; } = "";

    public string Query { get; set; } = "";

    /// <summary>JSON array of the names of the columns to show, in their order; null: the usual ones.</summary>
    public string? Columns { get; set; }

    /// <summary>The column to sort a page by, with <c>-</c> in front for descending; null: the last created first.</summary>
    public string? Sort { get; set; }

    /// <summary>Whether others see it in their lists.</summary>
    public bool Shared { get; set; }

    /// <summary>Who made it.</summary>
    public Actor? Owner { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ChangedAt { get; set; }

    /// <summary>Who changed it last.</summary>
    public Actor? ChangedBy { get; set; }

    /// <summary>Grows with each change.</summary>
    public long Version { get; set; }

    /// <summary>The version of what people edit.</summary>
    public string EditVersion() => VersionOf.Parts(Name, VersionOf.Instant(CreatedAt), $"{Version}");

    /// <summary>True if the caller made it. Without access, names of callers are recorded but not verified.</summary>
    public bool IsOwnedBy(Actor caller) => Owner is { } owner && owner.Name == caller.Name
        // A person who has signed in with a key and a program that sends it are one caller.
        && (owner.Kind == caller.Kind || caller.Via?.KeyId is not null);

    /// <summary>True if it is shared, or the caller's own.</summary>
    public bool IsSeenBy(Actor caller) => Shared || IsOwnedBy(caller);

    /// <summary>True if it is the caller's own, or shared and the caller an admin or code of this process.</summary>
    public bool MayBeChangedBy(Actor caller) => IsOwnedBy(caller) || (Shared && caller.Via is null or { Administers: true });
}
