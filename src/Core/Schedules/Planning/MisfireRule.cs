using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Planning;

/// <summary>What happens to fire times that passed before a scheduler could plan them. The planner and the explanations ask the same
/// functions.</summary>
public static class MisfireRule
{
    /// <summary>True if a fire time counts as missed when it is planned at an instant; else it is only late.</summary>
    public static bool IsMissed(DateTimeOffset fireTime, DateTimeOffset now) => fireTime <= now - PlanOccurrences.MisfireAfter;

    /// <summary>True if a missed fire time is older than the misfire deadline of its schedule.</summary>
    public static bool IsTooOld(Schedule schedule, DateTimeOffset fireTime, DateTimeOffset now) =>
        Durations.TryParse(schedule.MisfireDeadline, out var deadline) && now - fireTime > deadline;

    /// <summary>The missed fire times that get a run.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="latest">The latest missed fire times, in order.</param>
    /// <param name="now">When they are planned.</param>
    public static List<DateTimeOffset> Choose(Schedule schedule, IReadOnlyList<DateTimeOffset> latest, DateTimeOffset now)
    {
        IEnumerable<DateTimeOffset> chosen = schedule.Misfire switch
        {
            MisfirePolicy.Skip => [],
            MisfirePolicy.RunLatest => latest.TakeLast(1),
            _ => latest,
        };
        return [.. chosen.Where(fireTime => !IsTooOld(schedule, fireTime, now))];
    }
}
