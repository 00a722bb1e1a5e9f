using Fleet;
using FleetWeb;

var builder = WebApplication.CreateBuilder(args);

// Stores its runs in a SQLite file in this folder. To use PostgreSQL: dotnet add package Fleet.Postgres, and fleet.UsePostgres(…).
builder.AddFleet(fleet => fleet
    .AddJobsFromAssemblyContaining<Program>()
    .AddSchedules(s => s.Every("hello", "5s", new Hello("schedule"))));

var app = builder.Build();

// GET /fleet/api/v1/runs shows the runs. Anyone may call, so the program starts only if no other machine reaches it. For more,
// use .RequireFleetKeys() (keys of Fleet; 'fleet key create' makes one), or .RequireAuthorization(…) with a policy of your own.
app.MapFleet("/fleet").AllowAnonymous();

// A run that a person asks for.
app.MapPost("/hello/{name}", async (string name, IFleetClient fleet, CancellationToken ct) =>
{
    var run = await fleet.EnqueueAsync(new Hello(name), ct: ct);
    return Results.Accepted($"/fleet/api/v1/runs/{run}");
});

app.Run();
