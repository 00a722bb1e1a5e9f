using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Running → Succeeded, fenced by the lease token. Completions that arrive together share one commit.</summary>
public sealed class CompleteRuns : IAsyncDisposable
{
    /// <summary>Maximum time of the work of <see cref="ExecuteAfterAsync"/> on a database with one writer per process, where all other
    /// writes wait for it.</summary>
    public static readonly TimeSpan LongestWork = TimeSpan.FromSeconds(30);

    /// <summary>Maximum time that the work may take to stop after its token was canceled.</summary>
    private static readonly TimeSpan WorkGrace = TimeSpan.FromSeconds(2);

    private readonly IStorage _storage;
    private readonly TimeProvider _time;
    private readonly GroupCommit<Completion, SettleOutcome> _group;
    private readonly GroupCommit<RunLease, bool> _looks;
    private readonly GroupCommit<Completion, SettleOutcome> _bringing;
    private readonly ApplyEffects _effects;

    public CompleteRuns(IStorage storage, TimeProvider time)
    {
        _storage = storage;
        _time = time;
        _group = new("complete", CompleteAsync, storage.JudgeBatch);
        _looks = new("look", LookAsync, storage.JudgeBatch);
        _bringing = new("complete-bringing", CompleteAsync, storage.JudgeBatch);
        _effects = new ApplyEffects(storage);
    }

    /// <summary>Completes a run in a shared transaction, with its effects.</summary>
    /// <exception cref="EffectFailedException">An effect of the run failed, and nothing was stored.</exception>
    public Task<SettleOutcome> ExecuteAsync(Completion completion, CancellationToken ct) =>
        completion.Effects.Count > 0 ? _effects.ExecuteAsync(completion, ct)
            // Separate, so that plain completions do not wait for completions with follow-ups or events.
            : completion is { FollowUps.Count: 0, Events.Count: 0 } ? _group.AddAsync(completion, ct)
            : _bringing.AddAsync(completion, ct);

    /// <summary>Completes a run inside the caller's transaction. The completion takes effect when the caller commits.</summary>
    /// <exception cref="LeaseLostException">The run no longer belongs to this claim.</exception>
    /// <exception cref="RunCompletedException">This claim has already completed the run.</exception>
    /// <exception cref="NonRetryableException">The transaction is on another database than Fleet's.</exception>
    public async Task ExecuteInAsync(DbTransaction transaction, Completion completion, CancellationToken ct)
    {
        await using var session = _storage.Enlist(transaction);
        IReadOnlyList<SettleOutcome> outcomes;
        try
        {
            outcomes = await _storage.Statements.CompleteAsync(session, [completion], ct);
        }
        catch (Exception e) when (_storage.IsMissingTable(e))
        {
            throw OnAnotherDatabase(transaction, e);
        }

        // A database with Fleet's tables may belong to another fleet.
        if (outcomes[0] == SettleOutcome.LeaseLost && !await _storage.ColdRuns.ExistsAsync(session, completion.Id, ct))
            throw OnAnotherDatabase(transaction, null);
        outcomes[0].ThrowUnlessSettled(completion.Id);
    }

    /// <summary>Executes the work in a new transaction, completes the run in it, and commits.</summary>
    /// <param name="work">Writes through the transaction. With SQLite it may take up to <see cref="LongestWork"/>.</param>
    /// <param name="completion">Called after the work, because the work may set the output.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <exception cref="LeaseLostException">The run no longer belongs to this claim; nothing was committed.</exception>
    /// <exception cref="RunCompletedException">This claim has already completed the run; nothing was committed.</exception>
    /// <exception cref="TimeoutException">The work took too long; nothing was committed.</exception>
    /// <exception cref="NonRetryableException">There is an ambient transaction, which cannot take part.</exception>
    public Task ExecuteAfterAsync(Func<DbTransaction, CancellationToken, Task> work, Func<Completion> completion, CancellationToken ct)
    {
        AmbientTransaction.Refuse();
        return _storage.CompleteAfterAsync(
            _storage.HasOneWriter ? (transaction, token) => WorkInTurnAsync(work, transaction, token) : work, completion, ct);
    }

    /// <summary>Returns true if a lease has completed its run in a transaction that the handler committed. Calls that arrive together share
    /// one query.</summary>
    public Task<bool> IsCompletedAsync(RunLease lease, CancellationToken ct) => _looks.AddAsync(lease, ct);

    /// <summary>Records that a completion of <see cref="ExecuteInAsync"/> was committed.</summary>
    public void Committed(RunLease lease) => _storage.Statements.Committed(lease);

    private static NonRetryableException OnAnotherDatabase(DbTransaction transaction, Exception? inner) => new(
        $"The transaction is on the database '{transaction.Connection?.Database}' at '{transaction.Connection?.DataSource}', which does "
        + "not hold this run: "
            + "CompleteAsync needs a transaction on the database that Fleet uses. A handler that writes to another database lets Fleet "
            + "complete its run by returning.",
        inner);

    /// <summary>Does the work while all other writes of the process wait, and limits its time. The work is executed on a thread of the
    /// pool, because work that blocks would block the writer itself.</summary>
    private async Task WorkInTurnAsync(Func<DbTransaction, CancellationToken, Task> work, DbTransaction transaction, CancellationToken ct)
    {
        using var turn = WriteTurn.Begin();
        var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = Task.Run(() => work(transaction, stop.Token), CancellationToken.None);
        if (await EndsWithinAsync(working, LongestWork))
        {
            stop.Dispose();
            await working;
            return;
        }

        _ = stop.CancelAsync().ContinueWith(
            static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var hasEnded = await EndsWithinAsync(working, WorkGrace);
        _ = working.ContinueWith(
            static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        throw new WorkTooLongException(LongestWork, hasEnded);
    }

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan limit)
    {
        if (!task.IsCompleted)
            await task.WaitAsync(limit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    public async ValueTask DisposeAsync()
    {
        await _looks.DisposeAsync();
        await _group.DisposeAsync();
        await _bringing.DisposeAsync();
        await _effects.DisposeAsync();
    }

    private Task<IReadOnlyList<bool>> LookAsync(IReadOnlyList<RunLease> leases, CancellationToken ct) =>
        _storage.AutocommitAsync(session => _storage.Statements.AreCompletedAsync(session, leases, ct), ct);

    private async Task<IReadOnlyList<SettleOutcome>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        // A completion with its follow-ups and events is one statement. A follow-up that may already exist needs a transaction.
        if (completions.All(c => c.FollowUps.All(f => !f.MayExist)))
            return await _storage.AutocommitAsync(CompleteInAsync, ct);

        var outcomes = await _storage.WriteAsync(CompleteInAsync, ct);
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i] == SettleOutcome.Settled)
                Committed(new RunLease(completions[i].Id, completions[i].LeaseToken));
        }

        return outcomes;

        Task<IReadOnlyList<SettleOutcome>> CompleteInAsync(StorageSession session) =>
            _storage.Statements.CompleteAsync(session, completions, ct);
    }
}
