using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Docs.Middleware;

public sealed class TenantMiddleware(CurrentTenant tenant) : IJobMiddleware
{
    public async Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct)
    {
        // The handler is made in the same scope and gets the same CurrentTenant.
        if (invocation.Args is ITenantArgs args)
            tenant.Id = args.Tenant;
        try
        {
            await next(ct);
        }
        catch (TenantLeftException e)
        {
            // Another attempt would fail in the same way.
            throw new NonRetryableException($"The tenant {tenant.Id} has left.", e);
        }
    }
}

/// <summary>The code of docs/middleware.md, so that it compiles. <see cref="SnippetsTests"/> compares.</summary>
internal static class MiddlewareSnippets
{
    public static void Register(IServiceCollection services)
    {
        services.AddScoped<CurrentTenant>();
        services.AddFleetJobs(jobs => jobs
            .Add<ImportOrdersJob>()
            .Use<MeasureMiddleware>()                     // around all jobs of this process
            .UseFor<ImportOrders, TenantMiddleware>());   // around one job, named by its args type
    }

    [Job("docs.import-orders")]
    private sealed record ImportOrders(string Tenant) : ITenantArgs;

    private sealed class ImportOrdersJob : IJob<ImportOrders>
    {
        public Task RunAsync(ImportOrders args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class MeasureMiddleware : IJobMiddleware
    {
        public Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct) => next(ct);
    }
}

/// <summary>Stands for the program's own type.</summary>
public interface ITenantArgs
{
    string Tenant { get; }
}

/// <summary>Stands for the program's own class.</summary>
public sealed class CurrentTenant
{
    public string Id { get; set; } = "";
}

/// <summary>Stands for the program's own class.</summary>
public sealed class TenantLeftException : Exception;
