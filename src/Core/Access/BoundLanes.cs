using Fleet.Core.Actors;
using Fleet.Core.Rules;

namespace Fleet.Core.Access;

/// <summary>Keeps actors who are bound to lanes out of others. The verbs ask when they know the lane, which may be that of the
/// job.</summary>
public static class BoundLanes
{
    /// <summary>The refusal of a lane to which the actor is not bound; null for any other.</summary>
    public static InputError? Refuse(Actor by, string lane) =>
        by.Via?.Lanes is not { } lanes || lanes.Contains(lane, StringComparer.Ordinal)
            ? null
            : RunRules.Invalid("lane_forbidden", "lane", lane, $"a lane to which your key is bound: {string.Join(", ", lanes)}");
}
