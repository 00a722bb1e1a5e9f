using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Engine.Leader;
using Microsoft.Extensions.Options;

namespace Fleet.Engine;

/// <summary>Registration of a scheduler.</summary>
public static class SchedulerServices
{
    /// <summary>Adds a scheduler that takes its options from <c>Fleet:Scheduler</c> and schedules from <c>Fleet:Schedules</c>.</summary>
    public static IServiceCollection AddFleetScheduler(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<SchedulerOptions>(configuration.GetSection(SchedulerOptions.Section), new SchedulerOptionsValidator());
        services.AddOptions<BeltOptions>()
            .Configure<IOptions<SchedulerOptions>>((belt, scheduler) => belt.LookAhead = scheduler.Value.LookAhead);
        return services
            .AddSingleton(new ConfiguredSchedules(configuration))
            .AddSingleton<BroughtSchedules>()
            .AddSingleton<IStartCheck>(provider => provider.GetRequiredService<BroughtSchedules>())
            .AddSingleton<LeaderElection>()
            .AddSingleton<PlanLoop>().AddSingleton<StageLoop>().AddSingleton<RescueLoop>()
            .AddSingleton<ReconcileLoop>().AddSingleton<OutboxLoop>().AddSingleton<FiguresLoop>()
            .AddSingleton<OperationLoop>()
            .AddSingleton<PruneLoop>()
            .AddHostedService<SchedulerService>();
    }
}
