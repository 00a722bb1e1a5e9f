using Fleet.Core.Actors;

namespace Fleet.Core.Runs;

/// <summary>The client for a process with access to Fleet's database.</summary>
public sealed class FleetClient(EnqueueRuns enqueue, CancelRuns cancel, DeleteRuns delete, GetRuns get) : IFleetClient
{
    private static readonly EnqueueOptions NoOptions = new();

    public async Task<RunId> EnqueueAsync<TArgs>(
        TArgs args, EnqueueOptions? options = null, CancellationToken ct = default) where TArgs : notnull =>
        (await enqueue.ExecuteAsync(RequestFor(args, options), ct)).Id;

    public async Task<IReadOnlyList<RunId>> EnqueueManyAsync<TArgs>(
        IReadOnlyList<TArgs> args, EnqueueOptions? options = null, CancellationToken ct = default) where TArgs : notnull
    {
        var outcomes = await enqueue.ExecuteManyAsync([.. args.Select(a => RequestFor(a, options))], ct);
        return [.. outcomes.Select(o => o.Id)];
    }

    public Task<CancelResult> CancelAsync(RunId runId, string? reason = null, CancellationToken ct = default) =>
        cancel.ExecuteAsync(runId, reason, ThisProcess.Program, ct);

    public async Task<DeleteResult> DeleteAsync(RunId runId, CancellationToken ct = default) =>
        (await delete.ExecuteAsync([runId], ThisProcess.Program, ct))[0];

    public async Task<RunInfo?> GetAsync(RunId runId, CancellationToken ct = default) =>
        await get.FindAsync(runId, ct) is { } run ? GetRuns.ToInfo(run) : null;

    public async Task<RunInfo?> WaitAsync(RunId runId, CancellationToken ct = default) =>
        await get.WaitAsync(runId, ct) is { } run ? GetRuns.ToInfo(run) : null;

    /// <summary>The request for typed args.</summary>
    /// <exception cref="InvalidOperationException">The args type has no <see cref="JobAttribute"/>.</exception>
    /// <exception cref="InvalidRunException">The args cannot be written as JSON: they hold a NaN, a cycle, or null where the type allows
    /// none.</exception>
    public static RunRequest RequestFor<TArgs>(TArgs args, EnqueueOptions? options) where TArgs : notnull => new()
    {
        Job = JobArgs.NameOf(args.GetType()),
        Args = JobArgs.Write(args),
        By = ThisProcess.Program,
        Options = options ?? NoOptions,
    };
}
