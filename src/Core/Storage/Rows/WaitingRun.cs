namespace Fleet.Core.Storage.Rows;

/// <summary>A pending run whose nudge has been published.</summary>
public readonly record struct WaitingRun(RunId Id, DateTimeOffset DueAt);
