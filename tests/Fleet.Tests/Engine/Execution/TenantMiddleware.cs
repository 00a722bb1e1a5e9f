namespace Fleet.Tests.Engine.Execution;

[Job("test.import-orders")]
public sealed record ImportOrders(string Tenant) : ITenantArgs;

public sealed class ImportOrdersJob(CurrentTenant tenant) : IJob<ImportOrders, string>
{
    public Task<string> RunAsync(ImportOrders args, JobContext context, CancellationToken ct) => tenant.Id == "closed"
        ? throw new TenantLeftException()
        : Task.FromResult("orders of " + tenant.Id);
}

public sealed class TenantLeftException : Exception;

public interface ITenantArgs
{
    string Tenant { get; }
}

public sealed class CurrentTenant
{
    public string? Id { get; set; }
}

// The rest of this file stands in docs/middleware.md; a test compares them.
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
