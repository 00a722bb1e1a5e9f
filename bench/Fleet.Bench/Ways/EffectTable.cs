using Npgsql;

namespace Fleet.Bench;

/// <summary>The table that the jobs write to. It has no unique index, so an effect that happened twice is there twice.</summary>
internal sealed class EffectTable(string connectionString) : IAsyncDisposable
{
    private const string Own = "bench-own";

    private readonly NpgsqlConnection _connection = new(
        new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = Own, Pooling = false }.ConnectionString);

    public Task OpenAsync(CancellationToken ct) => _connection.OpenAsync(ct);

    /// <summary>Makes it, and the table by which contenders that complete outside of their handler's transaction know what they have
    /// done.</summary>
    public Task CreateAsync(CancellationToken ct) => AskAsync(
        """
        CREATE TABLE IF NOT EXISTS bench_effects (job_id varchar(64) NOT NULL, "key" varchar(200) NOT NULL);
        CREATE TABLE IF NOT EXISTS bench_done (job_id varchar(64) PRIMARY KEY);
        """,
        ct);

    /// <summary>Empties both.</summary>
    public Task ClearAsync(CancellationToken ct) => AskAsync("TRUNCATE bench_effects, bench_done", ct);

    public async Task<long> CountAsync(CancellationToken ct) => (long)(await AskAsync("SELECT count(*) FROM bench_effects", ct))!;

    /// <summary>Fails unless there is exactly one row for each job.</summary>
    public async Task CheckAsync(int jobs, CancellationToken ct)
    {
        var (rows, distinct) = (await CountAsync(ct), (long)(await AskAsync("SELECT count(DISTINCT job_id) FROM bench_effects", ct))!);
        if (rows != jobs || distinct != jobs)
            throw new InvalidOperationException($"{jobs} jobs left {rows} rows of {distinct} jobs; each has to leave one.");
    }

    /// <summary>How many connections the database has, without the bench's own.</summary>
    public async Task<int> ConnectionsAsync(CancellationToken ct) => (int)(long)(await AskAsync(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND "
        + $"application_name <> '{Own}'", ct))!;

    /// <summary>Attempts of Fleet's runs beyond those that they need.</summary>
    /// <param name="job">The stable name of the job.</param>
    /// <param name="starts">How many each needs.</param>
    /// <param name="ct">Cancels the statement.</param>
    public async Task<long> SpentAttemptsAsync(string job, int starts, CancellationToken ct) =>
        (long)(
            await AskAsync(
                $"SELECT coalesce(sum(attempt - {starts}), 0)::bigint FROM fleet.runs WHERE job = '{job}' AND attempt > {starts}", ct))!;

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<object?> AskAsync(string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        return await command.ExecuteScalarAsync(ct);
    }
}
