using Fleet.Bench.Drivers.Effects;
using Npgsql;
using Quartz;

namespace Fleet.Bench.Drivers.Peers;

/// <summary>Quartz.NET, clustered on PostgreSQL: one stored job, and a trigger that fires once for each that is enqueued.</summary>
internal static class QuartzSetup
{
    public const int Threads = 24;

    public static readonly JobKey NoOp = new("noop");

    /// <summary>Of the job that fails once: stored, and a firing of its own.</summary>
    public static readonly RetryPolicy Retries = RetryPolicy.Fixed(3, TimeSpan.FromSeconds(1));

    /// <summary>The stored job of a way.</summary>
    public static IJobDetail Job(string way) => way switch
    {
        "noop" or "plain" => JobBuilder.Create<QuartzJob>().WithIdentity(NoOp).StoreDurably().Build(),
        "transaction" => JobBuilder.Create<QuartzEffectJob>().WithIdentity(way).StoreDurably().Build(),
        "fails-once" => JobBuilder.Create<QuartzFailsOnceJob>().WithIdentity(way).StoreDurably().Build(),
        _ => throw new NotSupportedException($"No such way: {way}."),
    };

    public static async Task<(ServiceProvider Services, IScheduler Scheduler)> OpenAsync(Gauge gauge)
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(gauge)
            .AddSingleton(_ => EffectOnce.Open())
            .AddQuartz(quartz =>
            {
                quartz.UseDefaultThreadPool(Threads);
                // How soon a node sees a trigger that another process stored: the least that is allowed, the default being 30 s.
                quartz.ConfigureScheduler(scheduler => scheduler.IdleWaitTime = TimeSpan.FromSeconds(1));
                quartz.UsePersistentStore(store =>
                {
                    store.UsePostgres(NpgsqlFactory.Instance, Talk.Setting("BENCH_POSTGRES"));
                    store.ProvisionSchema();
                    store.UseClustering(_ => { });
                });
            })
            .BuildServiceProvider();
        var scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        return (services, scheduler);
    }
}

/// <summary>A scheduler that is never started: it only stores triggers.</summary>
internal sealed class QuartzClientSide : IClientSide
{
    private ServiceProvider? _services;
    private IScheduler? _scheduler;

    public IEnumerable<Type> Packages => [typeof(IScheduler), typeof(NpgsqlConnection)];

    public async Task PrepareAsync()
    {
        (_services, _scheduler) = await QuartzSetup.OpenAsync(new Gauge());
        foreach (var way in new[] { "noop", "transaction", "fails-once" })
            await _scheduler.AddJob(QuartzSetup.Job(way), new AddJobOptions { Replace = true });
    }

    public async Task EnqueueAsync(NoOp args) => await _scheduler!.ScheduleJob(Trigger(QuartzSetup.NoOp, args, null));

    public Task EnqueueManyAsync(int count, int batch) => StoreAsync("noop", count, batch, null);

    public Task EnqueueWayAsync(string way, int count, int batch) => StoreAsync(way, count, batch, null);

    public Task EnqueueDueAsync(int count, DateTimeOffset at) => StoreAsync("noop", count, 500, at);

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
    }

    private async Task StoreAsync(string way, int count, int batch, DateTimeOffset? at)
    {
        var job = QuartzSetup.Job(way);
        for (var i = 0; i < count; i += batch)
        {
            ITrigger[] triggers = [.. Enumerable.Range(0, Math.Min(batch, count - i)).Select(_ => Trigger(job.Key, NoOp.Make(), at))];
            await _scheduler!.ScheduleJob(job, triggers, new ScheduleJobOptions { Replace = true });
        }
    }

    private static ITrigger Trigger(JobKey job, NoOp args, DateTimeOffset? at)
    {
        var trigger = TriggerBuilder.Create()
            .WithIdentity(Guid.NewGuid().ToString("N"))
            .ForJob(job)
            .UsingJobData("sent", args.Sent)
            .UsingJobData("padding", args.Padding);
        if (job.Name == "fails-once")
            trigger = trigger.WithRetryPolicy(QuartzSetup.Retries);
        return (at is { } instant ? trigger.StartAt(instant) : trigger.StartNow()).Build();
    }
}

internal sealed class QuartzWorkerSide(Gauge gauge) : IWorkerSide
{
    private ServiceProvider? _services;
    private IScheduler? _scheduler;

    public async Task StartAsync()
    {
        (_services, _scheduler) = await QuartzSetup.OpenAsync(gauge);
        await _scheduler.Start();
    }

    public async Task StopAsync()
    {
        if (_services is null)
            return;
        await _scheduler!.Shutdown(waitForJobsToComplete: true);
        await _services.DisposeAsync();
        _services = null;
    }

    /// <summary>A trigger that has fired for the last time is deleted, when its job has ended.</summary>
    public async Task CompletedAsync()
    {
        await using var connection = new NpgsqlConnection(Talk.Setting("BENCH_POSTGRES"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT NOT EXISTS (SELECT 1 FROM qrtz_triggers) AND NOT EXISTS (SELECT 1 FROM qrtz_fired_triggers)", connection);
        await Worker.UntilAsync(async () => (bool)(await command.ExecuteScalarAsync())!);
    }
}

internal sealed class QuartzJob(Gauge gauge) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        gauge.Handle(Convert.ToInt64(context.MergedJobDataMap["sent"]));
        return ValueTask.CompletedTask;
    }
}

/// <summary>Writes the row of its trigger once.</summary>
internal sealed class QuartzEffectJob(Gauge gauge, NpgsqlDataSource effects) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        gauge.Handle(Convert.ToInt64(context.MergedJobDataMap["sent"]));
        await EffectOnce.WriteAsync(effects, context.Trigger.Key.Name, cancellationToken);
    }
}

internal sealed class QuartzFailsOnceJob(Gauge gauge) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        gauge.Handle(Convert.ToInt64(context.MergedJobDataMap["sent"]));
        return context.RetryAttempt == 0 ? throw new IOException("The first attempt fails.") : ValueTask.CompletedTask;
    }
}
