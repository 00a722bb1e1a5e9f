namespace Fleet.Core.Storage.Rows;

/// <summary>A run that a worker holds.</summary>
public readonly record struct HeldRun(RunId Id, long LeaseToken, bool IsCancelRequested);
