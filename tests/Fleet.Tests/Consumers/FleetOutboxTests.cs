using Fleet.Core.Storage;
using Fleet.Engine.Diagnostics;
using Fleet.MassTransit;
using Fleet.Tests.Support;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Consumers;

/// <summary>The application's own consumers behind <see cref="FleetOutbox"/>, in one process with scheduler and worker.</summary>
public abstract partial class FleetOutboxTests : IAsyncLifetime
{
    private const int Redeliveries = 100;

    protected ShopScript Script { get; } = new();

    protected Guid Message { get; } = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    private IHost? _host;

    protected IBus Bus => _host!.Services.GetRequiredService<IFleetBus>();

    private IStorage Storage => _host!.Services.GetRequiredService<IStorage>();

    public async ValueTask InitializeAsync()
    {
        var settings = await CreateAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings).AddInMemoryCollection([new("Fleet:Worker:Diagnostics", "true")]);
        builder.Services.AddLogging().AddSingleton(Script).AddDbContext<ShopContext>(Configure);
        builder.AddFleet(fleet => fleet.AddConsumers(AddConsumers));
        _host = builder.Build();
        await using (var scope = _host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<ShopContext>().Database.ExecuteSqlRawAsync(ShopContext.Schema);
        await _host.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            await ((IAsyncDisposable)_host).DisposeAsync();
        }

        await DeleteAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Consumer_SlowAndDelivered100Times_HasOneEffect()
    {
        // The others come while the first one works.
        var received = new ReceiveWatch();
        Bus.ConnectReceiveObserver(received);
        Script.AtTheEnd = _ => Waiting.UntilAsync(() => received.Started >= 8);

        await Task.WhenAll(Enumerable.Range(0, Redeliveries).Select(_ => PublishAsync(new PlaceOrder(1), Message)));

        await Waiting.UntilAsync(() => received.Ended >= Redeliveries);
        Assert.Equal(1, Script.Calls);
        await AssertOneEffectAsync();
        Assert.Empty(Script.Faults);
    }

    [Fact]
    public async Task Consumer_WritesThroughTheClient_NeverWaitsForItself()
    {
        // Where the consumer holds the one writer of the process, its write is refused: it would wait for the consumer.
        var client = _host!.Services.GetRequiredService<IFleetClient>();
        Exception? refusal = null;
        Script.AtTheEnd = async _ => refusal = await Record.ExceptionAsync(() => client.CancelAsync(new RunId(Guid.NewGuid())));

        await PublishAsync(new PlaceOrder(3), Message);

        await AssertOneEffectAsync();
        Assert.Equal(Storage.HasOneWriter, refusal?.Message.Contains("would wait for itself", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task Consumer_ThrowsAndIsRetried_HasOneEffect()
    {
        Script.AtTheEnd = call => call < 3 ? throw new IOException("no stock") : Task.CompletedTask;

        await PublishAsync(new PlaceOrder(2), Message);

        await AssertOneEffectAsync();
        Assert.Equal(3, Script.Calls);
        Assert.Empty(Script.Faults);
    }

    [Fact]
    public async Task Consumer_FailsForGood_LeavesNothingAndMayBeDeliveredAgain()
    {
        Script.AtTheEnd = _ => throw new IOException("no stock");

        await PublishAsync(new PlaceOrder(2), Message);

        await Waiting.UntilAsync(() => Script.Faults.Contains("no stock", StringComparer.Ordinal));
        Assert.Empty(await OrdersAsync());
        await using (var db = Storage.Read())
            Assert.Equal((0, 0, 0), (await db.Runs.CountAsync(), await db.Inbox.CountAsync(), await db.Outbox.CountAsync()));
        Assert.Empty(Script.Placed);

        Script.AtTheEnd = _ => Task.CompletedTask;
        await PublishAsync(new PlaceOrder(2), Message);
        await AssertOneEffectAsync();
    }

    [Fact]
    public async Task Consumer_MessageWithoutId_IsRefusedInWords()
    {
        // MassTransit publishes no fault for it: the message goes to the error queue.
        var received = new ReceiveWatch();
        Bus.ConnectReceiveObserver(received);

        await PublishAsync(new PlaceOrder(1), messageId: null);

        await Waiting.UntilAsync(() => received.Failure is not null);
        Assert.StartsWith("The message has no message id (a GUID in message_id)", received.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(0, Script.Calls);
    }

    [Fact]
    public async Task Batch_HandledInPart_IsHandedOnWithoutThatPart()
    {
        Guid[] ids = [.. Enumerable.Range(0, 6).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()))];

        await ShipAsync(0, 1, 2, 3);
        await Waiting.UntilAsync(async () => (await OrdersAsync()).Count == 4);
        await ShipAsync(0, 4, 3, 5);
        await Waiting.UntilAsync(async () => (await OrdersAsync()).Count == 6);
        await ShipAsync(0, 1, 2, 3);
        await PublishAsync(new PlaceOrder(9), Message);
        await ShipAsync(5, 4, 3, 2);
        await Waiting.UntilAsync(async () => (await OrdersAsync()).Count == 7);

        Assert.Equal([0, 1, 2, 3, 4, 5, 9], (await OrdersAsync()).Order());
        Assert.Equal(["0,1,2,3", "4,5"], Script.Shipments.Select(s => string.Join(',', s.Order())));

        async Task ShipAsync(params int[] numbers)
        {
            foreach (var number in numbers)
                await PublishAsync(new ShipParcel(number), ids[number]);
        }
    }

    [Fact]
    public async Task EnqueueRun_WithoutTheOutbox_SaysWhereToAddIt()
    {
        var answer = new TaskCompletionSource<Exception>();
        var endpoint = Bus.ConnectReceiveEndpoint("plain", cfg => cfg.Handler<PlaceOrder>(async context =>
        {
            try
            {
                await context.EnqueueRunAsync(new Ledger("never"));
            }
            catch (Exception e)
            {
                answer.SetResult(e);
            }
        }));
        await endpoint.Ready;

        await PublishAsync(new PlaceOrder(1), Message);

        var error = await answer.Task.WaitAsync(Waiting.Limit);
        Assert.Contains(
            "plain does not use Fleet's outbox; call UseFleetOutbox(context)", Assert.IsType<InvalidOperationException>(error).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Makes the database and a place on the broker.</summary>
    protected abstract Task<KeyValuePair<string, string?>[]> CreateAsync();

    protected abstract ValueTask DeleteAsync();

    /// <summary>Leads the application's context to Fleet's database.</summary>
    protected abstract void Configure(DbContextOptionsBuilder options);

    private static void AddConsumers(IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<OrderConsumer>();
        bus.AddConsumer<ParcelsConsumer>(consumer => consumer.Options<BatchOptions>(batch => batch.SetMessageLimit(4).SetTimeLimit(s: 60)));
        bus.AddConsumer<QuestionConsumer>();
        bus.AddConsumer<BatchedQuestionConsumer>(
            consumer => consumer.Options<BatchOptions>(batch => batch.SetMessageLimit(4).SetTimeLimit(s: 60)));
        bus.AddConsumer<Listener>();
        bus.AddConfigureEndpointsCallback((context, name, endpoint) =>
        {
            if (name == nameof(Listener))
                return;
            endpoint.PrefetchCount = 16;
            endpoint.ConcurrentMessageLimit = 8;
            endpoint.UseMessageRetry(retry => retry.Immediate(3));
            if (name.Contains("Question", StringComparison.Ordinal))
                endpoint.UseFleetOutbox(context);
            else
                endpoint.UseFleetOutbox<ShopContext>(context);
        });
    }

    protected Task PublishAsync<T>(T message, Guid? messageId) where T : class =>
        Bus.Publish(message, context => context.MessageId = messageId);

    private async Task<IReadOnlyList<int>> OrdersAsync()
    {
        await using var scope = _host!.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ShopContext>().Orders.Select(o => o.Number).ToListAsync();
    }

    /// <summary>A row, a run that succeeded, an event that was received, a message that is remembered, and nothing left to send.</summary>
    protected async Task AssertOneEffectAsync()
    {
        await Waiting.UntilAsync(async () =>
        {
            await using var db = Storage.Read();
            return await db.Runs.AnyAsync(r => r.State == RunState.Succeeded) && !await db.Outbox.AnyAsync() && !Script.Placed.IsEmpty;
        });
        await using var db = Storage.Read();
        Assert.Equal((1, 1), (await db.Runs.CountAsync(), await db.Inbox.CountAsync()));
        Assert.Single(await OrdersAsync());
        Assert.Single(Script.Placed);
    }

    protected sealed class ReceiveWatch(string endpoint = "Order") : IReceiveObserver
    {
        private int _started;
        private int _ended;

        public int Started => Volatile.Read(ref _started);

        public Exception? Failure { get; private set; }

        public int Ended => Volatile.Read(ref _ended);

        public Task PreReceive(ReceiveContext context) => Count(context, ref _started);

        public Task PostReceive(ReceiveContext context) => Count(context, ref _ended);

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) where T
            : class => Task.CompletedTask;

        public Task ReceiveFault(ReceiveContext context, Exception exception)
        {
            Failure = exception;
            return Task.CompletedTask;
        }

        private Task Count(ReceiveContext context, ref int count)
        {
            if (context.InputAddress.AbsolutePath.EndsWith("/" + endpoint, StringComparison.Ordinal))
                Interlocked.Increment(ref count);
            return Task.CompletedTask;
        }
    }
}

public sealed class FleetOutboxEmbeddedTests : FleetOutboxTests
{
    private readonly TempFolder _folder = new();

    private string ConnectionString => $"Data Source={_folder.Path}/fleet.db;Pooling=False";

    protected override Task<KeyValuePair<string, string?>[]> CreateAsync() =>
        Task.FromResult<KeyValuePair<string, string?>[]>([new("Fleet:Storage:ConnectionString", ConnectionString)]);

    protected override ValueTask DeleteAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override void Configure(DbContextOptionsBuilder options) => options.UseSqlite(ConnectionString);
}

public sealed class FleetOutboxRabbitMqTests(RabbitMqServer server, PostgresServer postgres) : FleetOutboxTests
{
    private VirtualHost? _broker;
    private string? _database;

    [Theory]
    [InlineData(0)]
    [InlineData(ConsumerHabits.EnoughMessages)]
    public async Task WithoutContext_SwallowsTheErrorOfAStatement_FailsAndLosesNothing(int before)
    {
        // PostgreSQL answers the commit of such a transaction with success, and undoes it.
        await AskAsync(Enumerable.Range(0, before));
        Script.Work = async context =>
        {
            await using var command = context.GetFleetTransaction().Connection!.CreateCommand();
            command.CommandText = "SELECT 1 / 0";
            await Assert.ThrowsAnyAsync<Exception>(() => command.ExecuteNonQueryAsync());
        };

        var received = new ReceiveWatch("Question");
        Bus.ConnectReceiveObserver(received);
        await PublishAsync(new Question(100), Message);

        await Waiting.UntilAsync(() => received.Failure?.Message.Contains("aborted", StringComparison.Ordinal) ?? false);
        Script.Work = _ => Task.CompletedTask;
        await PublishAsync(new Question(100), Message);
        await AssertAnsweredOnceAsync([.. Enumerable.Range(0, before), 100]);
    }

    [Fact]
    public async Task Consumer_SwallowsTheErrorOfAStatement_FailsAndLosesNothing()
    {
        Script.InContext = async shop => await Assert.ThrowsAnyAsync<Exception>(() => shop.Database.ExecuteSqlRawAsync("SELECT 1 / 0"));

        var received = new ReceiveWatch();
        Bus.ConnectReceiveObserver(received);
        await PublishAsync(new PlaceOrder(1), Message);

        await Waiting.UntilAsync(() => received.Failure?.Message.Contains("aborted", StringComparison.Ordinal) ?? false);
        Script.InContext = null;
        await PublishAsync(new PlaceOrder(1), Message);
        await AssertOneEffectAsync();
    }

    protected override async Task<KeyValuePair<string, string?>[]> CreateAsync()
    {
        _broker = await server.CreateHostAsync();
        _database = await postgres.CreateDatabaseAsync();
        return
        [
            new("Fleet:Storage:Provider", "Postgres"), new("Fleet:Storage:ConnectionString", _database + ";Pooling=true"),
            new("Fleet:Transport:Provider", "RabbitMq"), new("Fleet:Transport:Uri", _broker.Uri),
        ];
    }

    protected override async ValueTask DeleteAsync()
    {
        if (_database is not null)
            await postgres.DropDatabaseAsync(_database);
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    protected override void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(_database);
}
