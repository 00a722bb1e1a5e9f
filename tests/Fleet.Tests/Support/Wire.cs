using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using Fleet.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Support;

/// <summary>All roles of a process's transport, for tests that use several of them.</summary>
internal sealed class Wire(IServiceProvider services) : IEveryRole
{
    public bool ReachesOtherProcesses => Get<ITransport>().ReachesOtherProcesses;

    public bool IsOutage(Exception e) => Get<ITransport>().IsOutage(e);

    public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) =>
        Get<INudgeSender>().SendReadyAsync(lane, ids, ct);

    public Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) =>
        Get<INudgeSender>().SendEarlyAsync(lane, ids, ct);

    public Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct) =>
        Get<IBelt>().SendReadyAtAsync(term, nudges, ct);

    public void HoldReady(IReadOnlyList<DelayedNudge> nudges) => Get<IBelt>().HoldReady(nudges);

    public Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct) =>
        Get<ILaneSource>().SubscribeAsync(lane, slots, handlers, ct);

    public Task<long?> CountWaitingAsync(string lane, CancellationToken ct) => Get<ILaneGauge>().CountWaitingAsync(lane, ct);

    public Task<bool> IsDrainedAsync(string lane, CancellationToken ct) => Get<ILaneGauge>().IsDrainedAsync(lane, ct);

    public Task PublishControlAsync(ControlMessage message, CancellationToken ct) =>
        Get<IControlChannel>().PublishControlAsync(message, ct);

    public Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct) =>
        Get<IControlChannel>().SubscribeControlAsync(onControl, ct);

    public Task PublishEventAsync(EventMessage message, CancellationToken ct) => Get<IEventSender>().PublishEventAsync(message, ct);

    public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) =>
        Get<IEventSender>().SendConsumerMessageAsync(message, ct);

    public Task PublishDeadAsync(DeadRun run, CancellationToken ct) => Get<IDeadCopySender>().PublishDeadAsync(run, ct);

    private T Get<T>() where T : notnull => services.GetRequiredService<T>();
}
