namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>misfires</c>: fire times of a schedule that passed while no scheduler could plan them, and that got no
/// run.</summary>
public sealed class Misfire
{
    public long Id { get; set; }

    public string ScheduleId { get; set; } = "";

    /// <summary>The first fire time that got no run.</summary>
    public DateTimeOffset First { get; set; }

    /// <summary>The last fire time that got no run.</summary>
    public DateTimeOffset Last { get; set; }

    /// <summary>Number of fire times from <see cref="First"/> to <see cref="Last"/>; counted up to
    /// <c>PlanOccurrences.MaxMissedCounted</c>.</summary>
    public int Count { get; set; }

    /// <summary>When a scheduler noticed it.</summary>
    public DateTimeOffset At { get; set; }
}
