using System.Data.Common;
using Fleet.Core.Storage;

namespace Fleet.Storage.Sql;

/// <summary>Executes SQL that every database understands, without EF Core, and knows the few places where a database differs.</summary>
/// <remarks>Parameters are named in a statement, as <c>@name</c>. Their values may be ids, instants, text, numbers, booleans or null. A
/// statement names Fleet's tables as <see cref="FleetSchema"/> says, <c>fleet.runs</c>.</remarks>
/// <param name="schema">Where Fleet's tables stand.</param>
public abstract class PlainSql(FleetSchema schema)
{
    /// <summary>Executes a change.</summary>
    /// <returns>How many rows it changed.</returns>
    public virtual async Task<int> ExecuteAsync(
        StorageSession session, string sql, CancellationToken ct, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(session, sql, parameters);
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Reads rows.</summary>
    public virtual async Task<IReadOnlyList<T>> QueryAsync<T>(
        StorageSession session, string sql, Func<DbDataReader, T> read, CancellationToken ct,
        params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(session, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>As <see cref="ExecuteAsync"/>, on the calling thread.</summary>
    public int Execute(StorageSession session, string sql, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(session, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>As <see cref="QueryAsync{T}"/>, on the calling thread.</summary>
    public IReadOnlyList<T> Query<T>(
        StorageSession session, string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(session, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Counts the runs that wait in each of some lanes, <c>@lane0</c>, <c>@lane1</c>, …, and are due up to <c>@until</c>, in due
    /// order, as far as <c>@most</c>. One row for each lane: its number; the runs that were found, those of them due at <c>@now</c>, the
    /// earliest due time; the rows read in due order, those of them due; the rows read in another order.</summary>
    public virtual string CountWaiting(int lanes) => string.Join(
        "\nUNION ALL\n",
        from lane in Enumerable.Range(0, lanes)
        let counted = CountWaitingInALane.Replace("@lane", $"@lane{lane}", StringComparison.Ordinal)
        select $"SELECT CAST({lane} AS bigint) AS lane, counted{lane}.* FROM ({counted}) AS counted{lane}");

    /// <summary>The parameters that stand for the lanes in <see cref="CountWaiting"/>.</summary>
    public virtual IEnumerable<(string Name, object? Value)> LaneParameters(IReadOnlyList<string> lanes) =>
        lanes.Select((lane, i) => ($"@lane{i}", (object?)lane));

    /// <summary>The same for <c>@lane</c>, without the number.</summary>
    protected virtual string CountWaitingInALane => """
        SELECT found, ready, oldest, found AS in_order, ready AS ready_in_order, CAST(0 AS bigint) AS others
        FROM (
            SELECT CAST(count(*) AS bigint) AS found, min(due_at) AS oldest,
                CAST(coalesce(sum(CASE WHEN due_at <= @now THEN 1 ELSE 0 END), 0) AS bigint) AS ready
            FROM (
                SELECT due_at FROM fleet.runs WHERE state = 0 AND lane = @lane AND due_at <= @until ORDER BY due_at LIMIT @most
            ) AS waiting
        ) AS due
        """;

    /// <summary>Counts up to <c>@most</c> running runs by lane; a row without a lane says how many rows were read.</summary>
    public virtual string CountRunning => """
        WITH running AS (SELECT lane FROM fleet.runs WHERE state = 1 LIMIT @most)
        SELECT NULL, CAST(count(*) AS bigint) FROM running
        UNION ALL
        SELECT lane, CAST(count(*) AS bigint) FROM running GROUP BY lane
        """;

    /// <summary>The column of <c>runs</c> with the <see cref="RunState"/>, by which an index finds runs that have not ended.</summary>
    public virtual string OpenState => "state";

    /// <summary>A condition that a column is true, in the words of the filtered indexes.</summary>
    public virtual string IsTrue(string column) => $"{column} = 1";

    /// <summary>A condition that a column is false, in the words of the filtered indexes.</summary>
    public virtual string IsFalse(string column) => $"{column} = 0";

    /// <summary>The end of a query with an <c>ORDER BY</c> that returns this many rows at most.</summary>
    public virtual string First(int rows) => $"LIMIT {rows}";

    /// <summary>What sets the state in an update of runs that are not running.</summary>
    public virtual string SetState(RunState state) => $"state = {state:D}";

    /// <summary>A statement that locks runs until the end of the transaction; null where a write transaction locks out all other writers
    /// from its beginning.</summary>
    /// <param name="ids">The parameters with their ids.</param>
    public abstract string? LockRuns(string ids);

    /// <summary>The runs that are leased to <c>@worker</c>: id, lease token, and 1 when a cancel was asked for.</summary>
    public virtual string ReadHeld => """
        SELECT id, lease_token, CASE WHEN cancel_requested_at IS NULL THEN 0 ELSE 1 END
        FROM fleet.runs WHERE state = 1 AND worker_id = @worker
        """;

    /// <summary>A statement that creates a table unless it exists; see <see cref="IStorage.CreateTableAsync"/>.</summary>
    public virtual string CreateTable(string name, string columns) => $"CREATE TABLE IF NOT EXISTS {name} ({columns})";

    /// <summary>Reads a run's id, as this database stores it.</summary>
    public abstract RunId ReadRunId(DbDataReader reader, int column);

    /// <summary>Reads an instant, as this database stores it.</summary>
    public virtual DateTimeOffset ReadInstant(DbDataReader reader, int column) => reader.GetUtc(column);

    /// <summary>A value as this database takes it.</summary>
    protected abstract DbParameter Parameter(string name, object? value);

    private DbCommand Command(StorageSession session, string sql, (string Name, object? Value)[] parameters)
    {
        var command = session.CreateCommand();
        command.CommandText = schema.In(sql);
        foreach (var (name, value) in parameters)
            command.Parameters.Add(Parameter(name, value));
        return command;
    }
}
