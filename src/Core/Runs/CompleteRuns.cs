using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Running → Succeeded, fenced by the lease token. Completions that arrive together share one commit.</summary>
public sealed class CompleteRuns : IAsyncDisposable
{
    /// <summary>How long the work of <see cref="ExecuteAfterAsync"/> may take where one writer serves the whole process: everybody else's
    /// writes wait for it.</summary>
    public static readonly TimeSpan LongestWork = TimeSpan.FromSeconds(30);

    /// <summary>How long the work may take to stop once its token has tripped.</summary>
    private static readonly TimeSpan WorkGrace = TimeSpan.FromSeconds(2);

    private const string FindRun = "SELECT id FROM fleet.runs WHERE id = @id";

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
            // Apart: a completion that brings nothing must not pay for those that do.
            : completion is { FollowUps.Count: 0, Events.Count: 0 } ? _group.AddAsync(completion, ct)
            : _bringing.AddAsync(completion, ct);

    /// <summary>Completes a run inside the caller's transaction; it counts when the caller commits.</summary>
    /// <exception cref="LeaseLostException">The run is no longer this claim's.</exception>
    /// <exception cref="RunCompletedException">This claim has completed it before.</exception>
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

        // A database with tables of Fleet's own may still be another fleet's.
        if (outcomes[0] == SettleOutcome.LeaseLost && (await _storage.Sql.QueryAsync(session, FindRun, _ => true, ct, ("@id", completion.Id))).Count == 0)
            throw OnAnotherDatabase(transaction, null);
        outcomes[0].ThrowUnlessSettled(completion.Id);
    }

    /// <summary>Completes a run in a transaction of its own, after the given work in it.</summary>
    /// <param name="work">Writes through the transaction. With SQLite it may take up to <see cref="LongestWork"/>.</param>
    /// <param name="completion">Asked after the work, which may have set the output.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <exception cref="LeaseLostException">The run is no longer this claim's; nothing was committed.</exception>
    /// <exception cref="RunCompletedException">This claim has completed it before; nothing was committed.</exception>
    /// <exception cref="TimeoutException">The work took too long; nothing was committed.</exception>
    /// <exception cref="NonRetryableException">There is an ambient transaction, which cannot take part.</exception>
    public Task ExecuteAfterAsync(Func<DbTransaction, CancellationToken, Task> work, Func<Completion> completion, CancellationToken ct)
    {
        RefuseAmbientTransaction();
        return _storage.CompleteAfterAsync(_storage.HasOneWriter ? (transaction, token) => WorkInTurnAsync(work, transaction, token) : work, completion, ct);
    }

    /// <summary>Whether a lease has completed its run in a transaction that the handler committed. Those who ask together share one look.</summary>
    public Task<bool> IsCompletedAsync(RunLease lease, CancellationToken ct) => _looks.AddAsync(lease, ct);

    /// <summary>Takes note that a completion of <see cref="ExecuteInAsync"/> was committed.</summary>
    public void Committed(RunLease lease) => _storage.Statements.Committed(lease);

    /// <exception cref="NonRetryableException">There is an ambient transaction.</exception>
    internal static void RefuseAmbientTransaction()
    {
        if (System.Transactions.Transaction.Current is not null)
        {
            throw new NonRetryableException(
                "CompleteAsync opens a transaction of its own and cannot take part in an ambient TransactionScope. Dispose the scope before, or complete "
                    + "inside a DbTransaction of your own: context.CompleteAsync(transaction).");
        }
    }

    private static NonRetryableException OnAnotherDatabase(DbTransaction transaction, Exception? inner) => new(
        $"The transaction is on the database '{transaction.Connection?.Database}' at '{transaction.Connection?.DataSource}', which does not hold this run: "
            + "CompleteAsync needs a transaction on the database that Fleet uses. A handler that writes to another database lets Fleet complete its run by returning.",
        inner);

    /// <summary>Does the work while all other writes of the process wait, and not longer than they can. The work runs on a thread of the
    /// pool, because one that blocks would hold the writer itself.</summary>
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

        _ = stop.CancelAsync().ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var hasEnded = await EndsWithinAsync(working, WorkGrace);
        _ = working.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
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
        // A completion with what it brings is one statement. A follow-up that may already exist takes several, in a transaction.
        if (completions.All(c => c.FollowUps.All(f => !f.MayExist)))
            return await _storage.AutocommitAsync(CompleteInAsync, ct);

        var outcomes = await _storage.WriteAsync(CompleteInAsync, ct);
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i] == SettleOutcome.Settled)
                Committed(new RunLease(completions[i].Id, completions[i].LeaseToken));
        }

        return outcomes;

        Task<IReadOnlyList<SettleOutcome>> CompleteInAsync(StorageSession session) => _storage.Statements.CompleteAsync(session, completions, ct);
    }
}
