using Fleet.Core.Storage;
using Microsoft.Data.SqlClient;

namespace Fleet.Storage.SqlServer;

/// <summary>The pool of the driver's, behind the gate of the process.</summary>
internal sealed class SqlServerPool(string connectionString, ConnectionGate gate, TimeProvider time)
    : ConnectionPool<SqlConnection>(gate, time)
{
    protected override async ValueTask<SqlConnection> OpenOneAsync(CancellationToken ct)
    {
        var connection = new SqlConnection(connectionString);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    protected override void ClearIdle()
    {
        using var any = new SqlConnection(connectionString);
        SqlConnection.ClearPool(any);
    }

    protected override string? WhyRefused(Exception e) =>
        e is SqlException refused && SqlServerErrors.WhyRefused(refused.Number) is { } why
            ? $"{why} ({refused.Number}: {refused.Message})"
            : null;
}
