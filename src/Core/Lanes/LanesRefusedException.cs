namespace Fleet.Core.Lanes;

/// <summary>Some lanes took no nudges, each for a reason of its own; those of all other lanes were sent.</summary>
/// <param name="lanes">Lane → why.</param>
public sealed class LanesRefusedException(IReadOnlyDictionary<string, Exception> lanes)
    : Exception(string.Join(' ', lanes.Select(l => $"Lane '{l.Key}': {l.Value.Message}")), lanes.Values.FirstOrDefault())
{
    /// <summary>Lane → why.</summary>
    public IReadOnlyDictionary<string, Exception> Lanes { get; } = lanes;
}
