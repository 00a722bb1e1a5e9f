using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>What came of one run of a shared transaction that was committed.</summary>
/// <param name="Outcome">Whether it was completed; else none of its effects was applied.</param>
/// <param name="Effect">The position of the effect that failed.</param>
/// <param name="Error">Why the run was left out; null when it was not.</param>
public readonly record struct EffectOutcome(SettleOutcome Outcome, int Effect = 0, Exception? Error = null);

/// <summary>Completes runs and applies their effects in one transaction, in the way that every database understands.</summary>
public static class EffectTransaction
{
    /// <summary>Completes many runs, then applies the effects of those that were completed.</summary>
    /// <exception cref="EffectStoppedException">An effect failed, and nothing was committed.</exception>
    public static Task<IReadOnlyList<EffectOutcome>> ApplyTogetherAsync(
        this IStorage storage, IReadOnlyList<Completion> completions, TimeSpan limit, CancellationToken ct) => storage.WriteAsync(
        async scope =>
        {
            if (storage.HasOneWriter)
                return await ApplyEachAsync(storage, scope.Transaction, completions, ct);
            var outcomes = await storage.Statements.CompleteAsync(scope.Transaction, completions, ct);
            await ExecuteAsync(storage, scope.Transaction, [.. completions.Select((c, i) => outcomes[i] == SettleOutcome.Settled ? c.Effects : [])], limit, ct);
            return [.. outcomes.Select(o => new EffectOutcome(o))];
        },
        ct);

    /// <summary>Applies the effects of one run and then completes it, so that its row is not locked while they wait.</summary>
    /// <exception cref="EffectStoppedException">An effect failed, and nothing was committed.</exception>
    public static async Task<SettleOutcome> ApplyAloneAsync(this IStorage storage, Completion completion, TimeSpan limit, CancellationToken ct)
    {
        try
        {
            return await storage.WriteAsync(
                async scope =>
                {
                    await ExecuteAsync(storage, scope.Transaction, [completion.Effects], limit, ct);
                    var outcomes = await storage.Statements.CompleteAsync(scope.Transaction, [completion], ct);
                    return outcomes[0] == SettleOutcome.Settled ? outcomes[0] : throw new NotSettledException(outcomes[0]);
                },
                ct);
        }
        catch (NotSettledException e)
        {
            return e.Outcome;
        }
    }

    /// <summary>One run after the other, each undone by itself when one of its effects fails. It costs little where there is no round
    /// trip.</summary>
    private static async Task<IReadOnlyList<EffectOutcome>> ApplyEachAsync(
        IStorage storage, DbTransaction transaction, IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        const string savepoint = "effects";
        var outcomes = new EffectOutcome[completions.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            await transaction.SaveAsync(savepoint, ct);
            try
            {
                outcomes[i] = new EffectOutcome((await storage.Statements.CompleteAsync(transaction, [completions[i]], ct))[0]);
                if (outcomes[i].Outcome == SettleOutcome.Settled)
                    await ExecuteAsync(storage, transaction, [completions[i].Effects], Timeout.InfiniteTimeSpan, ct);
            }
            catch (EffectStoppedException e)
            {
                await transaction.RollbackAsync(savepoint, ct);
                outcomes[i] = new EffectOutcome(SettleOutcome.LeaseLost, e.Effect, e.InnerException);
            }

            await transaction.ReleaseAsync(savepoint, ct);
        }

        return outcomes;
    }

    /// <summary>Executes the effects of runs, in one round trip where the driver can.</summary>
    private static async Task ExecuteAsync(
        IStorage storage, DbTransaction transaction, IReadOnlyList<Effect>[] runs, TimeSpan limit, CancellationToken ct)
    {
        if (!runs.Any(effects => effects.Count > 0))
            return;
        var sql = storage.Sql.Effects;
        if (!transaction.Connection!.CanCreateBatch)
        {
            await ExecuteOneByOneAsync(sql, transaction, runs, ct);
            return;
        }

        await using var batch = transaction.Connection.CreateBatch();
        batch.Transaction = transaction;
        // The limit is one of each effect; this is the driver's, for all of them.
        batch.Timeout = 2 * (int)Math.Ceiling(limit.TotalSeconds);
        var places = new Dictionary<DbBatchCommand, (int Run, int Effect)>();
        Add(batch, sql.Begin(limit), null);
        for (var run = 0; run < runs.Length; run++)
        {
            for (var effect = 0; effect < runs[run].Count; effect++)
            {
                var command = batch.CreateBatchCommand();
                sql.Fill(command, runs[run][effect]);
                batch.BatchCommands.Add(command);
                places.Add(command, (run, effect));
                Add(batch, sql.Check, (run, effect));
            }
        }

        Add(batch, sql.End, null);
        try
        {
            await batch.ExecuteNonQueryAsync(ct);
        }
        catch (DbException e) when (e.BatchCommand is { } command && places.TryGetValue(command, out var place))
        {
            throw new EffectStoppedException(place.Run, place.Effect, e);
        }

        void Add(DbBatch into, string? text, (int, int)? place)
        {
            if (text is null)
                return;
            var command = into.CreateBatchCommand();
            command.CommandText = text;
            into.BatchCommands.Add(command);
            if (place is { } known)
                places.Add(command, known);
        }
    }

    private static async Task ExecuteOneByOneAsync(EffectSql sql, DbTransaction transaction, IReadOnlyList<Effect>[] runs, CancellationToken ct)
    {
        for (var run = 0; run < runs.Length; run++)
        {
            for (var effect = 0; effect < runs[run].Count; effect++)
            {
                try
                {
                    await using var command = transaction.Connection!.CreateCommand();
                    command.Transaction = transaction;
                    sql.Fill(command, runs[run][effect]);
                    await command.ExecuteNonQueryAsync(ct);
                }
                catch (DbException e)
                {
                    throw new EffectStoppedException(run, effect, e);
                }
            }
        }
    }

    /// <summary>Undoes the effects of a run that is no longer this claim's.</summary>
    private sealed class NotSettledException(SettleOutcome outcome) : Exception
    {
        public SettleOutcome Outcome { get; } = outcome;
    }
}
