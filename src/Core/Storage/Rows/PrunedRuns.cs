namespace Fleet.Core.Storage.Rows;

/// <summary>What one deletion of old runs did.</summary>
/// <param name="Runs">How many runs it deleted.</param>
/// <param name="More">Whether there may be more.</param>
/// <param name="Last">Where the next one goes on; null for the beginning.</param>
public readonly record struct PrunedRuns(int Runs, bool More, DateTimeOffset? Last);
