namespace Fleet.Core.Storage.Rows;

/// <summary>What a heartbeat writes.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="Now">The database's time.</param>
/// <param name="Until">The new end of the lease, by the same clock.</param>
/// <param name="ClaimedThrough">See <see cref="WorkerRow.ClaimedThrough"/>.</param>
public readonly record struct LeaseRenewal(WorkerId Worker, DateTimeOffset Now, DateTimeOffset Until, string ClaimedThrough);
