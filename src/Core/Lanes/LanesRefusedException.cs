namespace Fleet.Core.Lanes;

/// <summary>Some lanes refused their nudges. The nudges of all other lanes were sent.</summary>
/// <param name="lanes">Lane → reason.</param>
public sealed class LanesRefusedException(IReadOnlyDictionary<string, Exception> lanes)
    : Exception(string.Join(' ', lanes.Select(l => $"Lane '{l.Key}': {l.Value.Message}")), lanes.Values.FirstOrDefault())
{
    /// <summary>Lane → reason.</summary>
    public IReadOnlyDictionary<string, Exception> Lanes { get; } = lanes;
}
