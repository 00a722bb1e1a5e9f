using System.Data;
using System.Data.Common;
using System.Diagnostics;
using Fleet.Core.Effects;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Storage;

/// <summary>The database, as Core sees it. One implementation per provider.</summary>
/// <remarks>This seam exists so that Core says what is asked and a storage says in which SQL: nothing above the storages contains SQL.
/// Verbs whose SQL differs are written per database. Storage.Sql has those that all databases understand.</remarks>
public interface IStorage
{
    /// <summary>The hot statements in this provider's SQL.</summary>
    IRunStatements Statements { get; }

    /// <summary>Writes of a run's state outside the hot road.</summary>
    RunStates States { get; }

    /// <summary>Statements about runs beside the hot road, without EF Core.</summary>
    IColdRunStatements ColdRuns { get; }

    /// <summary>The statements of the gates.</summary>
    IGateStatements Gates { get; }

    /// <summary>The statements about workers.</summary>
    IWorkerStatements Workers { get; }

    /// <summary>The statements about jobs.</summary>
    IJobStatements Jobs { get; }

    /// <summary>The statements about lanes.</summary>
    ILaneStatements Lanes { get; }

    /// <summary>The statements about schedules.</summary>
    IScheduleStatements Schedules { get; }

    /// <summary>The statements about figures over time.</summary>
    IRollupStatements Rollups { get; }

    /// <summary>The statements about leases that a worker needs, too.</summary>
    ILeaseStatements Leases { get; }

    /// <summary>The statements of inbox and outbox.</summary>
    IMessageStatements Messages => new DbContextMessages(Statements);

    /// <summary>How this database takes the effects of handlers.</summary>
    EffectSql Effects { get; }

    /// <summary>Where Fleet's tables stand.</summary>
    FleetSchema Schema { get; }

    /// <summary>The file of the database; null for a server.</summary>
    string? File => null;

    /// <summary>Runs the work in a write transaction and commits it; an exception undoes what the work wrote. Works that wait
    /// at the same time may share a commit. A work must not ask for another write: it would wait for itself.</summary>
    Task<T> WriteAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct);

    /// <summary>As <see cref="WriteAsync{T}"/>, for hot statements that stand alone: on a server each may commit by itself, in the
    /// round trip that executes it. A failure leaves what was committed before it.</summary>
    Task<T> AutocommitAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct) => WriteAsync(work, ct);

    /// <summary>Reads with statements, outside of every transaction. It waits for no write, so the work of a write may use it.</summary>
    Task<T> ReadAsync<T>(Func<StorageSession, Task<T>> read, CancellationToken ct) => AutocommitAsync(read, ct);

    /// <summary>Opens a transaction, does the work in it, completes the run and commits.
    /// It passes the gate of <see cref="Transactions"/>.</summary>
    /// <param name="work">Code of the application.</param>
    /// <param name="completion">Asked after the work.</param>
    /// <param name="ct">Cancels the work, not the commit.</param>
    /// <exception cref="LeaseLostException">The run no longer belongs to this claim; nothing was committed.</exception>
    /// <exception cref="RunCompletedException">This claim has already completed the run; nothing was committed.</exception>
    /// <exception cref="OutcomeUnknownException">The answer to the commit was lost.</exception>
    async Task CompleteAfterAsync(Func<DbTransaction, CancellationToken, Task> work, Func<Completion> completion, CancellationToken ct)
    {
        using var pass = Transactions is { } gate ? await gate.EnterAsync(ct) : null;
        long begun = 0;
        await WriteAsync(
            async session =>
            {
                await work(session.Transaction, ct);
                begun = Stopwatch.GetTimestamp();
                var made = completion();
                (await Statements.CompleteAsync(session, [made], ct))[0].ThrowUnlessSettled(made.Id);
                return true;
            },
            ct);
        pass?.Took(Stopwatch.GetElapsedTime(begun));
    }

    /// <summary>Completes runs and applies the effects of those that were completed, in one transaction that it commits.</summary>
    /// <param name="completions">The runs, each once.</param>
    /// <param name="checksEach">Whether constraints that wait for the commit are checked after each run, so that it is known whose they
    /// are.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="ct">Cancels it, not the commit.</param>
    /// <returns>One outcome per run, in order.</returns>
    /// <exception cref="EffectStoppedException">An effect failed, and nothing was committed.</exception>
    /// <exception cref="OutcomeUnknownException">The answer to the commit was lost.</exception>
    Task<IReadOnlyList<EffectOutcome>> ApplyEffectsAsync(
        IReadOnlyList<Completion> completions, bool checksEach, TimeSpan limit, CancellationToken ct) =>
        this.ApplyTogetherAsync(completions, limit, ct);

    /// <summary>Waits until a transaction that the caller opens by itself has no rival in this process, where there is one writer
    /// at a time; ends when the result is disposed.</summary>
    ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct);

    /// <summary>True when all writes of the process go through one writer, so that whoever holds it must not ask for another
    /// write.</summary>
    bool HasOneWriter => false;

    /// <summary>Limits how many transactions of handlers this process has open at once; null where one writer serves the process. Whoever
    /// opens such a transaction passes it before the connection is taken.</summary>
    TransactionGate? Transactions => null;

    /// <summary>As <see cref="WriteAsync{T}"/>, for works of Fleet's own; what the work returns is stored with the commit.</summary>
    /// <returns>What became of each run.</returns>
    Task<IReadOnlyList<EnqueueOutcome>> WriteMessagesAsync(Func<StorageSession, Task<MessageWrite>> work, CancellationToken ct) =>
        WriteAsync(
            async session =>
            {
                var write = await work(session);
                var outcomes = await Statements.InsertAsync(session, write.Runs, ct);
                await Messages.AddAsync(session, write.Messages, ct);
                return outcomes;
            },
            ct);

    /// <summary>Opens a transaction for code of the application, after <see cref="Transactions"/> has let it through.</summary>
    ValueTask<OpenTransaction> BeginAsync(CancellationToken ct) => DbContextTransaction.BeginAsync(this, ct);

    /// <summary>A session in a transaction that a caller opened on this database; the caller commits it.</summary>
    /// <exception cref="ArgumentException">The transaction is one of another kind of database.</exception>
    StorageSession Enlist(DbTransaction transaction);

    /// <summary>Opens a context for reading. What it writes would bypass the write queue: use <see cref="WriteAsync{T}"/>.</summary>
    FleetDbContext Read();

    /// <summary>Reads several things as they were at one moment, so that no commit falls between the reads.</summary>
    async Task<T> ReadSnapshotAsync<T>(Func<FleetDbContext, Task<T>> read, CancellationToken ct)
    {
        await using var db = Read();
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        return await read(db);
    }

    /// <summary>Asks whether the database answers, has Fleet's tables and takes writes.</summary>
    /// <exception cref="Exception">It does not.</exception>
    async Task PingAsync(CancellationToken ct)
    {
        await using var db = Read();
        await db.Leases.AnyAsync(ct);
    }

    /// <summary>How the schema stands to the one that this program needs. A database that is not there has none.</summary>
    Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct);

    /// <summary>Pending runs of a lane that are staged and due before an instant, in due order.</summary>
    async Task<IReadOnlyList<WaitingRun>> ReadWaitingAsync(string lane, DateTimeOffset dueBefore, int limit, CancellationToken ct)
    {
        await using var db = Read();
        return await ReadWaitingAsync(db.Pending, lane, dueBefore, limit, ct);
    }

    /// <summary>The same, of these pending runs.</summary>
    static async Task<IReadOnlyList<WaitingRun>> ReadWaitingAsync(
        IQueryable<Run> pending, string lane, DateTimeOffset dueBefore, int limit, CancellationToken ct) =>
        await pending.Where(r => r.Lane == lane && r.Staged && r.DueAt < dueBefore)
            .OrderBy(r => r.DueAt).Select(r => new WaitingRun(r.Id, r.DueAt)).Take(limit).ToListAsync(ct);

    /// <summary>Counts the pending runs of a lane that are due before an instant, as far as a bounded number of rows tells.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="before">The instant.</param>
    /// <param name="most">How far is counted.</param>
    /// <param name="ct">Cancels the query.</param>
    /// <returns>At most <paramref name="most"/>; not exact if there may be more.</returns>
    async Task<(int Count, bool IsExact)> CountDueBeforeAsync(string lane, DateTimeOffset before, int most, CancellationToken ct)
    {
        await using var db = Read();
        var found = await db.Pending.Where(r => r.Lane == lane && r.DueAt < before).OrderBy(r => r.DueAt).Select(r => r.Id).Take(most)
            .CountAsync(ct);
        return (found, found < most);
    }

    /// <summary>Brings the schema up to date; changes nothing if it is.</summary>
    /// <exception cref="InvalidOperationException">The schema cannot be migrated, or the login may not; says what is missing.</exception>
    Task MigrateAsync(CancellationToken ct);

    /// <summary>Creates a table of the application's unless it exists.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="name">The table's name.</param>
    /// <param name="columns">Columns and constraints, in SQL that every database understands.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task CreateTableAsync(StorageSession session, string name, string columns, CancellationToken ct);

    /// <summary>The database's clock, which decides about leases.</summary>
    Task<DateTimeOffset> GetClockAsync(StorageSession session, CancellationToken ct);

    /// <summary>The same on the calling thread.</summary>
    DateTimeOffset GetClock(StorageSession session) => GetClockAsync(session, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Opens a connection for a thread that does without the thread pool; see <see cref="OwnConnection"/>.</summary>
    /// <param name="limit">After which each of its calls fails, and after twice as long the opening of a fresh connection; at least 1
    /// s.</param>
    OwnConnection OpenOwn(TimeSpan limit) => new SharedConnection(this, limit);

    /// <summary>True for an error of the database or its driver that is not known to be the fault of the data given to it (down, read-only,
    /// locked, out of disk, a missing table or right): the same write may succeed later. What the database refuses for ever is
    /// <see cref="StorageErrors.IsRefused"/>.</summary>
    bool IsOutage(Exception e);

    /// <summary>True when an error says by itself that Fleet's database cannot serve now, wherever in the chain of inner exceptions it
    /// stands: connection lost, out of connections or disk, shutting down, read-only. Narrower than <see cref="IsOutage"/>, because it also
    /// judges what a handler threw: such an error spends no attempt.</summary>
    bool IsUnavailable(Exception e);

    /// <summary>True when a statement met a database that has no such table.</summary>
    bool IsMissingTable(Exception e) => false;

    /// <summary>True when the server answers but refuses the login, the database or a right: this does not pass by itself.</summary>
    bool IsAccessRefused(Exception e) => false;

    /// <summary>True when two writers were in each other's way (both made the same row, or changed it, or waited for each
    /// other): the same write, done again, finds what the other one left.</summary>
    bool IsConflict(Exception e);
}

/// <summary>Writes of several processes to the same rows.</summary>
public static class ConflictingWrites
{
    private const int MaxTries = 5;

    /// <summary>As <see cref="IStorage.WriteAsync{T}"/>, done again when another writer was in the way; the work must bear that.</summary>
    public static Task<T> WriteRetryingAsync<T>(this IStorage storage, Func<StorageSession, Task<T>> work, CancellationToken ct) =>
        storage.RetryConflictsAsync(() => storage.WriteAsync(work, ct));

    /// <summary>Writes, and writes again when another writer was in the way.</summary>
    public static async Task<T> RetryConflictsAsync<T>(this IStorage storage, Func<Task<T>> write)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await write();
            }
            catch (Exception e) when (tries < MaxTries && storage.IsConflict(e))
            {
                // At once: the other one's commit is what made this fail.
            }
        }
    }
}
