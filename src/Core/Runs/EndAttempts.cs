using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>The group commit of <see cref="FailRuns"/>, <see cref="ReleaseRuns"/> and the end of a canceled run. All three write the same
/// two rows, with different values.</summary>
public sealed class EndAttempts(IStorage storage) : IAsyncDisposable
{
    private readonly GroupCommit<AttemptEnd, SettleOutcome> _group = new(
        "end-attempt",
        (ends, ct) => storage.AutocommitAsync(session => storage.Statements.EndAttemptAsync(session, ends, ct), ct),
        storage.JudgeBatch);

    public Task<SettleOutcome> ExecuteAsync(AttemptEnd end, CancellationToken ct) => _group.AddAsync(end, ct);

    public ValueTask DisposeAsync() => _group.DisposeAsync();
}
