using Fleet.Bench.Drivers.Effects;
using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.Server;
using Hangfire.States;
using Npgsql;

namespace Fleet.Bench.Drivers.Peers;

/// <summary>Hangfire on PostgreSQL, with long polling; it has no bulk enqueue.</summary>
internal static class HangfireSetup
{
    /// <summary>Fewer have been seen to hang with long polling.</summary>
    public const int Workers = 24;

    public static PostgreSqlStorage Open() => new(
        new ConnectionFactory(),
        new PostgreSqlStorageOptions { EnableLongPolling = true, QueuePollInterval = TimeSpan.FromSeconds(1) });

    private sealed class ConnectionFactory : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => new(Talk.Setting("BENCH_POSTGRES"));
    }
}

/// <summary>Calls are synchronous: each caller has a thread.</summary>
internal sealed class HangfireClientSide : IClientSide
{
    private BackgroundJobClient? _client;

    public IEnumerable<Type> Packages => [typeof(BackgroundJobClient), typeof(PostgreSqlStorage), typeof(NpgsqlConnection)];

    public Task PrepareAsync()
    {
        ThreadPool.SetMinThreads(80, 80);
        _client = new BackgroundJobClient(HangfireSetup.Open());
        return Task.CompletedTask;
    }

    public Task EnqueueAsync(NoOp args) => Task.Run(() => Create(args, new EnqueuedState()));

    public Task EnqueueManyAsync(int count, int batch) => Client.ManyCallersAsync(count, 16, _ => EnqueueAsync(NoOp.Make()));

    public Task EnqueueDueAsync(int count, DateTimeOffset at) =>
        Client.ManyCallersAsync(count, 16, _ => Task.Run(() => Create(NoOp.Make(), new ScheduledState(at.UtcDateTime))));

    public Task EnqueueWayAsync(string way, int count, int batch) => Client.ManyCallersAsync(count, 16, _ => Task.Run(() => Create(way)));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Create(NoOp args, IState state) => _client!.Create<HangfireJob>(job => job.Run(args.Sent, args.Padding), state);

    private void Create(string way)
    {
        var (args, state) = (NoOp.Make(), new EnqueuedState());
        switch (way)
        {
            case "plain":
                Create(args, state);
                break;
            case "transaction":
                _client!.Create<HangfireJob>(job => job.WriteAsync(args.Sent, args.Padding, null!, default), state);
                break;
            case "fails-once":
                _client!.Create<HangfireJob>(job => job.FailOnce(args.Sent, args.Padding, null!), state);
                break;
            default:
                throw new NotSupportedException($"No such way: {way}.");
        }
    }
}

internal sealed class HangfireWorkerSide(Gauge gauge) : IWorkerSide, IDisposable
{
    private readonly NpgsqlDataSource _effects = EffectOnce.Open();
    private readonly PostgreSqlStorage _storage = HangfireSetup.Open();
    private BackgroundJobServer? _server;

    public Task StartAsync()
    {
        _server = new BackgroundJobServer(
            new BackgroundJobServerOptions
            {
                WorkerCount = HangfireSetup.Workers,
                SchedulePollingInterval = TimeSpan.FromSeconds(1),
                Activator = new Activator(gauge, _effects),
            },
            _storage);
        return Task.CompletedTask;
    }

    public Task StopAsync() => Task.Run(() =>
    {
        _server?.Dispose();
        _server = null;
    });

    public void Dispose()
    {
        _server?.Dispose();
        _effects.Dispose();
    }

    public async Task CompletedAsync()
    {
        await using var connection = new NpgsqlConnection(Talk.Setting("BENCH_POSTGRES"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT NOT EXISTS (SELECT 1 FROM hangfire.job WHERE statename IS NULL OR statename IN ('Enqueued', 'Processing', "
            + "'Scheduled'))", connection);
        await Worker.UntilAsync(async () => (bool)(await command.ExecuteScalarAsync())!);
    }

    private sealed class Activator(Gauge gauge, NpgsqlDataSource effects) : JobActivator
    {
        public override object ActivateJob(Type jobType) => new HangfireJob(gauge, effects);
    }
}

/// <summary>The jobs, called by the names of their methods.</summary>
public sealed class HangfireJob
{
    private readonly Gauge _gauge;
    private readonly NpgsqlDataSource _effects;

    internal HangfireJob(Gauge gauge, NpgsqlDataSource effects) => (_gauge, _effects) = (gauge, effects);

    /// <summary>Does nothing.</summary>
    public void Run(long sent, string padding) => _gauge.Handle(sent);

    /// <summary>Writes the row of this job once.</summary>
    public Task WriteAsync(long sent, string padding, PerformContext context, CancellationToken ct)
    {
        _gauge.Handle(sent);
        return EffectOnce.WriteAsync(_effects, context.BackgroundJob.Id, ct);
    }

    /// <summary>Throws when it runs for the first time; a second later, when the scheduler looks, it is enqueued again.</summary>
    [AutomaticRetry(Attempts = 3, DelaysInSeconds = [1])]
    public void FailOnce(long sent, string padding, PerformContext context)
    {
        _gauge.Handle(sent);
        if (context.GetJobParameter<int>("RetryCount") == 0)
            throw new IOException("The first attempt fails.");
    }
}
