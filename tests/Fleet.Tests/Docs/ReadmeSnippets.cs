using Fleet.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Docs.Readme;

[Job("report.daily", Lane = "reports", MaxAttempts = 5, Timeout = "00:10:00", Aliases = ["daily-report"])]
public sealed record DailyReport(DateOnly Day);

public sealed class DailyReportJob(ReportDb db) : IJob<DailyReport>
{
    public async Task RunAsync(DailyReport args, JobContext context, CancellationToken ct)
    {
        context.ReportProgress(0.1, "reading");
        db.Reports.Add(await Report.ForAsync(args.Day, ct));
        // The report and "this run succeeded" become true in one commit, or not at all.
        await context.CompleteAsync(db, ct);
    }
}

/// <summary>The code of README.md and docs/client.md, so that it compiles. <see cref="SnippetsTests"/> compares.</summary>
internal static class ReadmeSnippets
{
    public static async Task<RunId> RegisterAsync(IHostApplicationBuilder builder, IFleetClient client, DateOnly day)
    {
        builder.AddFleet(fleet => fleet
            .AddJobsFromAssemblyContaining<Program>()
            .AddSchedules(s => s.Cron("nightly", "0 3 * * *", new DailyReport(day), zone: "Europe/Berlin")));

        RunId id = await client.EnqueueAsync(new DailyReport(day), new() { IdempotencyKey = "report-2026-11-22" });
        return id;
    }

    public static void Client(WebApplicationBuilder builder)
    {
        builder.Services.AddFleetClient(o => o.Server = new Uri("http://fleet.example.com:8710"));

        var app = builder.Build();
        app.MapPost("/orders/{id}", async (int id, IFleetClient fleet, CancellationToken ct) =>
            Results.Accepted(value: await fleet.EnqueueAsync(new ShipOrder(id), ct: ct)));
    }

    /// <summary>Stands for the program's own class.</summary>
    private sealed class Program;

    [Job("docs.ship-order")]
    private sealed record ShipOrder(int Id);
}

/// <summary>Stands for the program's own class.</summary>
public sealed class Report
{
    public int Id { get; set; }

    public static Task<Report> ForAsync(DateOnly day, CancellationToken ct) => Task.FromResult(new Report { Id = day.DayNumber });
}

/// <summary>Stands for the program's own class.</summary>
public sealed class ReportDb(DbContextOptions<ReportDb> options) : DbContext(options)
{
    public DbSet<Report> Reports => Set<Report>();
}
