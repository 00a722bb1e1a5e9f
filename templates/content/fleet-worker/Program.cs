using Fleet;

var builder = Host.CreateApplicationBuilder(args);

// Runs the jobs of this assembly. Another program of the fleet leads: it plans schedules and serves the HTTP API. appsettings.json says
// where the database and the broker are.
builder.AddFleet(fleet => fleet
    .RunsJobs()
    .AddJobsFromAssemblyContaining<Program>());

builder.Build().Run();
