using Npgsql;

namespace Fleet.Tests.Support;

/// <summary>A transaction that keeps a process from going on with a write.</summary>
internal sealed class PostgresHold : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private PostgresHold(NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        (_connection, _transaction) = (connection, transaction);

    /// <param name="connectionString">The database.</param>
    /// <param name="sql">Locks what is to be held.</param>
    public static async Task<PostgresHold> StartAsync(string connectionString, string sql)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        var hold = new PostgresHold(connection, await connection.BeginTransactionAsync());
        await hold.ExecuteAsync(sql);
        return hold;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection, _transaction);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Does something with what is held, and lets go of it.</summary>
    public async Task EndAsync(string sql)
    {
        await ExecuteAsync(sql);
        await _transaction.CommitAsync();
    }

    /// <summary>Lets go.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
