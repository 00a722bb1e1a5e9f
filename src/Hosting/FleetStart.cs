using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Setup;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Hosting;

/// <summary>The first of Fleet's hosted services: whatever can refuse the start does so here, before anything is written. What a host logs
/// and the runtime prints is then a few lines that name what is to be mended (<see cref="FleetStartException"/>).</summary>
/// <param name="checks">What can refuse.</param>
/// <param name="schema">The schema.</param>
/// <param name="jobs">Not used here: making the registry refuses jobs that do not go together.</param>
/// <param name="logger">Gets the cause with its stack, at the level Debug.</param>
internal sealed partial class FleetStart(
    IEnumerable<IStartCheck> checks, SchemaAtStart schema, JobRegistry jobs, ILogger<FleetStart> logger) : IHostedService
{
    private readonly IReadOnlyList<IStartCheck> _checks = [.. checks];

    public Task StartAsync(CancellationToken cancellationToken) => StartRefusal.InWordsAsync(async () =>
    {
        try
        {
            _ = jobs;
            foreach (var check in _checks)
                await check.CheckAsync(cancellationToken);
            await schema.EnsureAsync(cancellationToken);
            foreach (var check in _checks)
                await check.CheckStoredAsync(cancellationToken);
        }
        catch (Exception e) when (StartRefusal.Explain(e) is not null)
        {
            LogCause(e);
            throw;
        }
    });

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Debug, Message = "The start is refused.")]
    private partial void LogCause(Exception e);
}
