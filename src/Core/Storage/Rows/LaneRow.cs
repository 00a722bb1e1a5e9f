namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>lanes</c>: a lane that a worker serves or has served, or that a caller has named.</summary>
public sealed class LaneRow
{
    public string Name { get; set; } = "";

    public DateTimeOffset FirstSeenAt { get; set; }
}
