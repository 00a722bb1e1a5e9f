using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>A connection beside the bus's, opened when it is first needed: for health, and for messages that others wrote. Whatever such a
/// message does to a connection, nudges and listeners do not feel it.</summary>
internal sealed class SideConnection(RabbitMqSettings settings, BrokerAlarms alarms) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private IConnection? _connection;

    /// <exception cref="BrokerUnusableException">Nobody answers, or not with this user or virtual host.</exception>
    public async Task<IConnection> OpenAsync(CancellationToken ct)
    {
        if (_connection is { IsOpen: true } open)
            return open;
        await _opening.WaitAsync(ct);
        try
        {
            if (_connection is { IsOpen: true } current)
                return current;
            if (_connection is { } closed)
                await closed.DisposeAsync();
            _connection = await BrokerConnection.OpenAsync(settings, ct);
            alarms.Watch(_connection);
            return _connection;
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            // A broker that is gone or blocked does not hold up the stop.
            await connection.AbortAsync(Constants.ReplySuccess, "The process stops.", BrokerChannel.Patience / 10);
            await connection.DisposeAsync();
        }

        _opening.Dispose();
    }
}
