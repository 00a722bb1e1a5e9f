namespace Fleet.Core.Storage.Rows;

/// <summary>The result of one deletion of old runs.</summary>
/// <param name="Runs">How many runs it deleted.</param>
/// <param name="More">True if there may be more.</param>
/// <param name="Last">Where the next deletion continues; null for the beginning.</param>
public readonly record struct PrunedRuns(int Runs, bool More, DateTimeOffset? Last);
