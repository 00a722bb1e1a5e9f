using System.Data.Common;
using System.Globalization;
using Fleet.Core.Effects;

namespace Fleet.Core.Storage;

/// <summary>Statements that every database reads alike, for what a worker does at its start and with every heartbeat: with them,
/// a worker that only runs jobs never loads EF Core (docs/performance.md).</summary>
/// <remarks>Parameters stand in a statement by their names, as <c>@name</c>. Their values may be ids, instants, text, numbers or null. A statement
/// names Fleet's tables as <see cref="FleetSchema"/> says, <c>fleet.runs</c>.</remarks>
/// <param name="schema">Where Fleet's tables stand.</param>
public abstract class PlainSql(FleetSchema schema)
{
    /// <summary>Where Fleet's tables stand.</summary>
    public FleetSchema Schema { get; } = schema;

    /// <summary>How this database takes the effects of handlers.</summary>
    public abstract EffectSql Effects { get; }

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
        StorageSession session, string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] parameters)
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
    public IReadOnlyList<T> Query<T>(StorageSession session, string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(session, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Makes pending runs due now that were released with this type of error and wait for a later due time. Their nudges wait on the
    /// belt until the old due time, so they have to be staged again.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="jobs">The jobs; at most 500.</param>
    /// <param name="errorType">The type of error.</param>
    /// <param name="now">The new due time.</param>
    /// <param name="until">Runs that are due later stay as they are.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <returns>How many.</returns>
    public Task<int> WakeRunsAsync(
        StorageSession session, string lane, IReadOnlyList<string> jobs, string errorType, DateTimeOffset now, DateTimeOffset until,
        CancellationToken ct)
    {
        var statement = $"""
            UPDATE fleet.runs SET due_at = @now, staged = @staged
            WHERE {OpenState} = 0 AND lane = @lane AND due_at > @now AND due_at < @until AND error_type = @type
                AND job IN ({string.Join(", ", jobs.Select((_, i) => Parameter(i)))})
            """;
        return ExecuteAsync(
            session, statement, ct,
            [
                ("@lane", lane), ("@now", now), ("@until", until), ("@staged", false), ("@type", errorType),
                .. jobs.Select((job, i) => (Parameter(i), (object?)job)),
            ]);

        static string Parameter(int i) => string.Create(CultureInfo.InvariantCulture, $"@job{i}");
    }

    /// <summary>The column of <c>runs</c> by which an index finds the runs of a schedule that have not ended: their <see cref="RunState"/>.</summary>
    public virtual string OpenState => "state";

    /// <summary>What sets the state in an update of runs that are not running.</summary>
    public virtual string SetState(RunState state) => $"state = {state:D}";

    /// <summary>The runs that are leased to <c>@worker</c>: id, lease token, and 1 when a cancel was asked for.</summary>
    public virtual string ReadHeld =>
        "SELECT id, lease_token, CASE WHEN cancel_requested_at IS NULL THEN 0 ELSE 1 END FROM fleet.runs WHERE state = 1 AND worker_id = @worker";

    /// <summary>A statement that makes a table of one's own unless it is there.</summary>
    /// <param name="name">The table's name.</param>
    /// <param name="columns">Columns and constraints, in SQL that every database reads.</param>
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
        command.CommandText = Schema.In(sql);
        foreach (var (name, value) in parameters)
            command.Parameters.Add(Parameter(name, value));
        return command;
    }
}
