using Fleet.Core.Loops;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>Makes runs due that wait for a worker that can execute them. Called when a worker that knows their jobs has started.</summary>
public sealed class WakeUnserved(IStorage storage, Wakers wakers, TimeProvider time)
{
    /// <summary>Maximum pause of such a run. The index of pending runs is read up to this time ahead.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    // A statement takes a limited number of parameters.
    private const int MaxNames = 500;

    /// <param name="lanes">The lanes that the worker serves.</param>
    /// <param name="jobs">The names and aliases of the jobs that the worker knows.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>How many runs are due now.</returns>
    public async Task<int> ExecuteAsync(IEnumerable<string> lanes, IReadOnlyCollection<string> jobs, CancellationToken ct)
    {
        var woken = 0;
        foreach (var lane in lanes)
        {
            foreach (var names in jobs.Chunk(MaxNames))
                woken += await WakeAsync(lane, names, ct);
        }

        if (woken > 0)
            wakers.Stage.Wake();
        return woken;
    }

    private Task<int> WakeAsync(string lane, string[] names, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return storage.WriteRetryingAsync(
            session => storage.ColdRuns.WakeAsync(session, lane, names, ReleaseRuns.UnservedType, now, now + (MaxPause * 2), ct), ct);
    }
}
