using System.Globalization;
using System.Text;
using Fleet.MassTransit;
using Fleet.Storage.Postgres;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Fleet.Tests.Consumers;

/// <summary>What a message behind Fleet's outbox costs on PostgreSQL together with the statements of its consumer: answers of the server
/// and statements, for each way of consuming. An answer is a round trip, except for those to <c>BEGIN</c> and to the reset of a connection,
/// which travel with the statement after them. All of it stands in <c>consumer-road.approved.txt</c>; a change that costs more has to be
/// approved there.</summary>
public sealed class ConsumerRoadTests(PostgresServer server) : IAsyncLifetime
{
    private const string ApprovedFile = "consumer-road.approved.txt";
    private const int BatchSize = 100;

    private string _database = null!;

    public async ValueTask InitializeAsync() => _database = await server.CreateDatabaseAsync();

    public async ValueTask DisposeAsync() => await server.DropDatabaseAsync(_database);

    [Fact]
    public async Task Messages_EachWayOfConsuming_CostWhatWasApproved()
    {
        Assert.SkipWhen(
            Environment.GetEnvironmentVariable("TEST_POSTGRES") is not null, "The figures are those of a server that this test starts.");
        await PostgresServer.ExecuteAsync(_database, ShopContext.Schema);
        var report = new StringBuilder();
        foreach (var way in Enum.GetValues<Way>())
        {
            foreach (var size in new[] { 1, BatchSize })
            {
                var (answers, executions) = await CountAsync(way, size);
                report.Append(
                    CultureInfo.InvariantCulture,
                    $"{way}, {(size == 1 ? "one message" : $"a batch of {size}")}: {answers} answer(s), {executions} statement(s)\n");
            }
        }

        string[] statements =
            [PostgresMessages.FindHandled, PostgresMessages.AddOneHandled, PostgresMessages.AddHandled, PostgresMessages.Add];
        foreach (var sql in statements)
            report.Append(CultureInfo.InvariantCulture, $"\n{sql}\n");

        Approved.Check(report.ToString(), ApprovedFile);
    }

    /// <summary>Consumes alike messages one after the other, and counts the last one.</summary>
    private async Task<(int Answers, int Executions)> CountAsync(Way way, int size)
    {
        await using var wire = new PostgresWire(new NpgsqlConnectionStringBuilder(_database).Port);
        var connection = new NpgsqlConnectionStringBuilder(
            _database)
        { Port = wire.Port, Pooling = true, SslMode = SslMode.Disable, MaxAutoPrepare = 50 }.ConnectionString;
        using var watch = new ConsumeWatch();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            [new("Fleet:Storage:Provider", "Postgres"), new("Fleet:Storage:ConnectionString", connection)]);
        builder.Services.AddLogging().AddSingleton(new Chosen(way)).AddDbContext<ShopContext>(db => db.UseNpgsql(connection));
        builder.AddFleet(fleet => fleet.OnlyEnqueues().MigratesAtStart(false)
            .AddConsumers(bus => AddConsumers(bus, way)).AddJobs(jobs => jobs.Add<NoteJob>()));
        using var host = builder.Build();
        await host.StartAsync();
        var bus = host.Services.GetRequiredService<IFleetBus>();
        bus.ConnectReceiveObserver(watch);

        (int Answers, int Executions) last = default;
        for (var round = 0; round < ConsumerHabits.EnoughMessages + 10; round++)
        {
            wire.Take();
            for (var i = 0; i < size; i++)
                await (size == 1 ? bus.Publish(new Single(i)) : bus.Publish(new InBatch(i)));
            for (var i = 0; i < size; i++)
                await watch.EndedAsync();
            var (_, answers, executions) = wire.Take();
            last = (answers, executions);
        }

        await host.StopAsync();
        return last;
    }

    private static void AddConsumers(IBusRegistrationConfigurator bus, Way way)
    {
        bus.AddConsumer<SingleConsumer>();
        bus.AddConsumer<InBatchConsumer>(c => c.Options<BatchOptions>(batch => batch.SetMessageLimit(BatchSize).SetTimeLimit(s: 60)));
        bus.AddConfigureEndpointsCallback((context, _, endpoint) =>
        {
            endpoint.PrefetchCount = BatchSize;
            if (way == Way.Context)
                endpoint.UseFleetOutbox<ShopContext>(context);
            else
                endpoint.UseFleetOutbox(context);
        });
    }

    /// <summary>What the consumer does.</summary>
    public enum Way
    {
        /// <summary>Nothing.</summary>
        Alone = 0,

        /// <summary>Publishes a message and enqueues a run for each that it gets.</summary>
        Sends = 1,

        /// <summary>Executes one statement in the transaction of its messages.</summary>
        Transaction = 2,

        /// <summary>Both.</summary>
        TransactionAndSends = 3,

        /// <summary>Adds one row to its own context for each message, and sends.</summary>
        Context = 4,
    }

    public sealed record Chosen(Way Way);

    public sealed record Single(int Number);

    public sealed record InBatch(int Number);

    public sealed class SingleConsumer(Chosen chosen, IServiceProvider services) : IConsumer<Single>
    {
        public Task Consume(ConsumeContext<Single> context) => WorkAsync(chosen.Way, services, context, 1);
    }

    public sealed class InBatchConsumer(Chosen chosen, IServiceProvider services) : IConsumer<Batch<InBatch>>
    {
        public Task Consume(ConsumeContext<Batch<InBatch>> context) => WorkAsync(chosen.Way, services, context, context.Message.Length);
    }

    private static async Task WorkAsync(Way way, IServiceProvider services, ConsumeContext context, int count)
    {
        if (way is Way.Transaction or Way.TransactionAndSends)
        {
            await using var command = context.GetFleetTransaction().Connection!.CreateCommand();
            command.CommandText = "SELECT 'the work of the consumer'";
            await command.ExecuteNonQueryAsync();
        }

        if (way == Way.Context)
            services.GetRequiredService<ShopContext>().Orders.AddRange(Enumerable.Range(0, count).Select(i => new Order { Number = i }));
        for (var i = 0; way is Way.Sends or Way.TransactionAndSends or Way.Context && i < count; i++)
        {
            await context.Publish(new OrderPlaced(i));
            await context.EnqueueRunAsync(new Note("road"));
        }
    }

    private sealed class ConsumeWatch : IReceiveObserver, IDisposable
    {
        private readonly SemaphoreSlim _ended = new(0);

        /// <summary>Waits for the end of one more message.</summary>
        public async Task EndedAsync() => Assert.True(await _ended.WaitAsync(Waiting.Limit, TestContext.Current.CancellationToken));

        public void Dispose() => _ended.Dispose();

        public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostReceive(ReceiveContext context)
        {
            _ended.Release();
            return Task.CompletedTask;
        }

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) where T
            : class => Task.CompletedTask;

        public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
    }
}
