using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>Knows whether the broker blocks this process: while it is short of memory or disk it reads nothing from connections that
/// publish, so whatever is asked of it over them is not answered.</summary>
internal sealed partial class BrokerAlarms(ILogger<BrokerAlarms> logger)
{
    private readonly ConcurrentDictionary<IConnection, string?> _connections = new();

    /// <summary>What the broker is short of, such as <c>memory</c>; null when it blocks nobody here.</summary>
    public string? Blocked => _connections.Values.FirstOrDefault(reason => reason is not null);

    /// <summary>Listens to a connection until it ends.</summary>
    public void Watch(IConnection connection)
    {
        if (!connection.IsOpen || !_connections.TryAdd(connection, null))
            return;
        connection.ConnectionBlockedAsync += (_, blocked) =>
        {
            var reason = Read(blocked.Reason);
            if (Blocked is null)
                LogBlocked(reason);
            _connections.TryUpdate(connection, reason, null);
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            if (_connections.ContainsKey(connection))
                _connections[connection] = null;
            if (Blocked is null)
                LogUnblocked();
            return Task.CompletedTask;
        };
        connection.ConnectionShutdownAsync += (_, _) =>
        {
            _connections.TryRemove(connection, out var _);
            return Task.CompletedTask;
        };
        // It may have ended before anybody listened.
        if (!connection.IsOpen)
            _connections.TryRemove(connection, out var _);
    }

    /// <summary><c>low on memory</c> → <c>memory</c>.</summary>
    private static string Read(string reason)
    {
        const string lowOn = "low on ";
        return reason.StartsWith(lowOn, StringComparison.Ordinal) ? reason[lowOn.Length..] : reason;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The broker blocks this process: it is low on {What}. Runs are accepted and wait; everything continues when it has "
            + "enough.")]
    private partial void LogBlocked(string what);

    [LoggerMessage(Level = LogLevel.Information, Message = "The broker no longer blocks this process.")]
    private partial void LogUnblocked();
}
