namespace Fleet.Core.Storage.Rows;

/// <summary>A pending run whose nudge has not been published yet.</summary>
public readonly record struct StageableRun(RunId Id, string Lane, DateTimeOffset DueAt);
