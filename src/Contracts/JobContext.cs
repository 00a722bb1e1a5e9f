using System.Data.Common;

namespace Fleet;

/// <summary>The run at hand, as its handler sees it.</summary>
public abstract class JobContext
{
    /// <summary>The run's id: stable over all attempts, so it is the idempotency key for effects outside the database.</summary>
    public abstract RunId RunId { get; }

    /// <summary>The stable name of the job, even when the run was stored under an alias.</summary>
    public abstract string Job { get; }

    /// <summary>The lane the run travels on.</summary>
    public abstract string Lane { get; }

    /// <summary>Which try this is, from 1.</summary>
    public abstract int Attempt { get; }

    /// <summary>When this attempt became due.</summary>
    public abstract DateTimeOffset DueTime { get; }

    /// <summary>The instant of the schedule that this run stands for; null when no schedule made it.</summary>
    public abstract DateTimeOffset? FireTime { get; }

    /// <summary>The schedule that made this run; null when none did.</summary>
    public abstract string? Schedule { get; }

    /// <summary>The labels given at enqueue.</summary>
    public abstract IReadOnlyList<string> Tags { get; }

    /// <summary>Log lines that are kept with the run and also go to the process's log with run id and trace id.</summary>
    public abstract JobLog Log { get; }

    /// <summary>Reports how far the work is. Shown live; written to the database every 250 ms.</summary>
    /// <param name="fraction">0 to 1; values outside are clamped.</param>
    /// <param name="message">What is being done, at most 200 characters (longer ones are cut); null leaves the last one.</param>
    public abstract void ReportProgress(double fraction, string? message = null);

    /// <summary>Sets the output of the run, stored as JSON when the run completes; the last call wins. A result that the handler returns is
    /// stored likewise; one that cannot be stored is left out (<c>{"$omitted":"why"}</c>), because the work is done by then.</summary>
    /// <exception cref="ArgumentException">The JSON is larger than 256 KiB, or the value cannot be written as JSON. A handler that does not
    /// catch it fails for good: another try would set the same output.</exception>
    /// <exception cref="InvalidOperationException">The run was completed by <c>CompleteAsync</c>, or the attempt has ended.</exception>
    public abstract void SetOutput<T>(T output);

    /// <summary>Adds a follow-up run. It is stored in the same transaction that completes this run, so it exists if and
    /// only if this run succeeds; the id can be used at once.</summary>
    /// <remarks>With an idempotency key that another run has by then, no run is added.</remarks>
    /// <exception cref="InvalidRunException">The job is unknown or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The run was completed by <c>CompleteAsync</c>, or the attempt has ended.</exception>
    public abstract Task<RunId> EnqueueAsync<TArgs>(TArgs args, EnqueueOptions? options = null, CancellationToken ct = default)
        where TArgs : notnull;

    /// <summary>Publishes an event once this run has succeeded; it is stored with the completion and delivered at least once.</summary>
    /// <typeparam name="TEvent">A type that carries the <see cref="EventAttribute"/>.</typeparam>
    /// <exception cref="InvalidOperationException">The type has no such attribute; or the run was completed by <c>CompleteAsync</c>, or the
    /// attempt has ended.</exception>
    public abstract Task PublishAsync<TEvent>(TEvent message, CancellationToken ct = default) where TEvent : notnull;

    /// <summary>Completes the run inside the caller's own transaction: what the transaction wrote, the follow-up runs, the
    /// events and the completion become true together when the caller commits. Call it last and
    /// commit: until then the row is locked, and a transaction that says nothing for 10 s is ended by PostgreSQL.</summary>
    /// <param name="transaction">A transaction on the database that Fleet uses.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <exception cref="LeaseLostException">The run was taken from this worker: roll back.</exception>
    /// <exception cref="NonRetryableException">The transaction is on another database.</exception>
    /// <exception cref="InvalidOperationException">This attempt has completed the run before, in another transaction: roll
    /// back. Or it has called <see cref="Effect"/>: the run is completed with its effects.</exception>
    public abstract Task CompleteAsync(DbTransaction transaction, CancellationToken ct = default);

    /// <summary>Completes the run in a transaction that Fleet opens on its database and commits after <paramref name="work"/>:
    /// what the work wrote and the completion become true together, or not at all.</summary>
    /// <param name="work">Writes through the transaction's connection. With SQLite all other writes of the process wait for it: it must not
    /// write through Fleet in another way (<see cref="IFleetClient"/>), and may take up to 30 s.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <exception cref="LeaseLostException">The run was taken from this worker; nothing was committed.</exception>
    /// <exception cref="NonRetryableException">There is an ambient <c>TransactionScope</c>, which cannot take part.</exception>
    /// <exception cref="TimeoutException">With SQLite: the work took longer than 30 s; nothing was committed.</exception>
    /// <exception cref="InvalidOperationException">This attempt has completed the run before, or has called <see cref="Effect"/>.</exception>
    public abstract Task CompleteAsync(Func<DbTransaction, CancellationToken, Task> work, CancellationToken ct = default);

    /// <summary>Hands over a statement that writes to Fleet's database. It is executed when the handler has returned, in the transaction that
    /// completes the run: what it wrote and the completion become true together, once, or not at all. The statements of many runs share
    /// a transaction, which makes this the fastest way to an effect that happens exactly once.</summary>
    /// <remarks>Several are executed in the order of the calls. When the database refuses one (a constraint, a missing table, a wrong
    /// type), nothing of the attempt is stored, and the attempt fails with the database's message; other runs are not concerned. When the
    /// database is away, the statements wait for it; that is no attempt. Not together with <c>CompleteAsync</c>.</remarks>
    /// <param name="sql">One statement: <c>INSERT</c>, <c>UPDATE</c>, <c>DELETE</c>, <c>MERGE</c>, <c>WITH</c>, <c>SELECT</c> of a function, or a
    /// procedure's call, as the database knows them. Parameters are written <c>@name</c>. It must not change the transaction or its
    /// settings.</param>
    /// <param name="parameters">Their values: the properties of an object, as <c>new { id = 1, name = "a" }</c>, or a dictionary from names to
    /// values; null for none. Each is null, string, bool, byte, short, int, long, decimal, double, float, Guid, <see cref="Fleet.RunId"/>,
    /// DateTimeOffset, DateTime in UTC, DateOnly, byte[] or an enum (its number). They are read at once.</param>
    /// <exception cref="ArgumentException">The statement is empty, is not one of these, or is more than one; a parameter has no value, or a
    /// value no parameter; a value is of another type; or a run has more than 100 statements, or more than 256 KiB of statements and
    /// values. A handler that does not catch it fails for good: another try would do the same.</exception>
    /// <exception cref="InvalidOperationException">The run was completed by <c>CompleteAsync</c>, or the attempt has ended.</exception>
    /// <exception cref="NotSupportedException">This context takes no effects.</exception>
    public virtual void Effect(string sql, object? parameters = null) => throw new NotSupportedException($"{GetType()} takes no effects.");

    /// <summary>Ends this attempt without a result and runs again later. Not counted as an attempt.</summary>
    /// <param name="delay">From now; 0 to 3650 days.</param>
    /// <param name="reason">Kept with the attempt.</param>
    /// <returns>An exception to throw: <c>throw context.Snooze(TimeSpan.FromMinutes(5));</c></returns>
    public virtual SnoozeException Snooze(TimeSpan delay, string? reason = null) => new(delay, reason);
}
