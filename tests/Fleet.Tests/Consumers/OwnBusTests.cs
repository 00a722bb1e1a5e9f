using Fleet.Core.Storage;
using Fleet.Tests.Support;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Consumers;

/// <summary>An application that has a MassTransit bus of its own, with consumers, and Fleet beside it.</summary>
public sealed class OwnBusTests(RabbitMqServer server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ShopScript _script = new();
    private VirtualHost? _fleets;
    private VirtualHost? _own;

    private string Database => $"Data Source={_folder.Path}/fleet.db;Pooling=False";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in new[] { _fleets, _own })
        {
            if (host is not null)
                await host.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    public async Task OwnBus_BesideFleet_BothWork_AndTheOutboxServesIt(bool fleetOnRabbitMq, bool ownOnRabbitMq, bool ownFirst)
    {
        _fleets = fleetOnRabbitMq ? await server.CreateHostAsync() : null;
        // Another virtual host than Fleet's: a message that left by Fleet's bus would reach nobody.
        _own = ownOnRabbitMq ? await server.CreateHostAsync() : null;
        using var host = Build(ownFirst);
        await using (var scope = host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<ShopContext>().Database.ExecuteSqlRawAsync(ShopContext.Schema);
        await host.StartAsync();
        var own = host.Services.GetRequiredService<IBus>();
        var fleets = host.Services.GetRequiredService<IFleetBus>();
        var message = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

        await host.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, Waiting.Limit);
        await own.Publish(new PlaceOrder(1), context => context.MessageId = message);
        await own.Publish(new PlaceOrder(1), context => context.MessageId = message);
        await fleets.Publish(new Question(7));

        // The consumer's row, run and event, once; the event over the bus that the consumer is on.
        await Waiting.UntilAsync(async () =>
        {
            await using var db = host.Services.GetRequiredService<IStorage>().Read();
            return await db.Runs.CountAsync(r => r.State == RunState.Succeeded) == 2 && !await db.Outbox.AnyAsync()
                && !_script.Placed.IsEmpty && !_script.Answers.IsEmpty;
        });
        Assert.Single(_script.Placed);
        Assert.Equal([7], _script.Answers);
        await host.StopAsync();
    }

    [Fact]
    public async Task UseFleetOutbox_OutboxNotAdded_SaysWhatToCall()
    {
        var builder = NewBuilder();
        builder.AddFleet();
        builder.Services.AddMassTransit(bus =>
        {
            bus.AddConsumer<QuestionConsumer>();
            bus.AddConfigureEndpointsCallback((context, _, endpoint) => endpoint.UseFleetOutbox(context));
            bus.UsingInMemory((context, factory) => factory.ConfigureEndpoints(context));
        });
        using var host = builder.Build();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());

        Assert.Contains("call AddConsumerOutbox (or AddConsumers) in AddFleet", error.ToString(), StringComparison.Ordinal);
    }

    private IHost Build(bool ownFirst)
    {
        var builder = NewBuilder();
        if (_fleets is not null)
            builder.Configuration.AddInMemoryCollection(
                [new("Fleet:Transport:Provider", "RabbitMq"), new("Fleet:Transport:Uri", _fleets.Uri)]);
        builder.Services.AddSingleton(_script).AddDbContext<ShopContext>(db => db.UseSqlite(Database));
        if (ownFirst)
            AddOwnBus(builder.Services);
        builder.AddFleet(fleet => fleet.RunsJobs(o => o.Diagnostics = true).Leads().UseSqlite(Database).AddConsumers(bus =>
        {
            bus.AddConsumer<QuestionConsumer>();
            bus.AddConsumer<AnswerListener>();
            bus.AddConfigureEndpointsCallback((context, name, endpoint) =>
            {
                if (name == nameof(Question))
                    endpoint.UseFleetOutbox(context);
            });
        }));
        if (!ownFirst)
            AddOwnBus(builder.Services);
        return builder.Build();
    }

    private void AddOwnBus(IServiceCollection services) => services.AddMassTransit(bus =>
    {
        bus.AddConsumer<OrderConsumer>();
        bus.AddConsumer<PlacedListener>();
        bus.AddConfigureEndpointsCallback((context, name, endpoint) =>
        {
            if (name == "Order")
                endpoint.UseFleetOutbox<ShopContext>(context);
        });
        if (_own is null)
            bus.UsingInMemory((context, factory) => factory.ConfigureEndpoints(context));
        else
        {
            bus.UsingRabbitMq((context, factory) =>
            {
                factory.Host(new Uri(_own.Uri.Replace("amqp:", "rabbitmq:", StringComparison.Ordinal)));
                factory.ConfigureEndpoints(context);
            });
        }
    });

    private HostApplicationBuilder NewBuilder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Services.AddLogging();
        return builder;
    }

    /// <summary>On the application's bus.</summary>
    private sealed class PlacedListener(ShopScript script) : IConsumer<OrderPlaced>
    {
        public Task Consume(ConsumeContext<OrderPlaced> context)
        {
            script.Placed.Enqueue(context.MessageId!.Value);
            return Task.CompletedTask;
        }
    }

    /// <summary>On Fleet's bus.</summary>
    private sealed class AnswerListener(ShopScript script) : IConsumer<Answer>
    {
        public Task Consume(ConsumeContext<Answer> context)
        {
            script.Answers.Enqueue(context.Message.Number);
            return Task.CompletedTask;
        }
    }
}
