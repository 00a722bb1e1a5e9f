using System.Diagnostics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>A transaction for code of the application, on a connection of Fleet's own.</summary>
internal sealed class PostgresTransaction(
    PostgresPool pool, NpgsqlConnection connection, NpgsqlTransaction transaction,
    StorageSession session, IMessageStatements messages, TransactionPass? pass)
    : OpenTransaction
{
    public override StorageSession Session => session;

    public override async Task<IReadOnlyList<EnqueueOutcome>> CommitAsync(MessageWrite write)
    {
        var begun = Stopwatch.GetTimestamp();
        var outcomes = await messages.CommitAsync(session, write);
        pass?.Took(Stopwatch.GetElapsedTime(begun));
        return outcomes;
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await session.DisposeAsync();
            await transaction.DisposeAsync();
        }
        finally
        {
            await pool.CloseAsync(connection);
            pass?.Dispose();
        }
    }
}
