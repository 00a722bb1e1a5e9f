using System.Collections.Concurrent;
using Fleet.Core.Lanes;
using Fleet.Core.Storage.Rows;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Support;

/// <summary>Stands before the real transport and keeps the events that pass.</summary>
internal sealed class EventRecorder
{
    public ConcurrentQueue<EventMessage> Events { get; } = new();

    public void AddTo(IServiceCollection services)
    {
        var real = services.Last(s => s.ServiceType == typeof(ILaneTransport));
        services.AddSingleton<ILaneTransport>(provider => new Recording(
            (ILaneTransport)(real.ImplementationInstance ?? real.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, real.ImplementationType!)),
            Events));
    }

    private sealed class Recording(ILaneTransport inner, ConcurrentQueue<EventMessage> events) : ILaneTransport, IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ((IAsyncDisposable)inner).DisposeAsync();

        public bool ReachesOtherProcesses => inner.ReachesOtherProcesses;

        public Task PublishEventAsync(EventMessage message, CancellationToken ct)
        {
            events.Enqueue(message);
            return inner.PublishEventAsync(message, ct);
        }

        public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) => inner.SendConsumerMessageAsync(message, ct);

        public bool IsOutage(Exception e) => inner.IsOutage(e);

        public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => inner.SendReadyAsync(lane, ids, ct);

        public Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => inner.SendEarlyAsync(lane, ids, ct);

        public Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct) => inner.SendReadyAtAsync(term, nudges, ct);

        public void HoldReady(IReadOnlyList<DelayedNudge> nudges) => inner.HoldReady(nudges);

        public Task PublishDeadAsync(DeadRun run, CancellationToken ct) => inner.PublishDeadAsync(run, ct);

        public Task PublishControlAsync(ControlMessage message, CancellationToken ct) => inner.PublishControlAsync(message, ct);

        public Task<long?> CountWaitingAsync(string lane, CancellationToken ct) => inner.CountWaitingAsync(lane, ct);

        public Task<bool> IsDrainedAsync(string lane, CancellationToken ct) => inner.IsDrainedAsync(lane, ct);

        public Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct) =>
            inner.SubscribeAsync(lane, slots, handlers, ct);

        public Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct) =>
            inner.SubscribeControlAsync(onControl, ct);
    }
}
