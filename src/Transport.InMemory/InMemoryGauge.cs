using Fleet.Core.Lanes;

namespace Fleet.Transport.InMemory;

/// <summary>Counts the nudges that wait in this process.</summary>
internal sealed class InMemoryGauge(LaneQueues lanes) : ILaneGauge
{
    /// <summary>A lane that nobody listens to counts as full: a nudge would be lost.</summary>
    public Task<long?> CountWaitingAsync(string lane, CancellationToken ct) =>
        Task.FromResult<long?>(lanes.Find(lane)?.Count ?? long.MaxValue);

    /// <summary>All listeners of a lane are in this process, so what the process holds is theirs already.</summary>
    public Task<bool> IsDrainedAsync(string lane, CancellationToken ct) => Task.FromResult(true);
}
