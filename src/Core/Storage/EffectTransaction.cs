using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The result for one run of a shared transaction that was committed.</summary>
/// <param name="Outcome">Whether it was completed; else none of its effects was applied.</param>
/// <param name="Effect">The position of the effect that failed.</param>
/// <param name="Error">Why the run was left out; null when it was not.</param>
public readonly record struct EffectOutcome(SettleOutcome Outcome, int Effect = 0, Exception? Error = null);

/// <summary>Completes runs and applies their effects in one transaction, in a way that works on every database.</summary>
public static class EffectTransaction
{
    /// <summary>Completes many runs, then applies the effects of those that were completed.</summary>
    /// <exception cref="EffectStoppedException">An effect failed, and nothing was committed.</exception>
    public static Task<IReadOnlyList<EffectOutcome>> ApplyTogetherAsync(
        this IStorage storage, IReadOnlyList<Completion> completions, TimeSpan limit, CancellationToken ct) => storage.WriteAsync(
        async session =>
        {
            if (storage.HasOneWriter)
                return await ApplyEachAsync(storage, session, completions, ct);
            var outcomes = await storage.Statements.CompleteAsync(session, completions, ct);
            await ExecuteAsync(
                storage, session, [.. completions.Select((c, i) => outcomes[i] == SettleOutcome.Settled ? c.Effects : [])], limit, ct);
            return [.. outcomes.Select(o => new EffectOutcome(o))];
        },
        ct);

    /// <summary>Applies the effects of one run and then completes it, so that its row is not locked while they wait.</summary>
    /// <exception cref="EffectStoppedException">An effect failed, and nothing was committed.</exception>
    public static async Task<SettleOutcome> ApplyAloneAsync(
        this IStorage storage, Completion completion, TimeSpan limit, CancellationToken ct)
    {
        try
        {
            return await storage.WriteAsync(
                async session =>
                {
                    await ExecuteAsync(storage, session, [completion.Effects], limit, ct);
                    var outcomes = await storage.Statements.CompleteAsync(session, [completion], ct);
                    return outcomes[0] == SettleOutcome.Settled ? outcomes[0] : throw new NotSettledException(outcomes[0]);
                },
                ct);
        }
        catch (NotSettledException e)
        {
            return e.Outcome;
        }
    }

    /// <summary>Applies the effects run by run, and undoes only the run whose effect fails. This is cheap on a database without round
    /// trips.</summary>
    private static async Task<IReadOnlyList<EffectOutcome>> ApplyEachAsync(
        IStorage storage, StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct)
    {
        const string savepoint = "effects";
        var outcomes = new EffectOutcome[completions.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            await session.Transaction.SaveAsync(savepoint, ct);
            try
            {
                outcomes[i] = new EffectOutcome((await storage.Statements.CompleteAsync(session, [completions[i]], ct))[0]);
                if (outcomes[i].Outcome == SettleOutcome.Settled)
                    await ExecuteAsync(storage, session, [completions[i].Effects], Timeout.InfiniteTimeSpan, ct);
            }
            catch (EffectStoppedException e)
            {
                await session.Transaction.RollbackAsync(savepoint, ct);
                outcomes[i] = new EffectOutcome(SettleOutcome.LeaseLost, e.Effect, e.InnerException);
            }

            await session.Transaction.ReleaseAsync(savepoint, ct);
        }

        return outcomes;
    }

    /// <summary>Executes the effects of runs, in one round trip if the driver can do it.</summary>
    private static async Task ExecuteAsync(
        IStorage storage, StorageSession session, IReadOnlyList<Effect>[] runs, TimeSpan limit, CancellationToken ct)
    {
        if (!runs.Any(effects => effects.Count > 0))
            return;
        var sql = storage.Effects;
        if (!session.Connection.CanCreateBatch)
        {
            await ExecuteOneByOneAsync(sql, session, runs, ct);
            return;
        }

        await using var batch = session.Connection.CreateBatch();
        batch.Transaction = session.Transaction;
        // The limit applies to each effect; this timeout of the driver applies to all of them together.
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

    private static async Task ExecuteOneByOneAsync(
        EffectSql sql, StorageSession session, IReadOnlyList<Effect>[] runs, CancellationToken ct)
    {
        for (var run = 0; run < runs.Length; run++)
        {
            for (var effect = 0; effect < runs[run].Count; effect++)
            {
                try
                {
                    await using var command = session.CreateCommand();
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

    /// <summary>Undoes the effects of a run that no longer belongs to this claim.</summary>
    private sealed class NotSettledException(SettleOutcome outcome) : Exception
    {
        public SettleOutcome Outcome { get; } = outcome;
    }
}
