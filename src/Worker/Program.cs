using Fleet;
using Fleet.Hosting;
using Fleet.Hosting.Health;

if (args is [HealthProbe.Argument])
    return await HealthProbe.RunAsync();

// The worker service: claims runs of its lanes, executes them, and gives back what it cannot finish.
return await FleetHost.RunToEndAsync(() =>
{
    // A free port unless one is named: many workers share a machine, and only probes ask them anything.
    var builder = WebApplication.CreateSlimBuilder(args).UseFleetDefaults("http://127.0.0.1:0")
        .AddFleet(fleet => fleet.RunsJobs().MigratesAtStart(false));
    builder.Services.AddFleetHealth();
    return builder.BuildFleet().MapFleetHealth();
});
