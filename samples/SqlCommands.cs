using System.Data.Common;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Samples;

/// <summary>Short forms of plain ADO.NET, in SQL that SQLite, PostgreSQL and SQL Server read alike. Instants are stored as
/// milliseconds since 1970 in UTC.</summary>
internal static class SqlCommands
{
    /// <returns>The number of rows that the statement changed.</returns>
    public static async Task<int> ExecuteAsync(
        this DbTransaction transaction, string sql, CancellationToken ct, params (string Name, object? Value)[] values)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        Fill(command, sql, values);
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>The first column of the first row; null when there is no row or the value is NULL.</returns>
    public static async Task<object?> ScalarAsync(
        this DbTransaction transaction, string sql, CancellationToken ct, params (string Name, object? Value)[] values)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        Fill(command, sql, values);
        return await command.ExecuteScalarAsync(ct) is { } value and not DBNull ? value : null;
    }

    /// <summary>Reads outside any transaction.</summary>
    /// <returns>As <see cref="ScalarAsync(DbTransaction, string, CancellationToken, ValueTuple{string, object}[])"/>.</returns>
    public static async Task<object?> ScalarAsync(
        this IStorage storage, string sql, CancellationToken ct, params (string Name, object? Value)[] values)
    {
        await using var db = storage.Read();
        await db.Database.OpenConnectionAsync(ct);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        Fill(command, sql, values);
        return await command.ExecuteScalarAsync(ct) is { } value and not DBNull ? value : null;
    }

    private static void Fill(DbCommand command, string sql, (string Name, object? Value)[] values)
    {
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }
    }
}
