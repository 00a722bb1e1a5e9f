namespace Fleet.Core.Schedules.Triggers;

/// <summary>What keeps a trigger from firing at a time.</summary>
public enum FireTimeHurdle
{
    /// <summary>Nothing: it fires.</summary>
    None = 0,

    /// <summary>The calendar has no such time.</summary>
    NotInCalendar = 1,

    /// <summary>The time is before the start.</summary>
    BeforeStart = 2,

    /// <summary>The time is after the end.</summary>
    AfterEnd = 3,

    /// <summary>The date is excluded.</summary>
    Excluded = 4,
}
