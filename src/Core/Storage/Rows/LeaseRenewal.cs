namespace Fleet.Core.Storage.Rows;

/// <summary>What a heartbeat writes.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="Now">The database's time.</param>
/// <param name="Until">The new end of the lease, by the same clock.</param>
/// <param name="ClaimedThrough">See <see cref="WorkerRow.ClaimedThrough"/>.</param>
/// <param name="LaneLoads">See <see cref="WorkerRow.LaneLoads"/>.</param>
public readonly record struct LeaseRenewal(
    WorkerId Worker, DateTimeOffset Now, DateTimeOffset Until, string ClaimedThrough, string LaneLoads);

/// <summary>What a worker may take, as a heartbeat reads it.</summary>
/// <param name="PausedLanes">The lanes that are paused now, of all lanes.</param>
/// <param name="IsDrained">True when somebody asked the worker to take no new runs.</param>
public sealed record Standing(IReadOnlySet<string> PausedLanes, bool IsDrained)
{
    /// <summary>No lane is paused, and the worker takes runs.</summary>
    public static readonly Standing Free = new(new HashSet<string>(), IsDrained: false);
}
