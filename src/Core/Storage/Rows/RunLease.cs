namespace Fleet.Core.Storage.Rows;

/// <summary>A run and the lease token of one claim of it.</summary>
public readonly record struct RunLease(RunId Id, long LeaseToken);
