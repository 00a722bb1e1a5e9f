using System.Data;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>Connections that code of the application writes through. Whatever one user leaves behind on a connection, the next one must not
/// find it.</summary>
/// <remarks>The driver does the same with seven statements of its own, which the server parses anew each time. These are prepared, and go
/// along with the commit.</remarks>
internal sealed class UserConnections(PostgresPool pool)
{
    // What the driver sends: its NpgsqlConnector.Reset for connections that have prepared statements.
    private static readonly string[] Statements =
    [
        "CLOSE ALL", "SET SESSION AUTHORIZATION DEFAULT", "RESET ALL", "UNLISTEN *",
        "SELECT pg_advisory_unlock_all()", "DISCARD SEQUENCES", "DISCARD TEMP",
    ];

    /// <summary>Opens a connection. Give it back with <see cref="CloseAsync"/>.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct) => pool.OpenAsync(ct);

    /// <summary>Adds the statements that make a connection new for its next user, behind the end of the transaction.</summary>
    public static void AddReset(NpgsqlBatch batch)
    {
        foreach (var statement in Statements)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
    }

    /// <summary>Gives a connection back, outside of any transaction.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="isReset">Whether the statements of <see cref="AddReset"/> were executed.</param>
    public async ValueTask CloseAsync(NpgsqlConnection connection, bool isReset)
    {
        try
        {
            if (!isReset && connection.FullState == ConnectionState.Open)
                await ResetAsync(connection);
        }
        catch (Exception)
        {
            // It would bring what is left on it to its next user: it is closed when it is given back, and so are the others, which is rare.
            pool.Source.Clear();
        }
        finally
        {
            await pool.CloseAsync(connection);
        }
    }

    private static async Task ResetAsync(NpgsqlConnection connection)
    {
        await using var batch = new NpgsqlBatch(connection);
        AddReset(batch);
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
