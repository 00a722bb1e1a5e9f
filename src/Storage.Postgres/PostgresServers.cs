using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>What a connection string leads to: one server, one of several, or a pooler in front of them.</summary>
internal static class PostgresServers
{
    /// <summary>The connections that the server allows to Fleet's user and database, those that are open, those of others among them, and
    /// the workers alive. What another user may not see of a connection is null; a connection without a user is the server's own.</summary>
    internal const string Room = """
        WITH c AS (
            SELECT count(*)::int AS used,
                (count(*) FILTER (WHERE NOT (datname = current_database() AND usename = current_user)))::int AS others,
                (count(*) FILTER (WHERE datname = current_database()))::int AS here,
                (count(*) FILTER (WHERE usename = current_user))::int AS mine
            FROM pg_stat_activity WHERE usesysid IS NOT NULL AND COALESCE(backend_type, 'client backend') = 'client backend'),
        s AS (
            SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                    - COALESCE(current_setting('reserved_connections', true), '0')::int AS most,
                (SELECT NULLIF(datconnlimit, -1) FROM pg_database WHERE datname = current_database()) AS of_database,
                (SELECT NULLIF(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user) AS of_user)
        SELECT LEAST(s.most, s.of_database, s.of_user),
            GREATEST(c.used - s.most, c.here - s.of_database, c.mine - s.of_user) + LEAST(s.most, s.of_database, s.of_user),
            CASE WHEN s.most <= LEAST(s.most, s.of_database, s.of_user) THEN c.others ELSE 0 END,
            GREATEST(1, (SELECT count(*)::int FROM fleet.workers WHERE state <> 2 AND lease_until > clock_timestamp()))
        FROM c, s
        """;

    /// <summary>How often two connections are compared. A pooler that others use at the same time may give each its own server by
    /// chance.</summary>
    private const int Comparisons = 3;

    /// <summary>Makes the source of a pool. Of several hosts it takes the one that takes writes, and finds it again after a
    /// failover.</summary>
    /// <exception cref="InvalidOperationException">The connection string asks for servers that take no writes.</exception>
    public static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder settings, Action<NpgsqlDataSourceBuilder> configure)
    {
        Check(settings);
        if (settings.Host?.Contains(',', StringComparison.Ordinal) != true)
        {
            var source = new NpgsqlDataSourceBuilder(settings.ConnectionString);
            configure(source);
            return source.Build();
        }

        // The driver takes the attributes apart from the hosts.
        var hosts = new NpgsqlDataSourceBuilder(
            new NpgsqlConnectionStringBuilder(settings.ConnectionString) { TargetSessionAttributes = null }.ConnectionString);
        configure(hosts);
        var isPrimary = settings.TargetSessionAttributes is { } given && given.EndsWith("primary", StringComparison.OrdinalIgnoreCase);
        return hosts.BuildMultiHost().WithTargetSession(isPrimary ? TargetSessionAttributes.Primary : TargetSessionAttributes.ReadWrite);
    }

    /// <exception cref="InvalidOperationException">The connection string asks for servers that take no writes.</exception>
    public static void Check(NpgsqlConnectionStringBuilder settings)
    {
        if (settings.TargetSessionAttributes?.ToLowerInvariant() is "standby" or "prefer-standby" or "read-only")
        {
            throw new InvalidOperationException(
                $"Fleet:Storage:ConnectionString: Target Session Attributes={settings.TargetSessionAttributes} is not allowed, "
                    + "because Fleet writes; allowed is read-write or primary.");
        }
    }

    /// <summary>Stops a process whose connections are shared with others by a pooler: settings of one connection would reach programs of
    /// others, and prepared statements would be missing or somebody else's.</summary>
    /// <exception cref="InvalidOperationException">Two connections were served by one server process.</exception>
    public static async Task RefuseSharedConnectionsAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        await using var first = await source.OpenConnectionAsync(ct);
        await using var second = await source.OpenConnectionAsync(ct);
        for (var i = 0; i < Comparisons; i++)
        {
            var before = await ReadProcessAsync(first, ct);
            var other = await ReadProcessInTransactionAsync(second, ct);
            var after = await ReadProcessAsync(first, ct);
            if (other is null || other == before || after != before)
            {
                throw new InvalidOperationException(
                    "Fleet:Storage:ConnectionString leads to a connection pooler that shares connections between transactions "
                        + "(PgBouncer: pool_mode = transaction or statement), "
                        + "and Fleet's connections keep settings and prepared statements: "
                        + "set pool_mode = session for Fleet's database, or name PostgreSQL itself.");
            }
        }
    }

    private static async Task<int> ReadProcessAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<int?> ReadProcessInTransactionAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            return await ReadProcessAsync(connection, ct);
        }
        catch (PostgresException)
        {
            // A pooler of statements takes no transactions.
            return null;
        }
    }
}
