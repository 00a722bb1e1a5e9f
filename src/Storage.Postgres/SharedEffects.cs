using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>A transaction that completes many runs and applies their effects, in two round trips: one for the completions, one for all
/// effects and the commit.</summary>
internal sealed class SharedEffects(NpgsqlTransaction transaction) : StorageSession(transaction)
{
    // The plan of the completion, as in PostgresStorage.OnePlan. Nobody may keep the rows of many runs locked while it waits for a lock or
    // stands still.
    private const string Settings = """
        SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
            set_config('enable_bitmapscan', 'off', true), set_config('lock_timeout', '2s', true),
            set_config('idle_in_transaction_session_timeout', '10s', true)
        """;

    // The statements of users have plans of their own.
    private static readonly string[] OwnPlans =
        ["SET LOCAL plan_cache_mode TO DEFAULT", "SET LOCAL enable_seqscan TO DEFAULT", "SET LOCAL enable_bitmapscan TO DEFAULT"];

    // What waits for the commit is checked now, so that the error tells whose it is; and waits again for the next run.
    private static readonly string[] CheckNow = ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"];

    /// <inheritdoc cref="IStorage.ApplyEffectsAsync"/>
    public async Task<IReadOnlyList<EffectOutcome>> ApplyAsync(
        PostgresRunStatements statements, EffectSql sql, IReadOnlyList<Completion> completions,
        bool checksEach, TimeSpan limit, CancellationToken ct)
    {
        var outcomes = await statements.CompleteAsync(this, completions, ct);
        await ExecuteAsync(
            sql, [.. completions.Select((c, i) => outcomes[i] == SettleOutcome.Settled ? c.Effects : [])], checksEach, limit, ct);
        return [.. outcomes.Select(o => new EffectOutcome(o))];
    }

    /// <summary>Completes runs under <see cref="Settings"/>.</summary>
    public async Task<List<T>> CompleteAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)Connection)
        {
            BatchCommands = { Statement.Command(Settings), Statement.Command(sql, parameters) },
        };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }

    private async Task ExecuteAsync(EffectSql sql, IReadOnlyList<Effect>[] runs, bool checksEach, TimeSpan limit, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)Connection);
        var places = new Dictionary<NpgsqlBatchCommand, (int Run, int Effect)>();
        foreach (var setting in OwnPlans)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(setting));
        for (var run = 0; run < runs.Length; run++)
        {
            for (var effect = 0; effect < runs[run].Count; effect++)
            {
                var command = new NpgsqlBatchCommand();
                sql.Fill(command, runs[run][effect]);
                Add(command, run, effect);
            }

            if (!checksEach || runs[run].Count == 0)
                continue;
            foreach (var check in CheckNow)
                Add(new NpgsqlBatchCommand(check), run, runs[run].Count - 1);
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        // By the machine's clock, as the server's locks. A commit that is canceled is not made, or its outcome is unknown.
        using var tooLong = new CancellationTokenSource(limit, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(tooLong.Token, ct);
        try
        {
            await batch.ExecuteNonQueryAsync(stop.Token);
        }
        catch (Exception e) when (PlaceOf(e) is { } place)
        {
            throw new EffectStoppedException(place.Run, place.Effect, Find(e)!);
        }
        catch (Exception e) when (PostgresErrors.MayBeCommitted(e))
        {
            throw new OutcomeUnknownException(e);
        }

        void Add(NpgsqlBatchCommand command, int run, int effect)
        {
            batch.BatchCommands.Add(command);
            places.Add(command, (run, effect));
        }

        // What ended the connection is nobody's fault, whatever was executed then.
        (int Run, int Effect)? PlaceOf(Exception e) =>
            Find(e) is { BatchCommand: { } command, InvariantSeverity: "ERROR" } && places.TryGetValue(command, out var place)
                ? place
                : null;
    }

    /// <summary>The server's own error, also of a statement that was canceled.</summary>
    private static PostgresException? Find(Exception e) => e.Chain().OfType<PostgresException>().FirstOrDefault();
}
