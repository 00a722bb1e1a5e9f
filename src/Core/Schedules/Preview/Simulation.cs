using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules.Preview;

/// <summary>A schedule in a simulation.</summary>
/// <param name="Id">The schedule's id.</param>
/// <param name="Trigger">When it fires.</param>
/// <param name="Lane">The lane of its runs.</param>
/// <param name="MeanDuration">Mean duration of a run. Null: unknown; its runs count as starts and add no load.</param>
/// <param name="Cron">Its cron expression, for the effects of clock changes. Null: it does not depend on local time.</param>
/// <param name="Zone">IANA id of the expression's zone. Null: UTC.</param>
public sealed record SimulatedSchedule(
    string Id, Trigger Trigger, string Lane, TimeSpan? MeanDuration = null, string? Cron = null, string? Zone = null);

/// <summary>The future fire times and load of schedules in a range. Excludes runs that started before the range, retries, and runs that
/// callers enqueue.</summary>
public sealed record Simulation
{
    public required PreviewRange Range { get; init; }

    /// <summary>Number of fire times counted.</summary>
    public required int Firings { get; init; }

    /// <summary>The first fire time that was not counted because there are too many. Null: all were counted.</summary>
    public required DateTimeOffset? TruncatedAt { get; init; }

    /// <summary>The schedules, in the order given.</summary>
    public required IReadOnlyList<ScheduleFirings> Schedules { get; init; }

    /// <summary>The lanes, by name.</summary>
    public required IReadOnlyList<LaneLoad> Lanes { get; init; }

    /// <summary>The busiest minutes, by starts, then by load, then by time. Minutes in which nothing starts are left out.</summary>
    public required IReadOnlyList<BusyMinute> Busiest { get; init; }

    public required LoadMap Load { get; init; }
}

/// <summary>The simulated fire times of one schedule.</summary>
/// <param name="Schedule">The schedule.</param>
/// <param name="Count">Number of its fire times counted.</param>
/// <param name="Next">The first fire times.</param>
/// <param name="ClockEffects">The effects of clock changes on its counted fire times.</param>
public sealed record ScheduleFirings(
    SimulatedSchedule Schedule, int Count, IReadOnlyList<DateTimeOffset> Next, IReadOnlyList<ClockEffect> ClockEffects);

/// <summary>The simulated load of one lane.</summary>
/// <param name="Lane">The lane's name.</param>
/// <param name="Firings">Number of runs that start.</param>
/// <param name="BusySeconds">Total duration of these runs in seconds, including time after the range.</param>
/// <param name="MostAtOnce">Maximum number of runs that execute at the same time: with this many slots, none waits.</param>
/// <param name="MostAtOnceAt">When that maximum is first reached.</param>
public sealed record LaneLoad(string Lane, int Firings, double BusySeconds, int MostAtOnce, DateTimeOffset MostAtOnceAt);

/// <summary>A minute in which runs start.</summary>
/// <param name="Minute">The whole minute, in UTC.</param>
/// <param name="Starts">Number of runs that start in it.</param>
/// <param name="BusySeconds">Seconds of execution in it, including runs that started earlier.</param>
/// <param name="Schedules">The schedules that fire in it with their counts, the most frequent first; at most
/// <see cref="MaxSchedules"/>.</param>
/// <param name="MoreSchedules">Number of further schedules that fire in it.</param>
public sealed record BusyMinute(
    DateTimeOffset Minute, int Starts, double BusySeconds, IReadOnlyList<KeyValuePair<string, int>> Schedules, int MoreSchedules)
{
    /// <summary>Maximum number of schedules that are listed.</summary>
    public const int MaxSchedules = 10;
}
