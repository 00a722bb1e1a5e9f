namespace Fleet.Core.Storage.Rows;

/// <summary>A pending run whose nudge somebody still has to publish.</summary>
public readonly record struct StageableRun(RunId Id, string Lane, DateTimeOffset DueAt);
