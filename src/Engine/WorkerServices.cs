using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Engine.Diagnostics;
using Fleet.Engine.Execution;
using Fleet.Engine.Workers;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.Engine;

/// <summary>Registration of a worker.</summary>
public static class WorkerServices
{
    /// <summary>Adds a worker that takes its options from <c>Fleet:Worker</c>. Jobs are added by
    /// <see cref="JobServices.AddFleetJobs"/>.</summary>
    public static IServiceCollection AddFleetWorker(this IServiceCollection services, IConfiguration configuration)
    {
        // Labels is a name that deployments may use already; what it does comes with node routing.
        services.AddSettings<WorkerOptions>(
            configuration.GetSection(WorkerOptions.Section), o => o.Check(), alsoKnown: ["Retry", "JobsPath", "Labels"]);
        services.AddSettings<RetryOptions>(configuration.GetSection(RetryOptions.Section), o => o.Check());
        services.AddSingleton<RetryPolicy>().TryAddSingleton<IRetryPolicy>(provider => provider.GetRequiredService<RetryPolicy>());
        services.AddSingleton<IRetrySettings>(provider => provider.GetRequiredService<RetryPolicy>());
        services.TryAddSingleton<IRunExecutor, InProcessExecutor>();
        services.AddSingleton<RunningRuns>()
            .AddSingleton<RunReports>()
            .AddSingleton<FlushFigures>()
            .AddSingleton<WorkerIdentity>()
            .AddSingleton<WorkerLanes>()
            .AddSingleton(provider => new TransactionSlots(
                provider.GetRequiredService<IStorage>().Transactions, provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<WorkerStanding>()
            .AddSingleton<HeartbeatLoop>()
            .AddSingleton<FailureLog>()
            .AddSingleton<RunTelemetry>()
            .AddSingleton<RunContexts>()
            .AddSingleton<InvokeHandlers>()
            .AddSingleton<JudgeAttempts>()
            .AddSingleton<SettleRuns>()
            .AddSingleton<AnnounceEnds>()
            .AddSingleton<WakeLoop>()
            .AddSingleton<UnservedRuns>()
            .AddSingleton(new RegisteredServices(services))
            .AddSingleton<FindMissingServices>()
            .AddSingleton<CheckHandlers>()
            .AddSingleton<IStartCheck>(provider => provider.GetRequiredService<CheckHandlers>())
            .AddSingleton<KeepHandlerLines>()
            .AddSingleton<ExecuteRuns>();
        // Before the worker starts: the ledger's table must be there by then.
        if (configuration.GetValue<bool>($"{WorkerOptions.Section}:Diagnostics"))
            services.AddDiagnosticJobs();
        if (configuration[JobAssemblies.Setting] is { Length: > 0 } path)
            services.AddFleetJobs(jobs => JobAssemblies.AddFrom(jobs, path), configuration);
        services.AddLogging(logging => logging
            .AddFilter<HandlerLineProvider>("Microsoft", LogLevel.Warning).AddFilter<HandlerLineProvider>("System", LogLevel.Warning));
        // Before the worker, so that they end after it.
        return services.AddHostedService<Watchdog>().AddHostedService<LastWords>().AddHostedService<WorkerService>();
    }
}
