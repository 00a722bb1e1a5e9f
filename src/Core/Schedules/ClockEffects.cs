using System.Globalization;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules;

/// <summary>What a moved clock does to a schedule's time of day.</summary>
public enum ClockEffectKind
{
    /// <summary>The clock skips the time; it fires when the clock has jumped.</summary>
    Skipped = 0,

    /// <summary>The clock shows the time twice; it fires the first time only.</summary>
    Once = 1,

    /// <summary>The clock shows the time twice; it fires both times.</summary>
    Twice = 2,
}

/// <summary>What a change of the clock does to the fire times of one schedule.</summary>
/// <param name="Kind">Which of the effects.</param>
/// <param name="Change">The change of the clock.</param>
/// <param name="Count">How many times on the wall are affected; at least 1.</param>
/// <param name="WallTimes">The first of them, at most <see cref="MostShown"/>.</param>
/// <param name="FireTimes">When it fires for them, in the zone's offset, in the order of time; at most <see cref="MostShown"/>.</param>
public sealed record ClockEffect(
    ClockEffectKind Kind, ClockChange Change, int Count, IReadOnlyList<DateTime> WallTimes, IReadOnlyList<DateTimeOffset> FireTimes)
{
    /// <summary>The most times that an effect lists.</summary>
    public const int MostShown = 6;

    private const int MostInText = 3;

    /// <summary>A sentence for people, without its full stop: <c>the clock skips 02:30; it fires at 03:00, when the clock has jumped</c>.</summary>
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
            var shown = string.Join(", ", WallTimes.Take(MostInText).Select(Clock));
            return Count <= MostInText ? shown : $"{shown} and {Count - MostInText} more";
        }
    }

    // Samoa once skipped a whole day.
    private string Jumped => FireTimes[0].Date == Change.WallBefore.Date
        ? Clock(FireTimes[0].DateTime)
        : FireTimes[0].ToString("yyyy-MM-dd ", CultureInfo.InvariantCulture) + Clock(FireTimes[0].DateTime);

    private static string Clock(DateTime wall) => wall.ToString(wall.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture);
}

/// <summary>Finds the fire times of a trigger that a change of the clock affects.</summary>
public static class ClockEffects
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    // The clock is never moved further than this, so a change that touches a range is no further away.
    private static readonly TimeSpan Margin = TimeSpan.FromDays(2);

    /// <summary>What changes of the clock do to the fire times in a range, in order: one for each change and kind.</summary>
    /// <param name="trigger">The schedule's trigger.</param>
    /// <param name="cron">Its cron expression. Null, or <c>@every</c>: there are no effects, since it does not look at the wall.</param>
    /// <param name="zoneId">IANA id of its time zone. Null: UTC, where the clock is never moved.</param>
    /// <param name="range">Which fire times.</param>
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
                    [.. group.SelectMany(e => e.WallTimes).Take(ClockEffect.MostShown)],
                    [.. group.SelectMany(e => e.FireTimes).Order().Take(ClockEffect.MostShown)])),
        ];
    }

    /// <summary>What changes of the clock do to each of some fire times, for a remark beside it; those without one are left out.</summary>
    /// <inheritdoc cref="Summarize"/>
    /// <param name="fireTimes">Of the trigger, in order.</param>
    public static IReadOnlyDictionary<DateTimeOffset, ClockEffect> ByFireTime(
        Trigger trigger, string? cron, string? zoneId, IEnumerable<DateTimeOffset> fireTimes)
    {
        var effects = new Dictionary<DateTimeOffset, ClockEffect>();
        if (Calendar(cron, zoneId, out var zone) is not { } calendar)
            return effects;

        // Looks around each fire time, which may be years apart; once around those that lie close to one change.
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

    /// <summary>The calendar of a cron expression, which is the expression in UTC: what the wall would show if no clock were ever moved.</summary>
    private static Trigger? Calendar(string? cron, string? zoneId, out TimeZoneInfo zone)
    {
        zone = TimeZoneInfo.Utc;
        if (cron is null || zoneId is null || !Zones.TryFind(zoneId, out var found, out _))
            return null;
        zone = found;
        return Trigger.TryParse(new TriggerSpec { Cron = cron }, out var calendar, out _) && calendar.Kind == "cron" ? calendar : null;
    }

    /// <summary>All that one change does: one effect for what it skips, one for each time that it repeats.</summary>
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
            if (count++ < ClockEffect.MostShown)
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
