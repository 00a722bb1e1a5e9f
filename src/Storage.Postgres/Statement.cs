using Fleet.Core.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Fleet.Storage.Postgres;

/// <summary>Executes hand-written statements with positional, typed parameters. A command takes part in whatever transaction its
/// connection is in; the driver asks for no more.</summary>
internal static class Statement
{
    public static async Task<List<T>> QueryAsync<T>(
        StorageSession session, string sql, Func<NpgsqlDataReader, T> read, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)session.Connection);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }

    public static async Task ExecuteAsync(StorageSession session, string sql, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)session.Connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(ct);
    }

    public static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        return command;
    }

    public static NpgsqlParameter<T[]> Array<T>(NpgsqlDbType element, IEnumerable<T> values) =>
        new() { TypedValue = values as T[] ?? [.. values], NpgsqlDbType = NpgsqlDbType.Array | element };

    /// <summary>Empty where all values are null: beside longer arrays <c>unnest</c> makes nulls of what is missing.</summary>
    public static NpgsqlParameter<T[]> SparseArray<T>(NpgsqlDbType element, IEnumerable<T> values)
    {
        T[] all = [.. values];
        return Array(element, all.Any(value => value is not null) ? all : []);
    }

    public static NpgsqlParameter<Guid[]> Uuids(IEnumerable<RunId> ids) => Array(NpgsqlDbType.Uuid, ids.Select(id => id.Value));

    public static NpgsqlParameter<Guid> Uuid(Guid value) => new() { TypedValue = value };

    public static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value };

    public static NpgsqlParameter<string?> NullableText(string? value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter<int> Integer(int value) => new() { TypedValue = value };

    public static NpgsqlParameter<long> Bigint(long value) => new() { TypedValue = value };

    public static NpgsqlParameter<DateTime> Instant(DateTimeOffset value) => new() { TypedValue = value.UtcDateTime };

    public static DateTime Utc(DateTimeOffset value) => value.UtcDateTime;

    public static DateTime? Utc(DateTimeOffset? value) => value?.UtcDateTime;
}
