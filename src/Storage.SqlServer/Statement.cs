using System.Data;
using Fleet.Core.Storage;
using Microsoft.Data.SqlClient;

namespace Fleet.Storage.SqlServer;

/// <summary>Executes hand-written statements with typed parameters.</summary>
internal static class Statement
{
    public static async Task<List<T>> QueryAsync<T>(
        StorageSession session, string sql, Func<SqlDataReader, T> read, CancellationToken ct, params SqlParameter[] parameters)
    {
        await using var command = Command(session, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await ReadAllAsync(reader, read, ct);
    }

    public static async Task ExecuteAsync(StorageSession session, string sql, CancellationToken ct, params SqlParameter[] parameters)
    {
        await using var command = Command(session, sql, parameters);
        await command.ExecuteNonQueryAsync(ct);
    }

    public static SqlCommand Command(StorageSession session, string sql, params SqlParameter[] parameters)
    {
        var command = new SqlCommand(sql, (SqlConnection)session.Connection, (SqlTransaction)session.Transaction);
        command.Parameters.AddRange(parameters);
        return command;
    }

    public static async Task<List<T>> ReadAllAsync<T>(SqlDataReader reader, Func<SqlDataReader, T> read, CancellationToken ct)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }

    public static SqlParameter Id(string name, byte[] id) => new(name, SqlDbType.Binary, 16) { Value = id };

    public static SqlParameter Instant(string name, DateTimeOffset instant) =>
        new(name, SqlDbType.DateTime2) { Value = instant.UtcDateTime };

    public static SqlParameter Integer(string name, int value) => new(name, SqlDbType.Int) { Value = value };

    public static SqlParameter BigInteger(string name, long value) => new(name, SqlDbType.BigInt) { Value = value };

    public static SqlParameter Text(string name, string value) => new(name, SqlDbType.NVarChar, 128) { Value = value };
}
