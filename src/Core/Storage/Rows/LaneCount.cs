namespace Fleet.Core.Storage.Rows;

/// <summary>How many runs wait in a lane, as far as was counted.</summary>
/// <param name="Ready">Those that are due.</param>
/// <param name="Soon">Those that are due later, up to an instant.</param>
/// <param name="Oldest">The earliest due time; null when none waits.</param>
/// <param name="Rows">How many rows were read.</param>
/// <param name="IsReadyExact">False: more may be due.</param>
/// <param name="IsExact">False: more may wait.</param>
public readonly record struct LaneCount(
    int Ready, int Soon, DateTimeOffset? Oldest, int Rows, bool IsReadyExact, bool IsExact);

/// <summary>How many runs execute in each lane, as far as was counted.</summary>
/// <param name="ByLane">Lane → runs.</param>
/// <param name="Rows">How many rows were read.</param>
public sealed record RunningCount(IReadOnlyDictionary<string, int> ByLane, int Rows);
