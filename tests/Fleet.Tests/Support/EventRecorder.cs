using System.Collections.Concurrent;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Support;

/// <summary>Stands before the real sender of events and keeps what passes.</summary>
internal sealed class EventRecorder
{
    public ConcurrentQueue<EventMessage> Events { get; } = new();

    public void AddTo(IServiceCollection services)
    {
        var real = services.Last(s => s.ServiceType == typeof(IEventSender)).ImplementationType!;
        services.AddSingleton<IEventSender>(
            provider => new Recording((IEventSender)ActivatorUtilities.CreateInstance(provider, real), Events));
    }

    private sealed class Recording(IEventSender inner, ConcurrentQueue<EventMessage> events) : IEventSender
    {
        public Task PublishEventAsync(EventMessage message, CancellationToken ct)
        {
            events.Enqueue(message);
            return inner.PublishEventAsync(message, ct);
        }

        public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) => inner.SendConsumerMessageAsync(message, ct);
    }
}
