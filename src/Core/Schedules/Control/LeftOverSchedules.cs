using Fleet.Core.Actors;

namespace Fleet.Core.Schedules.Control;

/// <summary>A schedule that the program of this process once brought and brings no longer.</summary>
/// <param name="Id">The schedule.</param>
/// <param name="By">The program that put it.</param>
/// <param name="Source">Where it came from: the program's code or its configuration.</param>
/// <param name="PutAt">When it was put.</param>
public sealed record LeftOverSchedule(string Id, Actor By, string Source, DateTimeOffset PutAt);

/// <summary>The schedules that were left over when this process started.</summary>
public sealed class LeftOverSchedules
{
    private volatile Found _found = new(default, []);

    /// <summary>When they were found.</summary>
    public DateTimeOffset NoticedAt => _found.At;

    /// <summary>By id.</summary>
    public IReadOnlyList<LeftOverSchedule> All => _found.Schedules;

    /// <summary>Takes what the start has found.</summary>
    public void Set(DateTimeOffset at, IReadOnlyList<LeftOverSchedule> schedules) => _found = new Found(at, schedules);

    private sealed record Found(DateTimeOffset At, IReadOnlyList<LeftOverSchedule> Schedules);
}
