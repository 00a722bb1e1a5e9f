using Fleet.Core.Storage;
using Microsoft.Extensions.Hosting;

namespace Fleet.Hosting;

/// <summary>Brings the schema up to date before anything else starts.</summary>
internal sealed class MigrateAtStart(IStorage storage) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => storage.MigrateAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
