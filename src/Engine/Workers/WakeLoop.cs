using Fleet.Core.Jobs;
using Fleet.Core.Loops;
using Fleet.Core.Runs;

namespace Fleet.Engine.Workers;

/// <summary>Looks, when this worker has started, for runs that waited for a worker that knows their jobs. It looks again later, for
/// those that another worker was giving back at that moment.</summary>
public sealed class WakeLoop(WakeUnserved wake, JobRegistry registry, WorkerLanes lanes, TimeProvider time, ILogger<WakeLoop> logger)
    : BackgroundLoop("wake-unserved", time, logger)
{
    /// <summary>Longer than others go without learning of this worker.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(35);

    private static readonly TimeSpan Later = TimeSpan.FromHours(1);

    private bool _hasLooked;

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        await wake.ExecuteAsync(lanes.Slots.Keys, registry.Names, ct);
        var pause = _hasLooked ? Later : Again;
        _hasLooked = true;
        return pause;
    }
}
