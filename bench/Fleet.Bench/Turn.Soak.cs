using Npgsql;

namespace Fleet.Bench;

/// <summary>A minute of steady load.</summary>
/// <param name="Minute">From 1 on.</param>
/// <param name="Jobs">Enqueued and done under steady load so far.</param>
/// <param name="PerSecond">Jobs in this minute, from the first call to the last completion.</param>
/// <param name="P50">Milliseconds from the enqueue call to the handler's first line.</param>
/// <param name="P99">The same, 99th percentile.</param>
/// <param name="Cpu">Microseconds per job, of all processes together.</param>
/// <param name="WorkerMemory">MiB.</param>
/// <param name="SchedulerMemory">MiB.</param>
/// <param name="TableSize">Of the table of runs, MiB.</param>
/// <param name="IndexSize">Of its indexes, MiB.</param>
/// <param name="DeadRows">Versions of rows in it that a vacuum will take away.</param>
/// <param name="Vacuums">Vacuums of it that have ended.</param>
internal sealed record SoakMinute(
    int Minute, long Jobs, double PerSecond, double P50, double P99, double Cpu, double WorkerMemory, double SchedulerMemory,
    double TableSize, double IndexSize,
    long DeadRows, long Vacuums);

/// <summary>Hours of steady load, and whether Fleet is as fast after them as before.</summary>
internal sealed partial class Turn
{
    /// <summary>Measures, keeps Fleet at work for so long, and measures again.</summary>
    /// <param name="minutes">How long.</param>
    /// <param name="onMinute">Told each minute.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The figures before and after.</returns>
    public async Task<(Dictionary<string, double> Before, Dictionary<string, double> After)> SoakAsync(
        int minutes, Func<SoakMinute, Task> onMinute, CancellationToken ct)
    {
        try
        {
            await StartAsync(ct);
            await WarmUpAsync(ct);
            var before = await MeasureAsync(ct);
            for (var minute = 1; minute <= minutes; minute++)
                await onMinute(await SoakMinuteAsync(minute, ct));
            return (before, await MeasureAsync(ct));
        }
        finally
        {
            await StopAsync();
        }
    }

    private async Task<Dictionary<string, double>> MeasureAsync(CancellationToken ct)
    {
        Figures.Clear();
        await LatencyAsync(ct);
        await BothAsync(ct);
        await TheWorker.AskAsync(new { cmd = "stop" }, ct);
        await EnqueueAndDrainAsync("bulk", "drain", scale.Of(Sizes.Bulk), ct);
        await TheWorker.AskAsync(new { cmd = "start" }, ct);
        return new Dictionary<string, double>(Figures);
    }

    private async Task<SoakMinute> SoakMinuteAsync(int minute, CancellationToken ct)
    {
        var count = scale.SoakMinuteSeconds * scale.SoakPerSecond;
        await TheWorker.AskAsync(new { cmd = "expect", count }, ct);
        var cpu = ReadCpu();
        var sent = await TheClient.AskAsync(new { cmd = "paced", count, perSecond = scale.SoakPerSecond }, ct);
        var end = await TheWorker.AskAsync(new { cmd = "wait" }, ct);
        AddCpu("soak", cpu, count);

        await using var connection = new NpgsqlConnection(_environment["BENCH_POSTGRES"]);
        await connection.OpenAsync(ct);
        await using var sizes = new NpgsqlCommand(
            """
            SELECT pg_table_size(relid) / 1048576.0, pg_indexes_size(relid) / 1048576.0, n_dead_tup, autovacuum_count
            FROM pg_stat_user_tables WHERE relname = 'runs'
            """,
            connection);
        await using var reader = await sizes.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new SoakMinute(
            minute, (long)minute * count, Rate(count, Long(sent, "from"), Long(end, "done")), end["p50"]!.GetValue<double>(),
            end["p99"]!.GetValue<double>(),
            Figures["soak.cpu"], ProcessCpu.Memory(TheWorker.ProcessId), ProcessCpu.Memory(_scheduler!.Id),
            (double)reader.GetDecimal(0), (double)reader.GetDecimal(1), reader.GetInt64(2), reader.GetInt64(3));
    }
}
