using Fleet.Api;
using Fleet.Hosting;
using Fleet.Worker;

// The worker service: claims runs of its lanes, executes them, and gives back what it cannot finish.
return await FleetHost.RunToEndAsync(() =>
{
    var builder = WebApplication.CreateBuilder(args).UseFleetDefaults();
    builder.Services
        .AddFleet(builder.Configuration.RequireSharedTransport())
        .AddFleetWorker(builder.Configuration)
        .AddFleetApi();
    var app = builder.Build();
    app.MapFleetApi();
    return app;
});
