using Fleet;
using Fleet.ApiDocs;
using Fleet.Hosting;
using Fleet.Hosting.Health;
using Fleet.Oidc;

if (args is [HealthProbe.Argument])
    return await HealthProbe.RunAsync();

// The scheduler service: plans and stages runs while it leads, and serves the API whether it leads or not.
return await FleetHost.RunToEndAsync(() =>
{
    var builder = WebApplication.CreateSlimBuilder(args).UseFleetDefaults().AddFleet(fleet => fleet.Leads().MigratesAtStart(false));
    builder.Services.AddFleetHealth().AddFleetOidc(builder.Configuration);
    var app = builder.BuildFleet();
    app.MapFleet("").RequireFleetKeys();
    return app.MapFleetDocs().MapFleetHealth();
});
