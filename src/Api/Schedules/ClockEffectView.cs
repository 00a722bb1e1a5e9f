using Fleet.Core.Schedules.Preview;

namespace Fleet.Api.Schedules;

/// <summary>What a change of the clock does to fire times.</summary>
public sealed record ClockEffectView
{
    public required ClockEffectKind Kind { get; init; }

    /// <summary>When the clock is moved, in the offset that holds from then on.</summary>
    public required DateTimeOffset ChangeAt { get; init; }

    /// <summary>How far the clock is moved, in minutes; negative when it is set back.</summary>
    public required double Minutes { get; init; }

    /// <summary>How many times on the wall are affected.</summary>
    public required int Count { get; init; }

    /// <summary>When it fires for them, in the zone's offset; the first few.</summary>
    public required IReadOnlyList<DateTimeOffset> FireTimes { get; init; }

    /// <summary>The same in a sentence for people.</summary>
    public required string Text { get; init; }

    public static ClockEffectView From(ClockEffect effect) => new()
    {
        Kind = effect.Kind,
        ChangeAt = effect.Change.At.ToOffset(effect.Change.After),
        Minutes = (effect.Change.After - effect.Change.Before).TotalMinutes,
        Count = effect.Count,
        FireTimes = effect.FireTimes,
        Text = effect.Description,
    };
}
