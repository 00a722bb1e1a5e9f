using System.Data;
using Fleet.Core.Storage;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Fleet.Storage.Sqlite;

/// <summary>Tells whether the file can be used, on a connection of its own, which is opened together with the writer's and kept: it stays
/// with the file as it was then.</summary>
internal sealed class FileProbe(string connectionString) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection =
        new(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);

    public void Open()
    {
        lock (_lock)
        {
            if (_connection.State != ConnectionState.Open)
                _connection.Open();
        }
    }

    /// <summary>Reads a row, and takes and gives back the write lock, which a file that cannot be written does not grant.</summary>
    /// <exception cref="Exception">The file was replaced, has no tables of Fleet's, or cannot be written.</exception>
    public void Check()
    {
        lock (_lock)
        {
            Open();
            DatabaseFile.Check(_connection);
            Execute("SELECT 1 FROM fleet_leases LIMIT 1");
            // Busy: somebody writes, so it can be written.
            if (Execute("BEGIN IMMEDIATE", SqliteErrors.Busy) == raw.SQLITE_OK)
                Execute("ROLLBACK");
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _connection.Dispose();
    }

    // Not a command of the driver's, which waits for a lock.
    private int Execute(string sql, int allowed = raw.SQLITE_OK)
    {
        var code = raw.sqlite3_exec(_connection.Handle, sql);
        if (code != raw.SQLITE_OK && code != allowed)
        {
            throw new DatabaseUnavailableException(
                $"database: {raw.sqlite3_errmsg(_connection.Handle).utf8_to_string()} (SQLite {code})", TimeSpan.FromSeconds(2));
        }

        return code;
    }
}
