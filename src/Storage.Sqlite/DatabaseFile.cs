using System.Runtime.InteropServices;
using Fleet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

/// <summary>Tells whether the file at the path is still the one that a connection has open. A file that was deleted or replaced under a
/// running process takes every write and loses it with the process.</summary>
internal static class DatabaseFile
{
    private const int Ok = 0;

    // SQLITE_FCNTL_HAS_MOVED: compares the inode of the open file with that at the path. Windows does not know it, and does not let go of
    // an open file.
    private const int HasMovedCode = 20;

    /// <exception cref="DatabaseUnavailableException">The file was deleted, moved or replaced.</exception>
    public static void Check(SqliteConnection connection)
    {
        if (connection.Handle is not { IsInvalid: false, IsClosed: false } handle)
            return;
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            if (sqlite3_file_control(handle.DangerousGetHandle(), IntPtr.Zero, HasMovedCode, out var hasMoved) == Ok && hasMoved != 0)
                throw Moved(connection.DataSource);
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    private static DatabaseUnavailableException Moved(string path) => new(
        $"database: the file {Path.GetFullPath(path)} was deleted or replaced while this process has it open; "
            + "put the file back, or restart the process",
        TimeSpan.FromSeconds(2));

    // The name is SQLite's. The driver's package brings this library, and no call for it.
    [DllImport("e_sqlite3", ExactSpelling = true)]
    private static extern int sqlite3_file_control(IntPtr database, IntPtr name, int code, out int answer);
}
