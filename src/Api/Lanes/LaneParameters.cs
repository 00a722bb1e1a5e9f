using Fleet.Api.Contract;

namespace Fleet.Api.Lanes;

/// <summary>Parameters of the endpoints of lanes.</summary>
internal static class LaneParameters
{
    public static readonly TextParameter Lane = new("lane", "The name of the lane.")
    {
        Place = ParameterPlace.Path,
        MaxLength = 64,
        Pattern = CommonParameters.NamePattern,
        Example = "default",
    };
}
