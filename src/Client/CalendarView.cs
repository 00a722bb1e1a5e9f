namespace Fleet.Client;

/// <summary>What fires when: the expected starts of all running schedules, by the clock of a zone.</summary>
public sealed record CalendarView
{
    /// <summary>Fire times after this instant.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Up to and including this one.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>IANA id of the zone of days and hours.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>Number of fire times.</summary>
    public int Firings { get; init; }

    /// <summary>The first fire time that was not counted, because there are more than a million: all figures are of what comes before it.
    /// Null: all were counted.</summary>
    public DateTimeOffset? TruncatedAt { get; init; }

    /// <summary>True if the mean duration of at least one job is known. Otherwise all slots are 0.</summary>
    public bool HasDurations { get; init; }

    /// <summary>The days of the range, in order. The first and the last may be a part of a day.</summary>
    public IReadOnlyList<CalendarDayView> Days { get; init; } = [];

    /// <summary>A heat map of 7 × 24: the days of a week, Monday first, as the mean of such days in the range.</summary>
    public IReadOnlyList<CalendarWeekDayView> Week { get; init; } = [];
}

/// <summary>A day of the calendar.</summary>
public sealed record CalendarDayView
{
    /// <summary>The date, such as <c>2026-03-29</c>.</summary>
    public string Date { get; init; } = "";

    /// <summary><c>monday</c> to <c>sunday</c>.</summary>
    public string Day { get; init; } = "";

    /// <summary>Runs that start, by the hour that the clock shows: 24 numbers. An hour that the clock shows twice has both.</summary>
    public IReadOnlyList<int> Starts { get; init; } = [];

    /// <summary>Slots that are expected in use on average, by hour: starts × mean duration of their jobs.</summary>
    public IReadOnlyList<double> Slots { get; init; } = [];

    /// <summary>The change of the clock on this day; null for none.</summary>
    public CalendarClockChangeView? ClockChange { get; init; }
}

/// <summary>A change of the clock, such as the beginning of daylight saving time.</summary>
public sealed record CalendarClockChangeView
{
    /// <summary>When, in the offset that holds from then on.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>How far the clock is moved, in minutes; negative when it is set back.</summary>
    public double Minutes { get; init; }
}

/// <summary>A day of the week.</summary>
public sealed record CalendarWeekDayView
{
    /// <summary><c>monday</c> to <c>sunday</c>.</summary>
    public string Day { get; init; } = "";

    /// <summary>Runs that start in such an hour: 24 numbers.</summary>
    public IReadOnlyList<double> Starts { get; init; } = [];

    /// <summary>Slots that are expected in use on average in such an hour.</summary>
    public IReadOnlyList<double> Slots { get; init; } = [];
}
