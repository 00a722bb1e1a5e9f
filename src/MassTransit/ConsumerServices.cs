using System.Runtime.CompilerServices;
using Fleet.Core.Storage;
using MassTransit.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.MassTransit;

/// <summary>Registration of what <see cref="FleetOutbox"/> needs.</summary>
internal static class ConsumerServices
{
    // If it were inlined, its caller would load EF Core even without a consumer.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IServiceCollection AddFleetOutbox(this IServiceCollection services)
    {
        services.TryAddScoped(provider => provider.GetRequiredService<IStorage>().Read());
        services.TryAddSingleton<ConsumerBuses>();
        services.TryAddSingleton<ConsumerHabits>();
        services.TryAddSingleton<ConsumerParts>();
        services.TryAddScoped<IOutboxContextFactory<NoContext>, ConsumeWithoutContext>();
        services.TryAddScoped(typeof(IOutboxContextFactory<>), typeof(ConsumeOnce<>));
        return services;
    }
}
