using Fleet.Core.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Docs;

/// <summary>The code of docs/embedding.md and docs/settings.md, so that it compiles. <see cref="SnippetsTests"/> compares.</summary>
internal static class EmbeddingSnippets
{
    public static void WebApplications(string[] args, string connectionString, string uri)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddFleet(fleet => fleet
            .UsePostgres(connectionString)
            .UseRabbitMq(uri)
            .AddJobsFromAssemblyContaining<Program>()
            .AddSchedules(s => s.Cron("nightly", "0 3 * * *", new DailyReport(), zone: "Europe/Berlin")));

        var app = builder.Build();
        app.MapFleet("/fleet").RequireAuthorization("ops");
        app.Run();

        app.MapPost("/reports", async (IFleetClient client) => await client.EnqueueAsync(new DailyReport()));
    }

    /// <summary>Of docs/security.md.</summary>
    public static void Access(WebApplication app)
    {
        app.MapFleet("/fleet").RequireAuthorization("ops");
        app.MapFleet("/fleet").RequireAuthorization("ops").WithFleetRoles(user => user.IsInRole("boss") ? Role.Admin : Role.Viewer);
        app.MapFleet("/fleet").RequireFleetKeys();
        app.MapFleet("/fleet").AllowAnonymous();
    }

    public static void GenericHosts(string[] args, string connectionString, string uri)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.AddFleet(fleet => fleet
            .UsePostgres(connectionString)
            .UseRabbitMq(uri)
            .AddJobsFromAssemblyContaining<Program>()
            .RunsJobs(o => o.Lanes["reports"] = 8));
        builder.Build().Run();
    }

    public static void OnlyEnqueues(string[] args, string connectionString, string uri)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddFleet(fleet => fleet.UsePostgres(connectionString).UseRabbitMq(uri).OnlyEnqueues());
    }

    public static void Settings(IHostApplicationBuilder builder, string connectionString) =>
        builder.AddFleet(fleet => fleet
            .UsePostgres(connectionString, o => o.Schema = "jobs")
            .RunsJobs(o => o.Drain = TimeSpan.FromMinutes(1), retry => retry.MaxAttempts = 5)
            .Leads(o => o.KeepSucceeded = TimeSpan.FromDays(1)));

    /// <summary>Stands for the program's own class.</summary>
    private sealed class Program;

    [Job("docs.daily-report")]
    private sealed record DailyReport;
}
