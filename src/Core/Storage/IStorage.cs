using System.Data.Common;

namespace Fleet.Core.Storage;

/// <summary>The database, as Core sees it. One implementation per provider.</summary>
public interface IStorage
{
    /// <summary>The hot statements in this provider's SQL.</summary>
    IRunStatements Statements { get; }

    /// <summary>Runs the work in a write transaction and commits it; an exception undoes what the work wrote. Works that wait
    /// at the same time may share a commit. A work must not ask for another write: it would wait for itself.</summary>
    Task<T> WriteAsync<T>(Func<WriteScope, Task<T>> work, CancellationToken ct);

    /// <summary>Opens a context for reading. What it writes would bypass the write queue: use <see cref="WriteAsync{T}"/>.</summary>
    FleetDbContext Read();

    /// <summary>Brings the schema up to date.</summary>
    Task MigrateAsync(CancellationToken ct);

    /// <summary>The database's clock, which decides about leases.</summary>
    Task<DateTimeOffset> GetClockAsync(CancellationToken ct);

    /// <summary>True when the failure is the database's (down, locked, disk full), not that of the data given to it.</summary>
    bool IsOutage(Exception e);
}

/// <summary>One write transaction.</summary>
/// <param name="transaction">For hand-written statements.</param>
/// <param name="open">Makes a context on the same transaction; called when LINQ is first needed.</param>
public sealed class WriteScope(DbTransaction transaction, Func<DbTransaction, FleetDbContext> open) : IAsyncDisposable
{
    private FleetDbContext? _db;

    /// <summary>For hand-written statements.</summary>
    public DbTransaction Transaction { get; } = transaction;

    /// <summary>For LINQ, on the same transaction.</summary>
    public FleetDbContext Db => _db ??= open(Transaction);

    /// <summary>Ends the context; the transaction is the storage's to end.</summary>
    public ValueTask DisposeAsync() => _db?.DisposeAsync() ?? ValueTask.CompletedTask;
}
