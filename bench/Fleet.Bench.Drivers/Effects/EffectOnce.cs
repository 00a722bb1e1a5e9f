using Npgsql;

namespace Fleet.Bench.Drivers.Effects;

/// <summary>The effect of a job that is completed outside of its handler's transaction, and so may run again after it: the row is written
/// only if the job's id is new, both in one transaction.</summary>
internal static class EffectOnce
{
    /// <summary>Connections for handlers, prepared as those of the floor are.</summary>
    public static NpgsqlDataSource Open() => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(Talk.Setting("BENCH_POSTGRES")) { MaxAutoPrepare = 20, AutoPrepareMinUsages = 1 });

    public static async Task WriteAsync(NpgsqlDataSource database, string job, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var done = new NpgsqlCommand(
            "INSERT INTO bench_done (job_id) VALUES (@job) ON CONFLICT DO NOTHING", connection, transaction);
        done.Parameters.AddWithValue("job", job);
        if (await done.ExecuteNonQueryAsync(ct) == 1)
            await EffectRow.InsertAsync(transaction, job, ct);
        await transaction.CommitAsync(ct);
    }
}
