using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

/// <summary>Moves what the write-ahead log holds into the file, beside the writer: a checkpoint inside a commit would make
/// that one commit wait for megabytes to reach the disk. Should this fall behind, the writer checkpoints itself.</summary>
internal sealed class WalCheckpoints : IAsyncDisposable
{
    private const long MinBytes = 16_000_000;

    private readonly string _connectionString;
    private readonly string _log;
    private readonly PeriodicTimer _timer;
    private readonly Task _loop;

    public WalCheckpoints(string connectionString, TimeProvider time)
    {
        // Not created where it was deleted.
        _connectionString = new SqliteConnectionStringBuilder(connectionString) { Mode = SqliteOpenMode.ReadWrite }.ConnectionString;
        _log = new SqliteConnectionStringBuilder(connectionString).DataSource + "-wal";
        _timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        _loop = Task.Run(LoopAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _loop;
    }

    private async Task LoopAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            try
            {
                if (new FileInfo(_log) is { Exists: true, Length: >= MinBytes })
                    Checkpoint();
            }
            catch (SqliteException)
            {
                // Busy or out of disk: the next tick tries again, and a writer that cannot go on says so itself.
            }
        }
    }

    /// <summary>PASSIVE waits for nobody and makes nobody wait.</summary>
    private void Checkpoint()
    {
        using var connection = new SqliteConnection(_connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(PASSIVE)";
        command.ExecuteNonQuery();
    }
}
