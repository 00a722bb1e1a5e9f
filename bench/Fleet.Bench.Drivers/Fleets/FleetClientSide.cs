using System.Globalization;
using System.Net;
using MassTransit;

namespace Fleet.Bench.Drivers.Fleets;

/// <summary>An application that only enqueues, through <see cref="IFleetClient"/>, and calls the scheduler's API.</summary>
internal sealed class FleetClientSide : IClientSide
{
    private IHost? _host;
    private IFleetClient? _client;
    private HttpClient? _http;

    public IEnumerable<Type> Packages =>
        [typeof(IFleetClient), typeof(IBus), typeof(RabbitMQ.Client.IConnection), typeof(Npgsql.NpgsqlConnection)];

    private IFleetClient Fleet => _client!;

    public async Task PrepareAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddConfiguration(FleetSettings.Read());
        builder.Services.AddLogging();
        builder.AddFleet(fleet => fleet.OnlyEnqueues());
        _host = builder.Build();
        await _host.StartAsync();
        _client = _host.Services.GetRequiredService<IFleetClient>();
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(Talk.Setting("BENCH_HTTP")) };
    }

    public Task EnqueueAsync(NoOp args) => Fleet.EnqueueAsync(args);

    public Task EnqueueManyAsync(int count, int batch) => EnqueueManyAsync(count, batch, NoOp.Make);

    public Task EnqueueWayAsync(string way, int count, int batch) => way switch
    {
        "plain" => EnqueueManyAsync(count, batch, Plain.Make),
        "transaction" => EnqueueManyAsync(count, batch, InTransaction.Make),
        "batched" => EnqueueManyAsync(count, batch, Batched.Make),
        "fails-once" => EnqueueManyAsync(count, batch, FailsOnce.Make),
        "consumer" or "consumer-inbox" or "consumer-plain" or "consumer-batch" or "consumer-batch-plain" => SendAsync(way, count),
        _ => throw new NotSupportedException($"No such way: {way}."),
    };

    public async Task EnqueueByHttpAsync(NoOp args)
    {
        using var answer = await _http!.PostAsJsonAsync("/api/v1/runs", new { job = "bench.noop", args });
        if (answer.StatusCode != HttpStatusCode.Accepted)
            throw new InvalidOperationException($"The API answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    public async Task EnqueueDueAsync(int count, DateTimeOffset at)
    {
        const int batch = 500;
        for (var i = 0; i < count; i += batch)
            await Fleet.EnqueueManyAsync(Batch(Math.Min(batch, count - i), NoOp.Make), new EnqueueOptions { RunAt = at });
    }

    public Task ScheduleDueAsync(int count, DateTimeOffset at) => Client.ManyCallersAsync(count, 16, async i =>
    {
        // Cron, as a fleet's schedules are; one fire in a year is enough here.
        var cron = string.Create(CultureInfo.InvariantCulture, $"{at.Second} {at.Minute} {at.Hour} {at.Day} {at.Month} *");
        using var answer = await _http!.PutAsJsonAsync(
            $"/api/v1/schedules/bench-{count}-{i}", new { job = "bench.noop", args = NoOp.Make(), cron });
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"The API answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    });

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }
    }

    private async Task SendAsync(string way, int count)
    {
        // To the exchange: sending to the queue itself would declare it anew.
        var endpoint = await _host!.Services.GetRequiredService<IFleetBus>().GetSendEndpoint(
            new Uri($"exchange:{FleetConsumerSide.Queue(way)}"));
        await Client.ManyCallersAsync(count, 256, _ => endpoint.Send(Tick.Make()));
    }

    private async Task EnqueueManyAsync<TArgs>(int count, int batch, Func<TArgs> make) where TArgs : notnull
    {
        for (var i = 0; i < count; i += batch)
            await Fleet.EnqueueManyAsync(Batch(Math.Min(batch, count - i), make));
    }

    private static TArgs[] Batch<TArgs>(int count, Func<TArgs> make)
    {
        var batch = new TArgs[count];
        for (var i = 0; i < count; i++)
            batch[i] = make();
        return batch;
    }
}
