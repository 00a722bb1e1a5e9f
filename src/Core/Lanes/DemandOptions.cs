namespace Fleet.Core.Lanes;

/// <summary>How the demand of a lane is computed.</summary>
public sealed record DemandOptions
{
    /// <summary>The setting's name, for errors.</summary>
    public const string Setting = "Fleet:Api:PodStart";

    /// <summary>The largest <see cref="PodStart"/>.</summary>
    public static readonly TimeSpan MaxPodStart = TimeSpan.FromHours(1);

    /// <summary>How long a new worker takes to start. Runs that are due within this time count as demand, so that a worker is there when
    /// they are due. 0 to 1 h. Default: 30 s.</summary>
    public TimeSpan PodStart { get; init; } = TimeSpan.FromSeconds(30);
}
