using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules;

/// <summary>A schedule whose firings are simulated.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Trigger">When it fires.</param>
/// <param name="Lane">Where its runs go.</param>
/// <param name="MeanDuration">How long a run takes. Null: nobody knows, so it is counted as a start and adds no load.</param>
/// <param name="Cron">Its cron expression, for what a moved clock does to it. Null: it does not look at the clock.</param>
/// <param name="Zone">IANA id of the zone that the expression is read in. Null: UTC.</param>
public sealed record SimulatedSchedule(string Id, Trigger Trigger, string Lane, TimeSpan? MeanDuration = null, string? Cron = null, string? Zone = null);

/// <summary>What schedules will do in a range. Runs that started before it are not in it, nor are retries or runs that callers enqueue.</summary>
public sealed record Simulation
{
    public required PreviewRange Range { get; init; }

    /// <summary>How many fire times were counted.</summary>
    public required int Firings { get; init; }

    /// <summary>The first fire time that was not counted, because there are too many: all before it are. Null: all were counted.</summary>
    public required DateTimeOffset? TruncatedAt { get; init; }

    /// <summary>In the order they were given in.</summary>
    public required IReadOnlyList<ScheduleFirings> Schedules { get; init; }

    /// <summary>By name.</summary>
    public required IReadOnlyList<LaneLoad> Lanes { get; init; }

    /// <summary>Where most runs start at once: by starts, then by load, then by time; none in which nothing starts.</summary>
    public required IReadOnlyList<BusyMinute> Busiest { get; init; }

    public required LoadMap Load { get; init; }
}

/// <summary>What one schedule will do.</summary>
/// <param name="Schedule">The schedule.</param>
/// <param name="Count">How many of its fire times were counted.</param>
/// <param name="Next">The first of them.</param>
/// <param name="ClockEffects">What changes of the clock do to those that were counted.</param>
public sealed record ScheduleFirings(
    SimulatedSchedule Schedule, int Count, IReadOnlyList<DateTimeOffset> Next, IReadOnlyList<ClockEffect> ClockEffects);

/// <summary>What one lane will have to do.</summary>
/// <param name="Lane">Its name.</param>
/// <param name="Firings">How many runs start in it.</param>
/// <param name="BusySeconds">How long they take in all, in seconds, also beyond the range.</param>
/// <param name="MostAtOnce">How many of them are busy at the same time where they are most: the slots that let none wait.</param>
/// <param name="MostAtOnceAt">When that is so for the first time.</param>
public sealed record LaneLoad(string Lane, int Firings, double BusySeconds, int MostAtOnce, DateTimeOffset MostAtOnceAt);

/// <summary>A minute in which runs start.</summary>
/// <param name="Minute">The whole minute, in UTC.</param>
/// <param name="Starts">How many runs start in it.</param>
/// <param name="BusySeconds">For how many seconds runs are busy in it, those that started earlier included.</param>
/// <param name="Schedules">The schedules that fire in it, most often first, with how often; at most <see cref="MostSchedules"/>.</param>
/// <param name="MoreSchedules">How many schedules more fire in it.</param>
public sealed record BusyMinute(
    DateTimeOffset Minute, int Starts, double BusySeconds, IReadOnlyList<KeyValuePair<string, int>> Schedules, int MoreSchedules)
{
    /// <summary>The most schedules that are named.</summary>
    public const int MostSchedules = 10;
}
