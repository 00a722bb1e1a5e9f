using Fleet.Core.Lanes;

namespace Fleet.Transport.InMemory;

/// <summary>Sends nudges to the listeners in this process.</summary>
internal sealed class InMemoryNudges(LaneQueues lanes) : INudgeSender
{
    public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => Send(lane, ids, isEarly: false);

    public Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => Send(lane, ids, isEarly: true);

    private Task Send(string lane, IReadOnlyList<RunId> ids, bool isEarly)
    {
        // Nobody listens (yet): the nudge would be lost, and counted for ever. Reconcile sends it once somebody does.
        lanes.Find(lane)?.Add(new WaitingNudge(ids, isEarly));
        return Task.CompletedTask;
    }
}
