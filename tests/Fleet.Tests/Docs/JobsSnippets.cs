#pragma warning disable CA1848 // As people write it.
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Docs.Jobs;

[Job("report.daily", Lane = "reports", MaxAttempts = 5, Timeout = "10m", Description = "Mails the numbers of a day.")]
public sealed record DailyReport(DateOnly Day, string? Customer = null);

public sealed class DailyReportJob(ReportWriter reports, ILogger<DailyReportJob> logger) : IJob<DailyReport>
{
    public async Task RunAsync(DailyReport args, JobContext context, CancellationToken ct)
    {
        logger.LogInformation("Report of {Day}", args.Day);
        await reports.WriteAsync(args.Day, args.Customer, ct);
    }
}

[Job("docs.count-orders")]
public sealed record CountOrders;

public sealed class CountOrdersJob(OrderDb db) : IJob<CountOrders, int>
{
    public Task<int> RunAsync(CountOrders args, JobContext context, CancellationToken ct) => db.Orders.CountAsync(ct);
}

[Job("docs.fetch-mail")]
public sealed record FetchMail(string User, [Secret] string Password, MailServer? Server = null);

public sealed record MailServer(string Host, [property: Secret] string? Token);

public sealed class FetchMailJob : IJob<FetchMail>
{
    public Task RunAsync(FetchMail args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

public sealed class ReportsController(IFleetClient fleet) : ControllerBase
{
    [HttpPost]
    public async Task<RunId> Post(DateOnly day, CancellationToken ct) =>
        await fleet.EnqueueAsync(new DailyReport(day), new() { Delay = TimeSpan.FromMinutes(5) }, ct);
}

public sealed class ReportModule : IFleetModule
{
    public void ConfigureServices(IServiceCollection services, IConfiguration configuration) =>
        services.AddDbContext<ReportDb>(o => o.UseNpgsql(configuration.GetConnectionString("Reports")));
}

/// <summary>The code of docs/jobs.md, so that it compiles. <see cref="SnippetsTests"/> compares.</summary>
internal static class JobsSnippets
{
    public static void Register(IHostApplicationBuilder builder) =>
        builder.AddFleet(fleet => fleet.AddJobs(jobs => jobs
            .Add<DailyReportJob>()                                 // one handler
            .AddFrom(typeof(DailyReportJob).Assembly)));           // every handler of an assembly
}

/// <summary>Stands for the program's own class.</summary>
public sealed class ReportWriter
{
    public Task WriteAsync(DateOnly day, string? customer, CancellationToken ct) => Task.FromResult((this, day, customer, ct));
}

/// <summary>Stands for the program's own class.</summary>
public sealed class ReportDb(DbContextOptions<ReportDb> options) : DbContext(options);

/// <summary>Stands for the program's own class.</summary>
public sealed class OrderDb(DbContextOptions<OrderDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();
}

/// <summary>Stands for the program's own class.</summary>
public sealed class Order
{
    public int Id { get; set; }
}
