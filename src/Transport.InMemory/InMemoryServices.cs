using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Transport.InMemory;

/// <summary>Registration of the in-memory transport.</summary>
public static class InMemoryServices
{
    /// <param name="services">The services of the process.</param>
    public static IServiceCollection AddFleetInMemoryTransport(this IServiceCollection services) => services
        .AddSingleton<LaneQueues>()
        .AddSingleton<ITransport, InMemoryTransport>()
        .AddSingleton<INudgeSender, InMemoryNudges>()
        .AddSingleton<IBelt, HeldNudges>()
        .AddSingleton<ILaneSource, InMemoryLaneSource>()
        .AddSingleton<ILaneGauge, InMemoryGauge>()
        .AddSingleton<IControlChannel, InMemoryControl>()
        .AddSingleton<IEventSender, InMemoryEvents>()
        .AddSingleton<IDeadCopySender, NoDeadCopies>();
}
