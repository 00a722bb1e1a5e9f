using Fleet.Engine.Diagnostics;
using Fleet.Engine.Execution;
using Fleet.Engine.Leader;
using Fleet.Engine.Workers;

namespace Fleet;

/// <summary>The parts of a fleet's work that a program takes. A program that calls none of these runs jobs and leads.</summary>
public static class FleetEngine
{
    /// <summary>Runs jobs. Unless the program also calls <see cref="Leads"/>, another program of the fleet must lead.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="configure">Sets the options of the worker. In configuration: <c>Fleet:Worker</c>.</param>
    /// <param name="retry">Sets how failed attempts are tried again. In configuration: <c>Fleet:Worker:Retry</c>.</param>
    public static FleetBuilder RunsJobs(
        this FleetBuilder fleet, Action<WorkerOptions>? configure = null, Action<RetryOptions>? retry = null)
    {
        if (retry is not null)
            fleet.Services.PostConfigure(retry);
        if (configure is not null)
        {
            fleet.Services.PostConfigure(configure);
            // Jobs are registered before there are options.
            var options = new WorkerOptions();
            configure(options);
            if (options.Diagnostics)
                fleet.Services.AddDiagnosticJobs();
        }

        return fleet.Do(FleetPart.RunsJobs);
    }

    /// <summary>Leads: plans schedules, and rescues and cleans up runs, while no other program of the fleet does. Unless the program also
    /// calls <see cref="RunsJobs"/>, other programs run the jobs.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="configure">Sets the options. In configuration: <c>Fleet:Scheduler</c>.</param>
    public static FleetBuilder Leads(this FleetBuilder fleet, Action<SchedulerOptions>? configure = null)
    {
        if (configure is not null)
            fleet.Services.PostConfigure(configure);
        return fleet.Do(FleetPart.Leads);
    }
}
