using System.Diagnostics;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet.Core.Storage;

/// <summary>A transaction that is open while code of the application works. Disposing it without a commit undoes it.</summary>
public abstract class OpenTransaction : IAsyncDisposable
{
    /// <summary>For statements on the transaction.</summary>
    public abstract StorageSession Session { get; }

    /// <summary>Stores messages and runs and commits.</summary>
    /// <returns>What became of each run.</returns>
    public abstract Task<IReadOnlyList<EnqueueOutcome>> CommitAsync(MessageWrite write);

    public abstract ValueTask DisposeAsync();
}

/// <summary>One on a connection of EF Core's, for every database.</summary>
public sealed class DbContextTransaction : OpenTransaction
{
    private readonly IStorage _storage;
    private readonly FleetDbContext _db;
    private readonly TransactionPass? _pass;
    private readonly IAsyncDisposable? _turn;
    private IDbContextTransaction? _transaction;
    private StorageSession? _session;

    private DbContextTransaction(IStorage storage, FleetDbContext db, TransactionPass? pass, IAsyncDisposable? turn) =>
        (_storage, _db, _pass, _turn) = (storage, db, pass, turn);

    public override StorageSession Session => _session!;

    /// <summary>Opens one, after the writer and the gate of the process have let it through.</summary>
    public static async ValueTask<OpenTransaction> BeginAsync(IStorage storage, CancellationToken ct)
    {
        var pass = storage.Transactions is { } gate ? await gate.EnterAsync(ct) : null;
        IAsyncDisposable? turn = null;
        DbContextTransaction? begun = null;
        try
        {
            turn = await storage.TakeTurnAsync(ct);
            begun = new DbContextTransaction(storage, storage.Read(), pass, turn);
            begun._transaction = await begun._db.Database.BeginTransactionAsync(ct);
            begun._session = storage.Enlist(begun._transaction.GetDbTransaction());
            return begun;
        }
        catch
        {
            if (begun is not null)
            {
                await begun.DisposeAsync();
                throw;
            }

            if (turn is not null)
                await turn.DisposeAsync();
            pass?.Dispose();
            throw;
        }
    }

    public override async Task<IReadOnlyList<EnqueueOutcome>> CommitAsync(MessageWrite write)
    {
        var begun = Stopwatch.GetTimestamp();
        var outcomes = await _storage.Messages.CommitAsync(Session, write);
        _pass?.Took(Stopwatch.GetElapsedTime(begun));
        return outcomes;
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (_session is not null)
                await _session.DisposeAsync();
            if (_transaction is not null)
                await _transaction.DisposeAsync();
            await _db.DisposeAsync();
        }
        finally
        {
            if (_turn is not null)
                await _turn.DisposeAsync();
            _pass?.Dispose();
        }
    }
}
