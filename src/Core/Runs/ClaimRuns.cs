using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Pending → Running: takes due runs for a worker, each under a fresh lease. Nudges that arrive together share one
/// statement.</summary>
/// <remarks>The state is the lock: of two workers exactly one matches the row.</remarks>
public sealed class ClaimRuns : IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly IRunGates _gates;
    private readonly TimeProvider _time;
    private readonly GroupCommit<Request, ClaimOutcome> _group;

    public ClaimRuns(IStorage storage, IRunGates gates, TimeProvider time)
    {
        _storage = storage;
        _gates = gates;
        _time = time;
        _group = new("claim", ClaimAsync, storage.JudgeBatch);
    }

    /// <summary>Claims one run. If the run has ended or a living worker has it, the result is <see cref="ClaimStatus.Duplicate"/>; this is
    /// normal.</summary>
    public async Task<ClaimOutcome> ExecuteAsync(WorkerId worker, RunId id, CancellationToken ct)
    {
        var outcome = await _group.AddAsync(new(worker, id), ct);
        return outcome.Status == ClaimStatus.Gated ? await _gates.ClaimAsync(worker, outcome.Pending!, ct) : outcome;
    }

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    private async Task<IReadOnlyList<ClaimOutcome>> ClaimAsync(IReadOnlyList<Request> requests, CancellationToken ct)
    {
        // In one process all requests have the same worker, except while it changes its id.
        var outcomes = new ClaimOutcome[requests.Count];
        await _storage.AutocommitAsync(
            async session =>
            {
                foreach (var group in Enumerable.Range(0, requests.Count).GroupBy(i => requests[i].Worker))
                {
                    var indexes = group.ToArray();
                    var ids = Array.ConvertAll(indexes, i => requests[i].Id);
                    var claimed = await _storage.Statements.ClaimAsync(session, group.Key, ids, _time.GetUtcNow(), passedGates: false, ct);
                    for (var i = 0; i < indexes.Length; i++)
                        outcomes[indexes[i]] = claimed[i];
                }

                return true;
            },
            ct);
        return outcomes;
    }

    private readonly record struct Request(WorkerId Worker, RunId Id);
}
