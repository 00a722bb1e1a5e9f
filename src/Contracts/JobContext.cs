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

    /// <summary>The number of this attempt, from 1.</summary>
    public abstract int Attempt { get; }

    /// <summary>When this attempt became due.</summary>
    public abstract DateTimeOffset DueTime { get; }

    /// <summary>The instant of the schedule that this run stands for; null when no schedule made it.</summary>
    public abstract DateTimeOffset? FireTime { get; }

    /// <summary>The schedule that made this run; null when none did.</summary>
    public abstract string? Schedule { get; }

    /// <summary>The tags that the caller gave the run.</summary>
    public abstract IReadOnlyList<string> Tags { get; }

    /// <summary>Log lines that are kept with the run and also go to the process's log with run id and trace id.</summary>
    public abstract JobLog Log { get; }

    /// <summary>Reports the progress of the work. It is shown live, and written to the database every 250 ms.</summary>
    /// <param name="fraction">0 to 1; other values are moved to the nearest limit.</param>
    /// <param name="message">The current step, at most 200 characters (a longer text is cut). Null keeps the last message.</param>
    public abstract void ReportProgress(double fraction, string? message = null);

    /// <summary>Sets the output of the run. It is stored as JSON when the run completes; the last call wins. A result that the handler
    /// returns is stored in the same way. If it cannot be stored, it is left out (<c>{"$omitted":"why"}</c>), because the work is already
    /// done.</summary>
    /// <exception cref="ArgumentException">The JSON is larger than 256 KiB, or the value cannot be written as JSON. If the handler does not
    /// catch this, the run is Failed, because another attempt would set the same output.</exception>
    /// <exception cref="InvalidOperationException">The run was completed by <c>CompleteAsync</c>, or the attempt has ended.</exception>
    public abstract void SetOutput<T>(T output);

    /// <summary>Adds a follow-up run. It is stored in the transaction that completes this run, so it exists if and only if this run
    /// succeeds. The id can be used immediately.</summary>
    /// <remarks>If another run has the idempotency key when this run completes, no run is added.</remarks>
    /// <exception cref="InvalidRunException">The job is unknown or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The run was completed by <c>CompleteAsync</c>, or the attempt has ended.</exception>
    public abstract Task<RunId> EnqueueAsync<TArgs>(TArgs args, EnqueueOptions? options = null, CancellationToken ct = default)
        where TArgs : notnull;

    /// <summary>Publishes an event if this run succeeds. The event is stored with the completion and delivered at least once.</summary>
    /// <typeparam name="TEvent">A type that carries the <see cref="EventAttribute"/>.</typeparam>
    /// <exception cref="InvalidOperationException">The type has no such attribute; or the run was completed by <c>CompleteAsync</c>, or the
    /// attempt has ended.</exception>
    public abstract Task PublishAsync<TEvent>(TEvent message, CancellationToken ct = default) where TEvent : notnull;

    /// <summary>Completes the run inside the caller's transaction. When the caller commits, everything that the transaction wrote, the
    /// follow-up runs, the events and the completion are stored together. Make this the last call before the commit, because it locks the
    /// row. PostgreSQL ends a transaction that sends nothing for 10 s.</summary>
    /// <param name="transaction">A transaction on the database that Fleet uses.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <exception cref="LeaseLostException">The run was taken from this worker: roll back.</exception>
    /// <exception cref="NonRetryableException">The transaction is on another database.</exception>
    /// <exception cref="InvalidOperationException">This attempt has already completed the run in another transaction: roll back. Or it has
    /// called <see cref="Effect"/>, so the run is completed together with its effects.</exception>
    public abstract Task CompleteAsync(DbTransaction transaction, CancellationToken ct = default);

    /// <summary>Completes the run in a transaction that Fleet opens on its database and commits after <paramref name="work"/>. Everything
    /// that the work wrote is stored together with the completion, or not at all.</summary>
    /// <param name="work">Writes through the connection of the transaction. With SQLite, all other writes of the process wait for the work,
    /// so it must not write through Fleet in another way (<see cref="IFleetClient"/>), and may take at most 30 s.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <exception cref="LeaseLostException">The run was taken from this worker; nothing was committed.</exception>
    /// <exception cref="NonRetryableException">There is an ambient <c>TransactionScope</c>, which cannot take part.</exception>
    /// <exception cref="TimeoutException">With SQLite: the work took longer than 30 s; nothing was committed.</exception>
    /// <exception cref="InvalidOperationException">This attempt has already completed the run, or has called
    /// <see cref="Effect"/>.</exception>
    public abstract Task CompleteAsync(Func<DbTransaction, CancellationToken, Task> work, CancellationToken ct = default);

    /// <summary>Adds a statement that writes to Fleet's database. It is executed after the handler has returned, in the transaction that
    /// completes the run. So its effect is stored together with the completion, exactly once, or not at all. The statements of many runs
    /// share a transaction, so this is the fastest way to an effect that happens exactly once.</summary>
    /// <remarks>Several statements are executed in the order of the calls. If the database refuses one (a constraint, a missing table, a
    /// wrong type), nothing of the attempt is stored, and the attempt fails with the message of the database; other runs are not affected.
    /// While the database is away, the statements wait, and this does not count as an attempt. Cannot be used together with
    /// <c>CompleteAsync</c>.</remarks>
    /// <param name="sql">One statement: <c>INSERT</c>, <c>UPDATE</c>, <c>DELETE</c>, <c>MERGE</c>, <c>WITH</c>, <c>SELECT</c> of a
    /// function, or a procedure's call, as the database knows them. Parameters are written <c>@name</c>. It must not change the transaction
    /// or its settings.</param>
    /// <param name="parameters">Their values: the properties of an object, as <c>new { id = 1, name = "a" }</c>, or a dictionary from names
    /// to values; null for none. Each is null, string, bool, byte, short, int, long, decimal, double, float, Guid,
    /// <see cref="Fleet.RunId"/>, DateTimeOffset, DateTime in UTC, DateOnly, byte[] or an enum (its number). They are read at the
    /// call.</param>
    /// <exception cref="ArgumentException">The statement is empty, is not one of these, or is more than one; a parameter has no value, or a
    /// value no parameter; a value has another type; or the run has more than 100 statements, or more than 256 KiB of statements and
    /// values. If the handler does not catch this, the run is Failed, because another attempt would do the same.</exception>
    /// <exception cref="InvalidOperationException">The run was completed by <c>CompleteAsync</c>, or the attempt has ended.</exception>
    /// <exception cref="NotSupportedException">This context takes no effects.</exception>
    public virtual void Effect(string sql, object? parameters = null) => throw new NotSupportedException($"{GetType()} takes no effects.");

    /// <summary>Ends this attempt without a result; the run starts again later. This does not count as an attempt.</summary>
    /// <param name="delay">From now; 0 to 3650 days.</param>
    /// <param name="reason">Kept with the attempt.</param>
    /// <returns>An exception to throw: <c>throw context.Snooze(TimeSpan.FromMinutes(5));</c></returns>
    public virtual SnoozeException Snooze(TimeSpan delay, string? reason = null) => new(delay, reason);
}
