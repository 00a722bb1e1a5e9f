using Fleet.Bench.Drivers.Fleets;
using Fleet.Hosting;
using MassTransit;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Bench.Drivers.Consumers;

/// <summary>A process with one kind of consumer, for tests that kill it. What arrives at the end goes through an inbox too: its rows tell
/// whether each message was published once.</summary>
internal static class ConsumerProcess
{
    /// <summary>Consumes until the process ends: <c>consume VARIANT</c>.</summary>
    public static async Task<int> ConsumeAsync(string name)
    {
        var variant = Variant.All.Single(v => v.Name == name);
        await using var app = Build(variant);
        await app.StartAsync();
        // The table tells that the queues are there.
        var bus = app.Services.GetRequiredService<IBusInstance<IFleetBus>>().BusControl;
        await bus.WaitForHealthStatus(BusHealthStatus.Healthy, CancellationToken.None);
        await PostgresCost.ExecuteAsync(BenchContext.Schema);
        app.Services.GetRequiredService<Load>().Open();
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>Publishes messages, each twice under the same id: <c>ticks COUNT</c>.</summary>
    public static async Task<int> PublishAsync(int count)
    {
        await using var app = Build(variant: null);
        await app.StartAsync();
        var bus = app.Services.GetRequiredService<IFleetBus>();
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow())).ToArray();
        await Client.ManyCallersAsync(2 * count, 16, i => bus.Publish(new Tick(i / 2), context => context.MessageId = ids[i / 2]));
        await app.StopAsync();
        return 0;
    }

    private static WebApplication Build(Variant? variant)
    {
        var builder = WebApplication.CreateSlimBuilder().UseFleetDefaults("http://127.0.0.1:0");
        if (variant is null)
        {
            builder.AddFleet(fleet => fleet.OnlyEnqueues().MigratesAtStart(false));
            return builder.BuildFleet();
        }

        builder.Services.AddSingleton(new Load { Expected = int.MaxValue, WritesRow = variant.WritesRow, Publishes = variant.Publishes });
        builder.Services.AddDbContext<BenchContext>(db => db.UseNpgsql(FleetSettings.Postgres));
        builder.AddFleet(fleet => fleet.Leads().AddConsumers(bus => AddConsumers(bus, variant)));
        return builder.BuildFleet();
    }

    private static void AddConsumers(IBusRegistrationConfigurator bus, Variant variant)
    {
        if (variant.IsBatch)
            bus.AddConsumer<TickBatchConsumer>(
                c => c.Options<BatchOptions>(batch => batch.SetMessageLimit(Variant.BatchLimit).SetTimeLimit(ms: 200)));
        else
            bus.AddConsumer<TickConsumer>();
        bus.AddConsumer<TockConsumer>();
        bus.AddConfigureEndpointsCallback((context, name, endpoint) =>
        {
            endpoint.PrefetchCount = 2 * Variant.BatchLimit;
            // As long as an outage of the database may last.
            endpoint.UseMessageRetry(retry => retry.Interval(240, TimeSpan.FromMilliseconds(250)));
            if (variant.Outbox == Outbox.DbContext && name.StartsWith(nameof(Tick), StringComparison.Ordinal))
                endpoint.UseFleetOutbox<BenchContext>(context);
            else
                endpoint.UseFleetOutbox(context);
        });
    }
}
