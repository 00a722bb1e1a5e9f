using System.Data.Common;
using Fleet.Core.Storage;

namespace Fleet.Tests.Support;

/// <summary>SQL of a test's own, as an application would execute it.</summary>
internal static class RawSql
{
    public static async Task<int> ExecuteAsync(this StorageSession session, string sql)
    {
        await using var command = session.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync();
    }

    public static async Task<IReadOnlyList<T>> QueryAsync<T>(this StorageSession session, string sql, Func<DbDataReader, T> read)
    {
        await using var command = session.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }
}
