using System.Text.Json.Serialization;

namespace Fleet.Core.Lanes;

/// <summary>A nudge on the wire: these runs are ready, their rows have the rest. It has the same form on every transport:
/// <c>{"fleet":"…","ids":["…"],"early":true}</c>.</summary>
public sealed record NudgeMessage
{
    /// <summary>Id of the fleet that the runs belong to. Null (left out): this fleet, as within one process or in a nudge that a person
    /// wrote.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Fleet { get; init; }

    /// <summary>The runs: 1 to <see cref="NudgePublisher.MaxIds"/> ids when Fleet sends it.</summary>
    public required IReadOnlyList<RunId> Ids { get; init; }

    /// <summary>True if their commit may still be under way. Left out if false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Early { get; init; }
}
