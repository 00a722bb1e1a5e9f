namespace Fleet.Core.Lanes;

/// <summary>How the belts are used. A transport needs it in processes that do not lead, too.</summary>
public sealed class BeltOptions
{
    /// <summary>How far ahead leaders put nudges on the belts: <c>Fleet:Scheduler:LookAhead</c>. Default: 30 s.</summary>
    public TimeSpan LookAhead { get; set; } = TimeSpan.FromSeconds(30);
}
