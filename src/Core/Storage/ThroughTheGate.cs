using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Fleet.Core.Storage;

/// <summary>Lets EF Core open connections only when the gate of the process lets new ones through.</summary>
public sealed class ThroughTheGate(IConnectionPool pool) : DbConnectionInterceptor
{
    public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        await pool.EnterAsync(cancellationToken);
        return result;
    }

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        pool.Opened();
        return Task.CompletedTask;
    }

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => pool.Opened();

    public override Task ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData)
    {
        pool.Closed();
        return Task.CompletedTask;
    }

    public override void ConnectionClosed(DbConnection connection, ConnectionEndEventData eventData) => pool.Closed();

    public override Task ConnectionFailedAsync(
        DbConnection connection, ConnectionErrorEventData eventData, CancellationToken cancellationToken = default) =>
        pool.Refused(eventData.Exception, eventData.Duration) is { } refused ? throw refused : Task.CompletedTask;
}
