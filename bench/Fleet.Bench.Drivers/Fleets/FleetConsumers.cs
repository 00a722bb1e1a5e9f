using System.Globalization;
using Fleet.Bench.Drivers.Effects;
using Fleet.Hosting;
using MassTransit;
using NpgsqlTypes;

namespace Fleet.Bench.Drivers.Fleets;

/// <summary>A message for the consumers; as large as the jobs' args.</summary>
public sealed record Tick(long Sent, string Padding)
{
    /// <summary>One that is sent now.</summary>
    public static Tick Make() => new(Talk.Now(), NoOp.Filler);
}

/// <summary>A program with MassTransit consumers of its own behind Fleet's outbox, or with the same consumers without any database
/// work.</summary>
/// <param name="gauge">Told each message.</param>
/// <param name="way"><c>consumer</c> and <c>consumer-batch</c> write a row; <c>consumer-inbox</c> only uses the outbox; those with
/// <c>-plain</c> do neither.</param>
internal sealed class FleetConsumerSide(Gauge gauge, string way) : IWorkerSide
{
    private const int Prefetch = 400;
    private const int Concurrency = 32;
    private const int BatchLimit = 100;

    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(100);

    private readonly bool _isPlain = way.EndsWith("-plain", StringComparison.Ordinal);
    private WebApplication? _app;

    /// <summary>The queue, and the exchange before it.</summary>
    public static string Queue(string way) => $"bench-{way}";

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder().UseFleetDefaults("http://127.0.0.1:0");
        // A bus that is stopped before it has started goes on, without the services that its consumers need.
        builder.Services.Configure<MassTransitHostOptions>(host => host.WaitUntilStarted = true);
        builder.Services.AddSingleton(gauge);
        builder.AddFleet(fleet => fleet.OnlyEnqueues().MigratesAtStart(false).AddConsumers(AddConsumers));
        _app = builder.BuildFleet();
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>What the messages left is looked for by the bench.</summary>
    public Task CompletedAsync() => Task.CompletedTask;

    private void AddConsumers(IBusRegistrationConfigurator bus)
    {
        var isBatch = way.StartsWith("consumer-batch", StringComparison.Ordinal);
        if (isBatch && _isPlain)
            bus.AddConsumer<PlainBatchConsumer>(Batches).Endpoint(endpoint => endpoint.Name = Queue(way));
        else if (isBatch)
            bus.AddConsumer<TickBatchConsumer>(Batches).Endpoint(endpoint => endpoint.Name = Queue(way));
        else if (way != "consumer")
            bus.AddConsumer<PlainConsumer>().Endpoint(endpoint => endpoint.Name = Queue(way));
        else
            bus.AddConsumer<TickConsumer>().Endpoint(endpoint => endpoint.Name = Queue(way));
        bus.AddConfigureEndpointsCallback((context, _, endpoint) =>
        {
            // Messages are sent to the queue: those of other ways are not for this one.
            endpoint.ConfigureConsumeTopology = false;
            endpoint.PrefetchCount = Prefetch;
            if (!isBatch)
                endpoint.ConcurrentMessageLimit = Concurrency;
            if (!_isPlain)
                endpoint.UseFleetOutbox(context);
        });
    }

    private static void Batches<TConsumer>(IConsumerConfigurator<TConsumer> consumer) where TConsumer : class =>
        consumer.Options<BatchOptions>(
            batch => batch.SetMessageLimit(BatchLimit).SetConcurrencyLimit(Prefetch / BatchLimit).SetTimeLimit(BatchTime));
}

internal sealed class PlainConsumer(Gauge gauge) : IConsumer<Tick>
{
    public Task Consume(ConsumeContext<Tick> context)
    {
        gauge.Handle(context.Message.Sent);
        return Task.CompletedTask;
    }
}

internal sealed class PlainBatchConsumer(Gauge gauge) : IConsumer<Batch<Tick>>
{
    public Task Consume(ConsumeContext<Batch<Tick>> context)
    {
        foreach (var message in context.Message)
            gauge.Handle(message.Message.Sent);
        return Task.CompletedTask;
    }
}

/// <summary>Writes the row of its message in the message's transaction.</summary>
internal sealed class TickConsumer(Gauge gauge) : IConsumer<Tick>
{
    public Task Consume(ConsumeContext<Tick> context)
    {
        gauge.Handle(context.Message.Sent);
        return EffectRow.InsertAsync(context.GetFleetTransaction(), context.MessageId!.Value.ToString(), context.CancellationToken);
    }
}

/// <summary>Writes the rows of a batch with one statement.</summary>
internal sealed class TickBatchConsumer(Gauge gauge) : IConsumer<Batch<Tick>>
{
    public async Task Consume(ConsumeContext<Batch<Tick>> context)
    {
        foreach (var message in context.Message)
            gauge.Handle(message.Message.Sent);
        var transaction = (Npgsql.NpgsqlTransaction)context.GetFleetTransaction();
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """INSERT INTO bench_effects (job_id, "key") SELECT job, @key FROM unnest(@jobs) AS job""";
        command.Parameters.AddWithValue("key", EffectRow.Key);
        string[] jobs = [.. context.Message.Select(message => message.MessageId!.Value.ToString("D", CultureInfo.InvariantCulture))];
        command.Parameters.AddWithValue("jobs", NpgsqlDbType.Array | NpgsqlDbType.Text, jobs);
        await command.ExecuteNonQueryAsync(context.CancellationToken);
    }
}
