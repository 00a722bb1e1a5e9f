using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.JobPack;

/// <summary>A job whose handler needs a service of its own assembly, which <see cref="PackModule"/> registers.</summary>
[Job("pack.price")]
public sealed record Priced(decimal Amount);

public sealed class PricedJob(Tax tax) : IJob<Priced, decimal>
{
    public Task<decimal> RunAsync(Priced args, JobContext context, CancellationToken ct) => Task.FromResult(args.Amount * (1 + tax.Rate));
}

/// <summary>What is added to a price.</summary>
public sealed record Tax(decimal Rate);

public sealed class PackModule : IFleetModule
{
    public void ConfigureServices(IServiceCollection services, IConfiguration configuration) =>
        services.AddSingleton(new Tax(decimal.Parse(configuration["Pack:TaxRate"] ?? "0.19", CultureInfo.InvariantCulture)));
}
