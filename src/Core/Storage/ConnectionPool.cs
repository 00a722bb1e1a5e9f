using System.Data.Common;

namespace Fleet.Core.Storage;

/// <summary>A driver's pool of connections to a server, behind the gate of the process.</summary>
/// <typeparam name="T">The driver's connection.</typeparam>
public abstract class ConnectionPool<T>(ConnectionGate gate, TimeProvider time) : IConnectionPool where T : DbConnection
{
    private static readonly TimeSpan BetweenClears = TimeSpan.FromSeconds(1);

    // Connections in use, and the most that were open since the last refusal. Drivers do not tell whether they have one at hand.
    private int _busy;
    private int _open;
    private long _clearedAt;

    private bool MustTakeTurns => gate.IsCareful && Volatile.Read(ref _busy) >= Volatile.Read(ref _open);

    /// <summary>Opens a connection, or takes one that the pool has at hand. Give it back with <see cref="CloseAsync"/>.</summary>
    /// <exception cref="DatabaseUnavailableException">There is none.</exception>
    public ValueTask<T> OpenAsync(CancellationToken ct)
    {
        if (MustTakeTurns)
            return OpenInTurnAsync(ct);
        var startedAt = time.GetTimestamp();
        var opening = OpenOneAsync(ct);
        // As a rule the pool has one at hand.
        if (!opening.IsCompletedSuccessfully)
            return FinishAsync(opening, startedAt);
        Opened();
        return new ValueTask<T>(opening.Result);
    }

    /// <summary>Gives a connection back.</summary>
    public ValueTask CloseAsync(T connection)
    {
        Closed();
        return connection.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask EnterAsync(CancellationToken ct)
    {
        if (MustTakeTurns)
            await CloseAsync(await OpenAsync(ct));
    }

    /// <inheritdoc/>
    public void Opened()
    {
        var busy = Interlocked.Increment(ref _busy);
        if (busy > Volatile.Read(ref _open))
            Volatile.Write(ref _open, busy);
    }

    /// <inheritdoc/>
    public void Closed() => Interlocked.Decrement(ref _busy);

    /// <inheritdoc/>
    public DatabaseUnavailableException? Refused(Exception e, TimeSpan tookSoLong)
    {
        if (WhyRefused(e) is not { } reason)
            return null;
        // The driver had none at hand, or it would not have asked the server.
        Volatile.Write(ref _open, Volatile.Read(ref _busy));
        return gate.Refused(e, reason, time.GetTimestamp() - (long)(tookSoLong.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>Closes the connections that are not in use, and the others when they are given back; at most once a second.</summary>
    /// <remarks>A connection keeps the settings that it started with: after a failover those to the old primary stay read-only for
    /// ever.</remarks>
    public void Clear()
    {
        var last = Volatile.Read(ref _clearedAt);
        if ((last != 0 && time.GetElapsedTime(last) < BetweenClears)
            || Interlocked.CompareExchange(ref _clearedAt, time.GetTimestamp(), last) != last)
            return;
        Volatile.Write(ref _open, Volatile.Read(ref _busy));
        ClearIdle();
    }

    /// <summary>Opens a connection of the driver's.</summary>
    protected abstract ValueTask<T> OpenOneAsync(CancellationToken ct);

    /// <summary>Has the driver close what is not in use.</summary>
    protected abstract void ClearIdle();

    /// <summary>Why the server refused a connection, as in <c>too many connections (53300: sorry, too many clients already)</c>; null when
    /// it was not the server that spoke.</summary>
    protected abstract string? WhyRefused(Exception e);

    private async ValueTask<T> OpenInTurnAsync(CancellationToken ct)
    {
        var connection = await gate.OpenInTurnAsync(
            async () =>
            {
                var startedAt = time.GetTimestamp();
                return await WaitAsync(OpenOneAsync(CancellationToken.None), startedAt);
            },
            c => c.DisposeAsync(),
            ct);
        Opened();
        return connection;
    }

    private async ValueTask<T> FinishAsync(ValueTask<T> opening, long startedAt)
    {
        var connection = await WaitAsync(opening, startedAt);
        Opened();
        return connection;
    }

    private async ValueTask<T> WaitAsync(ValueTask<T> opening, long startedAt)
    {
        try
        {
            return await opening;
        }
        catch (Exception e) when (e is not (OperationCanceledException or ObjectDisposedException))
        {
            throw Refused(e, time.GetElapsedTime(startedAt))
                ?? new DatabaseUnavailableException("database: " + e.Message, ConnectionGate.FirstPause, e);
        }
    }
}

/// <summary>A pool whose connections somebody else opens.</summary>
public interface IConnectionPool
{
    /// <summary>Waits until a connection may be opened. While only one may at a time, one is opened and left in the pool.</summary>
    /// <exception cref="DatabaseUnavailableException">None may.</exception>
    ValueTask EnterAsync(CancellationToken ct);

    /// <summary>A connection was taken.</summary>
    void Opened();

    /// <summary>A connection was given back.</summary>
    void Closed();

    /// <summary>A connection could not be opened.</summary>
    /// <returns>What to throw; null when it was not the server that refused it.</returns>
    DatabaseUnavailableException? Refused(Exception e, TimeSpan tookSoLong);
}
