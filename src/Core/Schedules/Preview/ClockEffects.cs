using System.Globalization;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules.Preview;

/// <summary>How a clock change affects a schedule's local fire times.</summary>
public enum ClockEffectKind
{
    /// <summary>The local time is skipped; the schedule fires right after the change.</summary>
    Skipped = 0,

    /// <summary>The local time occurs twice; the schedule fires only the first time.</summary>
    Once = 1,

    /// <summary>The local time occurs twice; the schedule fires both times.</summary>
    Twice = 2,
}

/// <summary>The effect of one clock change on the fire times of one schedule.</summary>
/// <param name="Kind">The kind of effect.</param>
/// <param name="Change">The clock change.</param>
/// <param name="Count">Number of affected local times; at least 1.</param>
/// <param name="WallTimes">The first affected local times, at most <see cref="MaxShown"/>.</param>
/// <param name="FireTimes">The fire times for them, with the zone's offset, in chronological order; at most
/// <see cref="MaxShown"/>.</param>
public sealed record ClockEffect(
    ClockEffectKind Kind, ClockChange Change, int Count, IReadOnlyList<DateTime> WallTimes, IReadOnlyList<DateTimeOffset> FireTimes)
{
    /// <summary>Maximum number of times that an effect lists.</summary>
    public const int MaxShown = 6;

    private const int MaxInText = 3;

    /// <summary>A sentence for people, without the full stop: <c>the clock skips 02:30; it fires at 03:00, when the clock has
    /// jumped</c>.</summary>
    public string Description => Kind switch
    {
        ClockEffectKind.Skipped => $"the clock skips {Times}; it fires at {Jumped}, when the clock has jumped",
        ClockEffectKind.Once => $"the clock shows {Times} twice; it fires the first time only",
        _ => $"the clock shows {Times} twice; it fires both times",
    };

    private string Times
    {
        get
        {
            var shown = string.Join(", ", WallTimes.Take(MaxInText).Select(Clock));
            return Count <= MaxInText ? shown : $"{shown} and {Count - MaxInText} more";
        }
    }

    // In 2011 Samoa skipped a whole day, so the date may differ.
    private string Jumped => FireTimes[0].Date == Change.WallBefore.Date
        ? Clock(FireTimes[0].DateTime)
        : FireTimes[0].ToString("yyyy-MM-dd ", CultureInfo.InvariantCulture) + Clock(FireTimes[0].DateTime);

    private static string Clock(DateTime wall) => wall.ToString(wall.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture);
}

/// <summary>Finds the fire times of a trigger that are affected by clock changes.</summary>
public static class ClockEffects
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    // No clock change is larger than this, so no change further away can affect the range.
    private static readonly TimeSpan Margin = TimeSpan.FromDays(2);

    /// <summary>Returns the effects of clock changes on the fire times in a range, in order: one per change and kind.</summary>
    /// <param name="trigger">The schedule's trigger.</param>
    /// <param name="cron">Its cron expression. Null or <c>@every</c>: no effects, because an interval does not depend on local
    /// time.</param>
    /// <param name="zoneId">IANA id of its time zone. Null: UTC, which has no clock changes.</param>
    /// <param name="range">The range of fire times.</param>
    public static IReadOnlyList<ClockEffect> Summarize(Trigger trigger, string? cron, string? zoneId, PreviewRange range)
    {
        if (Calendar(cron, zoneId, out var zone) is not { } calendar)
            return [];
        return
        [
            .. ClockChange.Between(zone, range.After - Margin, range.Until + Margin).SelectMany(change => Each(trigger, calendar, change))
                .Where(e => e.FireTimes.Any(range.Contains))
                .GroupBy(e => (e.Kind, e.Change)).Select(group => new ClockEffect(
                    group.Key.Kind,
                    group.Key.Change,
                    group.Sum(e => e.Count),
                    [.. group.SelectMany(e => e.WallTimes).Take(ClockEffect.MaxShown)],
                    [.. group.SelectMany(e => e.FireTimes).Order().Take(ClockEffect.MaxShown)])),
        ];
    }

    /// <summary>Returns the effect of a clock change on each of the given fire times. Fire times that are not affected are left
    /// out.</summary>
    /// <inheritdoc cref="Summarize"/>
    /// <param name="fireTimes">Fire times of the trigger, in order.</param>
    public static IReadOnlyDictionary<DateTimeOffset, ClockEffect> ByFireTime(
        Trigger trigger, string? cron, string? zoneId, IEnumerable<DateTimeOffset> fireTimes)
    {
        var effects = new Dictionary<DateTimeOffset, ClockEffect>();
        if (Calendar(cron, zoneId, out var zone) is not { } calendar)
            return effects;

        // The search covers a few days around each fire time, because fire times may be years apart. Fire times near the same change share
        // one search.
        var done = DateTimeOffset.MinValue;
        foreach (var fireTime in fireTimes.Where(f => f > done))
        {
            foreach (var change in ClockChange.Between(zone, fireTime - Margin, fireTime + Margin))
            {
                foreach (var effect in Each(trigger, calendar, change))
                {
                    foreach (var affected in effect.FireTimes)
                        effects.TryAdd(affected, effect);
                }

                done = change.At + change.By;
            }
        }

        return effects;
    }

    /// <summary>The cron expression evaluated in UTC. Its fire times are the local times if no clock ever changed.</summary>
    private static Trigger? Calendar(string? cron, string? zoneId, out TimeZoneInfo zone)
    {
        zone = TimeZoneInfo.Utc;
        if (cron is null || zoneId is null || !Zones.TryFind(zoneId, out var found, out _))
            return null;
        zone = found;
        return Trigger.TryParse(new TriggerSpec { Cron = cron }, out var calendar, out _) && calendar.Kind == "cron" ? calendar : null;
    }

    /// <summary>All effects of one change: one effect for the times it skips, and one for each time it repeats.</summary>
    private static IEnumerable<ClockEffect> Each(Trigger trigger, Trigger calendar, ClockChange change) =>
        change.IsBack ? Repeated(trigger, change) : Skipped(trigger, calendar, change);

    private static IEnumerable<ClockEffect> Skipped(Trigger trigger, Trigger calendar, ClockChange change)
    {
        if (trigger.Next(change.At - Tick) != change.At)
            yield break;
        var count = 0;
        var walls = new List<DateTime>();
        foreach (var wall in calendar.Between(AsUtc(change.WallBefore) - Tick, AsUtc(change.WallAfter) - Tick))
        {
            if (count++ < ClockEffect.MaxShown)
                walls.Add(wall.DateTime);
        }

        if (count > 0)
            yield return new ClockEffect(ClockEffectKind.Skipped, change, count, walls, [change.At.ToOffset(change.After)]);
    }

    private static IEnumerable<ClockEffect> Repeated(Trigger trigger, ClockChange change)
    {
        foreach (var first in trigger.Between(change.At - change.By - Tick, change.At - Tick))
        {
            var again = first + change.By;
            var isTwice = trigger.Next(again - Tick) == again;
            var (early, late) = (first.ToOffset(change.Before), again.ToOffset(change.After));
            yield return new ClockEffect(
                isTwice ? ClockEffectKind.Twice : ClockEffectKind.Once, change, 1, [early.DateTime], isTwice ? [early, late] : [early]);
        }
    }

    private static DateTimeOffset AsUtc(DateTime wall) => new(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), TimeSpan.Zero);
}
