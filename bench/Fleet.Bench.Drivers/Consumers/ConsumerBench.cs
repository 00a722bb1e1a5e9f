using System.Diagnostics;
using System.Globalization;
using Fleet.Bench.Drivers.Fleets;
using Fleet.Hosting;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Fleet.Bench.Drivers.Consumers;

/// <summary>Measures MassTransit consumers without and with Fleet's outbox, on RabbitMQ and PostgreSQL, all with the same prefetch and
/// concurrency:
/// <code>deploy/dev-servers.sh up; eval "$(deploy/dev-servers.sh env)"
/// dotnet run -c Release --project bench/Fleet.Bench.Drivers -- consumers [messages] [variant,variant…] [rounds]</code>
/// A row says: messages per second from the first handler on, the ratio to the same consumer without the outbox, commits and bytes of log
/// per message, and CPU per message of this process (scheduler included) and of PostgreSQL.</summary>
internal static class ConsumerBench
{
    private const int Prefetch = 400;
    private const int Concurrency = 128;
    private const int FloorConnections = 16;

    public static async Task<int> RunAsync(string[] args)
    {
        var messages = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000;
        var only = args.Length > 1 && args[1] != "all" ? args[1].Split(',') : null;
        var rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 1;
        var rates = new Dictionary<string, List<double>>(StringComparer.Ordinal);
        Console.Error.WriteLine("variant            msg/s  ratio  commits  log B  own us  pg us");
        for (var round = 0; round < rounds; round++)
        {
            // The first one is measured warm, as the others are.
            if (round == 0)
                await MeasureAsync(Variant.All[0], messages);
            foreach (var variant in Variant.All.Where(v => only?.Contains(v.Name, StringComparer.Ordinal) ?? true))
                Print(variant.Name, variant.Against, await MeasureAsync(variant, messages));
            if (only?.Contains("floor", StringComparer.Ordinal) ?? true)
                Print("floor", "plain", await FloorAsync(messages));
        }

        return 0;

        void Print(string name, string against, Figures figures)
        {
            rates.TryAdd(name, []);
            rates[name].Add(figures.Rate);
            var ratio = rates.TryGetValue(against, out var other) ? figures.Rate / other[^1] : double.NaN;
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-18} {figures.Rate,5:F0}  {ratio,5:F2}  {figures.Commits,7:F3}  {figures.LogBytes,5:F0}  {figures.OwnCpu,6:F0}  "
                + $"{figures.PostgresCpu,5:F0}"));
        }
    }

    private static async Task<Figures> MeasureAsync(Variant variant, int messages)
    {
        var load = new Load { Expected = messages, WritesRow = variant.WritesRow, Publishes = variant.Publishes };
        var builder = WebApplication.CreateSlimBuilder().UseFleetDefaults("http://127.0.0.1:0");
        builder.Services.AddSingleton(load);
        if (variant.Outbox == Outbox.DbContext)
            builder.Services.AddDbContext<BenchContext>(db => db.UseNpgsql(FleetSettings.Postgres));
        builder.AddFleet(fleet => fleet.Leads().AddConsumers(bus => AddConsumers(bus, variant)));
        await using var app = builder.BuildFleet();
        await app.StartAsync();
        await PostgresCost.ExecuteAsync($"{BenchContext.Schema}; TRUNCATE bench_rows, inbox, outbox");
        await Console.Error.WriteLineAsync($"{variant.Name} …");

        var bus = app.Services.GetRequiredService<IFleetBus>();
        await Client.ManyCallersAsync(messages, 256, i => bus.Publish(new Tick(i)));
        await PostgresCost.ExecuteAsync("CHECKPOINT");
        var before = await PostgresCost.ReadAsync();
        var own = Environment.CpuUsage.TotalTime;
        var begun = Stopwatch.GetTimestamp();
        load.Open();
        await load.Done.WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
        var took = Stopwatch.GetElapsedTime(begun);
        own = Environment.CpuUsage.TotalTime - own;
        var cost = await PostgresCost.ReadAsync() - before;
        await app.StopAsync();
        return new Figures(messages, took, own, cost);
    }

    private static void AddConsumers(IBusRegistrationConfigurator bus, Variant variant)
    {
        if (variant.IsBatch)
        {
            bus.AddConsumer<TickBatchConsumer>(c => c.Options<BatchOptions>(
                batch => batch.SetMessageLimit(Variant.BatchLimit).SetConcurrencyLimit(Prefetch / Variant.BatchLimit).SetTimeLimit(s: 1)));
        }
        else
        {
            bus.AddConsumer<TickConsumer>();
        }

        if (variant.Publishes)
            bus.AddConsumer<TockConsumer>();
        bus.AddConfigureEndpointsCallback((context, name, endpoint) =>
        {
            // What one measurement leaves is not for the next.
            if (endpoint is IRabbitMqReceiveEndpointConfigurator queue)
                queue.AutoDelete = true;
            endpoint.PrefetchCount = Prefetch;
            if (!variant.IsBatch)
                endpoint.ConcurrentMessageLimit = Concurrency;
            if (name.StartsWith("Tock", StringComparison.Ordinal))
                return;
            if (variant.Outbox == Outbox.Fleet)
                endpoint.UseFleetOutbox(context);
            else if (variant.Outbox == Outbox.DbContext)
                endpoint.UseFleetOutbox<BenchContext>(context);
        });
    }

    /// <summary>The transaction of a consumer alone: an id in the inbox and a row, prepared, each connection with one transaction at a
    /// time.</summary>
    private static async Task<Figures> FloorAsync(int messages)
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(FleetSettings.Postgres)
        {
            MaxPoolSize = FloorConnections,
            NoResetOnClose = true,
            MaxAutoPrepare = 20,
            AutoPrepareMinUsages = 1,
        });
        await PostgresCost.ExecuteAsync($"{BenchContext.Schema}; TRUNCATE bench_rows, inbox, outbox; CHECKPOINT");
        await Client.ManyCallersAsync(FloorConnections * 20, FloorConnections, i => EffectAsync(database, i));
        var before = await PostgresCost.ReadAsync();
        var own = Environment.CpuUsage.TotalTime;
        var begun = Stopwatch.GetTimestamp();
        await Client.ManyCallersAsync(messages, FloorConnections, i => EffectAsync(database, i));
        var took = Stopwatch.GetElapsedTime(begun);
        return new Figures(messages, took, Environment.CpuUsage.TotalTime - own, await PostgresCost.ReadAsync() - before);
    }

    private static async Task EffectAsync(NpgsqlDataSource database, int number)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var id = new BenchRow().Id;
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO fleet.inbox (consumer, message_id, received_at) VALUES ($1, $2, $3)")
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = "floor" }, new NpgsqlParameter<Guid> { TypedValue = id },
                new NpgsqlParameter<DateTime>
                {
                    TypedValue = TimeProvider.System.GetUtcNow().UtcDateTime,
                    NpgsqlDbType = NpgsqlDbType.TimestampTz,
                },
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(BenchContext.Insert)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = id }, new NpgsqlParameter<int> { TypedValue = number } },
        });
        await batch.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    private sealed class Figures(int messages, TimeSpan took, TimeSpan own, PostgresCost cost)
    {
        public double Rate => messages / took.TotalSeconds;

        public double Commits => cost.Commits / (double)messages;

        public double LogBytes => cost.LogBytes / (double)messages;

        public double OwnCpu => own.TotalMicroseconds / messages;

        public double PostgresCpu => cost.Cpu.TotalMicroseconds / messages;
    }
}
