using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules;

/// <summary>What becomes of a fire time.</summary>
public enum FiringChange
{
    Kept = 0,
    Added = 1,
    Removed = 2,
}

/// <summary>A fire time of a schedule before or after an edit.</summary>
public readonly record struct ChangedFiring(DateTimeOffset At, FiringChange Change);

/// <summary>What an edit of a schedule does to its fire times in a range.</summary>
/// <param name="Added">How many are new.</param>
/// <param name="Removed">How many go.</param>
/// <param name="Kept">How many stay.</param>
/// <param name="Changes">Those that are new or go, in order; the first so many.</param>
/// <param name="TruncatedAt">The first fire time that was not counted, because there are too many. Null: all were counted.</param>
public sealed record FiringsDiff(int Added, int Removed, int Kept, IReadOnlyList<ChangedFiring> Changes, DateTimeOffset? TruncatedAt)
{
    /// <summary>True when <see cref="Changes"/> does not list all there are.</summary>
    public bool IsTruncated => TruncatedAt is not null || Changes.Count < Added + Removed;
}

/// <summary>Compares the fire times of two triggers: pure.</summary>
public static class DiffFirings
{
    /// <summary>The most fire times that are counted, both triggers together.</summary>
    public const int MostFirings = 200_000;

    /// <param name="before">The trigger as it is.</param>
    /// <param name="after">The trigger as it would be.</param>
    /// <param name="range">Which fire times.</param>
    /// <param name="mostListed">How many changes are listed.</param>
    /// <param name="mostFirings">After how many it stops.</param>
    public static FiringsDiff Execute(Trigger before, Trigger after, PreviewRange range, int mostListed, int mostFirings = MostFirings)
    {
        int[] counts = new int[3];
        var changes = new List<ChangedFiring>();
        var (old, next) = (Next(before, range.After), Next(after, range.After));
        for (var looked = 0; (old ?? next) is not null; looked++)
        {
            var change = old == next ? FiringChange.Kept : next is null || old < next ? FiringChange.Removed : FiringChange.Added;
            var at = change == FiringChange.Added ? next!.Value : old!.Value;
            if (looked == mostFirings)
                return new FiringsDiff(counts[1], counts[2], counts[0], changes, at);
            counts[(int)change]++;
            if (change != FiringChange.Kept && changes.Count < mostListed)
                changes.Add(new ChangedFiring(at, change));
            if (change != FiringChange.Added)
                old = Next(before, at);
            if (change != FiringChange.Removed)
                next = Next(after, at);
        }

        return new FiringsDiff(counts[1], counts[2], counts[0], changes, null);

        DateTimeOffset? Next(Trigger trigger, DateTimeOffset from) => trigger.Next(from) is { } found && found <= range.Until ? found : null;
    }
}
