using Npgsql;

namespace Fleet.Tests.Support;

/// <summary>The rows that sessions of PostgreSQL have read, counted by the server itself: entries of indexes, and rows of tables that were
/// read from end to end. A session tells its counts when it ends, so the storage that reads has to be disposed before.</summary>
internal static class RowsRead
{
    private const string OtherSessions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """;

    /// <summary>The rows of Fleet's tables that have been read since the counts were reset.</summary>
    public static async Task<long> CountAsync(string database)
    {
        await EndedAsync(database);
        return await PostgresServer.CountAsync(database, """
            SELECT ((SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE schemaname = 'fleet')
                + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE schemaname = 'fleet'))::bigint
            """);
    }

    /// <summary>How often one of these tables was read from end to end.</summary>
    public static async Task<long> CountWholeAsync(string database, params string[] tables)
    {
        await EndedAsync(database);
        return await PostgresServer.CountAsync(
            database,
            $"SELECT sum(seq_scan)::bigint FROM pg_stat_user_tables WHERE relname IN ({string.Join(',', tables.Select(t => $"'{t}'"))})");
    }

    /// <summary>Begins to count anew.</summary>
    public static async Task ResetAsync(string database)
    {
        NpgsqlConnection.ClearAllPools();
        await EndedAsync(database);
        await PostgresServer.ExecuteAsync(database, "SELECT pg_stat_reset()");
    }

    private static Task EndedAsync(string database) =>
        Waiting.UntilAsync(async () => await PostgresServer.CountAsync(database, OtherSessions) == 0);
}
