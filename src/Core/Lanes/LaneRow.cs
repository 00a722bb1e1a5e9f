namespace Fleet.Core.Lanes;

/// <summary>The row in <c>lanes</c>: a lane that a worker has served, or that a caller has named for a run.</summary>
public sealed class LaneRow
{
    public string Name { get; set; } = "";

    public DateTimeOffset FirstSeenAt { get; set; }
}
