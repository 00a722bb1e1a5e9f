using Fleet.Core.Storage;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>A pool of the driver's, behind the gate of the process.</summary>
internal sealed class PostgresPool(NpgsqlDataSource source, ConnectionGate gate, TimeProvider time)
    : ConnectionPool<NpgsqlConnection>(gate, time), IAsyncDisposable
{
    public NpgsqlDataSource Source => source;

    public ValueTask DisposeAsync() => source.DisposeAsync();

    protected override ValueTask<NpgsqlConnection> OpenOneAsync(CancellationToken ct) => source.OpenConnectionAsync(ct);

    protected override void ClearIdle() => source.Clear();

    /// <remarks>EF Core itself handles a database that does not exist, by making it.</remarks>
    protected override string? WhyRefused(Exception e) =>
        e is PostgresException { SqlState: not PostgresErrorCodes.InvalidCatalogName } refused
            ? $"{PostgresErrors.WhyRefused(refused.SqlState)} ({refused.SqlState}: {refused.MessageText})"
            : null;
}
