namespace Fleet.Core.Lanes;

/// <summary>The row in <c>lanes</c>: a lane that a worker has ever served.</summary>
public sealed class LaneRow
{
    public string Name { get; set; } = "";

    public DateTimeOffset FirstSeenAt { get; set; }
}
