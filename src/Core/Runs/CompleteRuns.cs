using System.Data.Common;
using Fleet.Core.Outbox;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>What came of writing the end of an attempt.</summary>
public enum SettleOutcome
{
    Settled = 0,

    /// <summary>The same claim had completed the run before, in the handler's own transaction.</summary>
    AlreadyCompleted = 1,

    /// <summary>The run is no longer this claim's.</summary>
    LeaseLost = 2,
}

/// <summary>A run that succeeded, with all that becomes true together with it.</summary>
public sealed record Completion
{
    public required RunId Id { get; init; }

    public required long LeaseToken { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>JSON text.</summary>
    public string? Output { get; init; }

    public IReadOnlyList<NewRun> FollowUps { get; init; } = [];

    public IReadOnlyList<OutboxMessage> Events { get; init; } = [];
}

/// <summary>Running → Succeeded, fenced by the lease token. Completions that arrive together share one commit.</summary>
public sealed class CompleteRuns : IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly GroupCommit<Completion, SettleOutcome> _group;

    public CompleteRuns(IStorage storage)
    {
        _storage = storage;
        _group = new("complete", CompleteAsync, storage.IsOutage);
    }

    /// <summary>Completes a run in a shared transaction.</summary>
    public Task<SettleOutcome> ExecuteAsync(Completion completion, CancellationToken ct) => _group.AddAsync(completion, ct);

    /// <summary>Completes a run inside the caller's transaction; it counts when the caller commits.</summary>
    /// <exception cref="LeaseLostException">The run is no longer this claim's.</exception>
    public async Task ExecuteInAsync(DbTransaction transaction, Completion completion, CancellationToken ct)
    {
        var outcomes = await _storage.Statements.CompleteAsync(transaction, [completion], ct);
        if (outcomes[0] == SettleOutcome.LeaseLost)
            throw new LeaseLostException(completion.Id);
    }

    /// <summary>Completes a run in a transaction of its own, after the given work in it.</summary>
    /// <param name="work">Writes through the transaction.</param>
    /// <param name="completion">Asked after the work, which may have set the output.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <exception cref="LeaseLostException">The run is no longer this claim's; nothing was committed.</exception>
    public Task ExecuteAfterAsync(Func<DbTransaction, CancellationToken, Task> work, Func<Completion> completion, CancellationToken ct) =>
        _storage.WriteAsync(
            async scope =>
            {
                await work(scope.Transaction, ct);
                await ExecuteInAsync(scope.Transaction, completion(), ct);
                return true;
            },
            ct);

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    private Task<IReadOnlyList<SettleOutcome>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        // What becomes true together needs a transaction; a completion alone is one statement.
        return completions.All(c => c is { FollowUps.Count: 0, Events.Count: 0 })
            ? _storage.AutocommitAsync(CompleteInAsync, ct)
            : _storage.WriteAsync(CompleteInAsync, ct);

        Task<IReadOnlyList<SettleOutcome>> CompleteInAsync(WriteScope scope) => _storage.Statements.CompleteAsync(scope.Transaction, completions, ct);
    }
}
