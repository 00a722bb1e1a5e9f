using System.Data.Common;

namespace Fleet.Core.Storage;

/// <summary>A connection to Fleet's database, and the transaction that is open on it, if there is one. Every statement of Fleet is executed
/// in a session.</summary>
/// <remarks>This seam exists because the same statements run in three situations: in a transaction of Fleet's, in one that a caller
/// brought, and in none. Without a transaction the database commits each round trip, which is cheaper for a statement that stands
/// alone.</remarks>
public class StorageSession : IAsyncDisposable
{
    private readonly DbConnection? _connection;
    private readonly DbTransaction? _transaction;
    private readonly OpenContext? _open;
    private FleetDbContext? _db;

    /// <summary>A session without a transaction.</summary>
    public StorageSession(DbConnection connection) => _connection = connection;

    /// <summary>A session in a transaction, which the caller ends.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="open">Makes a context in the same transaction when LINQ is first needed; null where there are only statements.</param>
    public StorageSession(DbTransaction transaction, OpenContext? open = null) => (_transaction, _open) = (transaction, open);

    /// <summary>False if the database commits each statement by itself.</summary>
    public bool HasTransaction => _transaction is not null;

    /// <summary>The transaction.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public DbTransaction Transaction =>
        _transaction
            ?? throw new InvalidOperationException("This session has no transaction: the database commits each statement by itself.");

    /// <summary>The connection. Null would mean that the caller's transaction has ended;
    /// the driver refuses that with its own error.</summary>
    public DbConnection Connection => _connection ?? _transaction!.Connection!;

    /// <summary>For LINQ, in the same transaction.</summary>
    /// <exception cref="InvalidOperationException">The session has no transaction, or is for statements only.</exception>
    public FleetDbContext Db =>
        _db ??= _open is null
            ? throw new InvalidOperationException("This session is for statements: LINQ needs one of WriteAsync.")
            : _open(Transaction);

    /// <summary>Makes a command of this session.</summary>
    public DbCommand CreateCommand()
    {
        var command = Connection.CreateCommand();
        command.Transaction = _transaction;
        return command;
    }

    /// <summary>Disposes the context. Whoever made the session ends its transaction and closes its connection.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _db?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}

/// <summary>Makes a context in a transaction.</summary>
/// <remarks>A type of its own: a <c>Func</c> over the context would load EF Core, which a worker does without.</remarks>
public delegate FleetDbContext OpenContext(DbTransaction transaction);
