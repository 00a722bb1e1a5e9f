namespace Fleet.Core.Jobs;

/// <summary>Which active workers can execute runs of a job on a lane: what a worker that cannot execute a run says about the others, and
/// what explains why a run waits.</summary>
/// <param name="OnLane">How many workers serve the lane.</param>
/// <param name="Able">How many of them offer the job.</param>
/// <param name="Elsewhere">The lanes whose workers offer the job, in order.</param>
/// <param name="Lanes">All lanes that a worker serves, in order.</param>
public sealed record Serving(int OnLane, int Able, IReadOnlyList<string> Elsewhere, IReadOnlyList<string> Lanes)
{
    /// <param name="offers">The active workers.</param>
    /// <param name="lane">The lane of the run.</param>
    /// <param name="job">The name of the job.</param>
    /// <param name="except">A version that does not count: the one that cannot read the args. Null: every version counts.</param>
    public static Serving Find(IReadOnlyList<WorkerOffer> offers, string lane, string job, string? except = null)
    {
        WorkerOffer[] onLane = [.. offers.Where(o => o.Lanes.Contains(lane))];
        WorkerOffer[] able = [.. offers.Where(o => o.Versions.TryGetValue(job, out var version) && version != except)];
        return new Serving(
            onLane.Sum(o => o.Workers), able.Where(o => o.Lanes.Contains(lane)).Sum(o => o.Workers), Sorted(able), Sorted(offers));

        static string[] Sorted(IEnumerable<WorkerOffer> offers) =>
            [.. offers.SelectMany(o => o.Lanes).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }
}
