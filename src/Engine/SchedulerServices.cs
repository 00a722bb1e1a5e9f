using Fleet.Core.Rules;
using Fleet.Engine.Leader;

namespace Fleet.Engine;

/// <summary>Registration of a scheduler.</summary>
public static class SchedulerServices
{
    /// <summary>Adds a scheduler that takes its options from <c>Fleet:Scheduler</c> and schedules from <c>Fleet:Schedules</c>.</summary>
    public static IServiceCollection AddFleetScheduler(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<SchedulerOptions>(configuration.GetSection(SchedulerOptions.Section), o => o.Check());
        return services
            .AddSingleton(new ConfiguredSchedules(configuration))
            .AddSingleton<LeaderElection>()
            .AddSingleton<PlanLoop>().AddSingleton<StageLoop>().AddSingleton<RescueLoop>()
            .AddSingleton<ReconcileLoop>().AddSingleton<OutboxLoop>().AddSingleton<PruneLoop>()
            .AddHostedService<SchedulerService>();
    }
}
