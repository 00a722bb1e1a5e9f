using System.Data.Common;
using System.Diagnostics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>Completes a run after the work of its handler, in one transaction. Besides the statements of the handler, this takes one round
/// trip: <c>BEGIN</c> goes along with the first statement, and completion, commit and the reset of the connection are one batch.</summary>
internal sealed class CompleteAfterWork(UserConnections connections, PostgresRunStatements statements)
{
    // The plan of the completion is made once for each connection, and must not be one that reads the table to its end because that is
    // small now. What the application's triggers do at the commit is planned as always.
    private const string PlanByIndex = "SET LOCAL enable_seqscan = off";
    private const string PlanAsAlways = "SET LOCAL enable_seqscan TO DEFAULT";

    /// <returns>The error of the fence that refused the completion; null when it is committed.</returns>
    /// <exception cref="OutcomeUnknownException">The answer to the commit was lost.</exception>
    public async Task<PostgresException?> ExecuteAsync(
        Func<DbTransaction, CancellationToken, Task> work, Func<Completion> completion, TransactionPass pass, CancellationToken ct)
    {
        var connection = await connections.OpenAsync(ct);
        var isReset = false;
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await work(transaction, ct);
            RequireOpen(transaction);
            var made = completion();
            // A run that may exist already needs more than one statement.
            var runs = made.FollowUps.All(PostgresRunStatements.IsNewSimple) ? made.FollowUps : [];
            if (runs.Count < made.FollowUps.Count)
            {
                await using var session = new StorageSession(transaction);
                await statements.InsertAsync(session, made.FollowUps, ct);
            }

            ct.ThrowIfCancellationRequested();

            await using var batch = new NpgsqlBatch(connection);
            var fence = statements.CompleteOrFail(made);
            batch.BatchCommands.Add(new NpgsqlBatchCommand(PlanByIndex));
            batch.BatchCommands.Add(fence);
            batch.BatchCommands.Add(new NpgsqlBatchCommand(PlanAsAlways));
            statements.AddNewSimple(batch, runs);
            if (made.Events.Count > 0)
                batch.BatchCommands.Add(statements.AddEvents(made.Events));
            batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
            var committed = batch.BatchCommands.Count;
            UserConnections.AddReset(batch);

            var begun = Stopwatch.GetTimestamp();
            try
            {
                // Not canceled half-way: nobody would know whether it was committed.
                await batch.ExecuteNonQueryAsync(CancellationToken.None);
                isReset = true;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DivisionByZero && ReferenceEquals(e.BatchCommand, fence))
            {
                return e;
            }
            catch (PostgresException e)
                when (e.BatchCommand is NpgsqlBatchCommand failed && batch.BatchCommands.IndexOf(failed) >= committed)
            {
                // The transaction was committed before. The connection is not reset, and its end sees to that.
            }
            catch (Exception e) when (PostgresErrors.MayBeCommitted(e))
            {
                throw new OutcomeUnknownException(e);
            }

            pass.Took(Stopwatch.GetElapsedTime(begun));
            statements.Committed(new RunLease(made.Id, made.LeaseToken));
            return null;
        }
        finally
        {
            await connections.CloseAsync(connection, isReset);
        }
    }

    /// <summary>Refuses a transaction that the work has ended: the completion would stand alone.</summary>
    /// <exception cref="InvalidOperationException">It has.</exception>
    private static void RequireOpen(NpgsqlTransaction transaction)
    {
        try
        {
            // The driver asks whether it is open still.
            _ = transaction.IsolationLevel;
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException(
                "The work of CompleteAsync has ended its transaction: Fleet commits it together with the completion of the run. "
                    + "Neither commit nor roll back there.",
                e);
        }
    }
}
