using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules.Preview;

/// <summary>How an edit changes a fire time.</summary>
public enum FiringChange
{
    Kept = 0,
    Added = 1,
    Removed = 2,
}

/// <summary>A fire time of a schedule, before or after an edit.</summary>
public readonly record struct ChangedFiring(DateTimeOffset At, FiringChange Change);

/// <summary>How an edit of a schedule changes its fire times in a range.</summary>
/// <param name="Added">Number of new fire times.</param>
/// <param name="Removed">Number of removed fire times.</param>
/// <param name="Kept">Number of fire times that stay.</param>
/// <param name="Changes">The added and removed fire times, in order; at most as many as were asked for.</param>
/// <param name="TruncatedAt">The first fire time that was not counted because there are too many. Null: all were counted.</param>
public sealed record FiringsDiff(int Added, int Removed, int Kept, IReadOnlyList<ChangedFiring> Changes, DateTimeOffset? TruncatedAt)
{
    /// <summary>True when <see cref="Changes"/> does not list every change.</summary>
    public bool IsTruncated => TruncatedAt is not null || Changes.Count < Added + Removed;
}

/// <summary>Compares the fire times of two triggers. A pure function.</summary>
public static class DiffFirings
{
    /// <summary>Maximum number of fire times that are counted, both triggers together.</summary>
    public const int MaxFirings = 200_000;

    /// <param name="before">The current trigger.</param>
    /// <param name="after">The trigger after the edit.</param>
    /// <param name="range">The range of fire times.</param>
    /// <param name="maxListed">Maximum number of changes in the list.</param>
    /// <param name="maxFirings">Maximum number of fire times that are counted.</param>
    public static FiringsDiff Execute(Trigger before, Trigger after, PreviewRange range, int maxListed, int maxFirings = MaxFirings)
    {
        int[] counts = new int[3];
        var changes = new List<ChangedFiring>();
        var (old, next) = (Next(before, range.After), Next(after, range.After));
        for (var looked = 0; (old ?? next) is not null; looked++)
        {
            var change = old == next ? FiringChange.Kept : next is null || old < next ? FiringChange.Removed : FiringChange.Added;
            var at = change == FiringChange.Added ? next!.Value : old!.Value;
            if (looked == maxFirings)
                return new FiringsDiff(counts[1], counts[2], counts[0], changes, at);
            counts[(int)change]++;
            if (change != FiringChange.Kept && changes.Count < maxListed)
                changes.Add(new ChangedFiring(at, change));
            if (change != FiringChange.Added)
                old = Next(before, at);
            if (change != FiringChange.Removed)
                next = Next(after, at);
        }

        return new FiringsDiff(counts[1], counts[2], counts[0], changes, null);

        DateTimeOffset? Next(Trigger trigger, DateTimeOffset from) =>
            trigger.Next(from) is { } found && found <= range.Until ? found : null;
    }
}
