namespace Fleet.Storage.Sqlite;

/// <summary>The one table of SQLite's primary result codes. An extended code has its primary code in the low byte, and counts as
/// that.</summary>
/// <remarks>https://www.sqlite.org/rescode.html. What is not known to be the data's fault is an outage: a missing table, a full disk, a
/// damaged file.</remarks>
internal static class SqliteErrors
{
    public const int Busy = 5;

    /// <summary>True when the file refuses the values, and would refuse them for ever: 18 too big, 19 constraint, 20 wrong type.</summary>
    public static bool IsData(int code) => (code & 0xff) is 18 or 19 or 20;

    /// <summary>True when the error says by itself that the file cannot be used, whoever asked: 5 busy, 6 locked, 8 read-only, 10 input or
    /// output, 13 disk full, 14 cannot open.</summary>
    public static bool IsUnavailable(int code) => (code & 0xff) is Busy or 6 or 8 or 10 or 13 or 14;
}
