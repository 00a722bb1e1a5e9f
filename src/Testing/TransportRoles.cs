using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Testing;

/// <summary>All roles of a transport in one object. Only for tests: a test script sees everything that is sent, while the parts of Fleet
/// take the roles that they need.</summary>
internal interface IEveryRole
    : ITransport, INudgeSender, IBelt, ILaneSource, ILaneGauge, IControlChannel, IEventSender, IDeadCopySender;

/// <summary>Registration of a transport that is one object.</summary>
internal static class TransportRoles
{
    /// <summary>Takes the transport for every role. It is not disposed with the services.</summary>
    public static IServiceCollection AddTransport(this IServiceCollection services, IEveryRole transport) => services
        .AddSingleton<ITransport>(transport)
        .AddSingleton<INudgeSender>(transport)
        .AddSingleton<IBelt>(transport)
        .AddSingleton<ILaneSource>(transport)
        .AddSingleton<ILaneGauge>(transport)
        .AddSingleton<IControlChannel>(transport)
        .AddSingleton<IEventSender>(transport)
        .AddSingleton<IDeadCopySender>(transport);
}
