using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>What an error of the server means for a statement of Fleet's own, by its SQLSTATE.</summary>
internal enum PostgresFault
{
    /// <summary>Not known to be the data's fault: the same statement may succeed later.</summary>
    Outage = 0,

    /// <summary>Another writer was in the way: the same write, done again, finds what it left.</summary>
    Conflict = 1,

    /// <summary>The server refuses the values: it would refuse them for ever.</summary>
    Data = 2,
}

/// <summary>The one table of PostgreSQL's errors. It lists what is known to be the data's fault; all else is an outage, because a finished
/// handler that runs again and an accepted message that is parked cost more than another try.</summary>
/// <remarks>Classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html. Class 42 (syntax, names, privileges) is not
/// among the data's: Fleet's statements are fixed, so it tells of a schema, a privilege or a server that does not fit.</remarks>
internal static class PostgresErrors
{
    /// <summary>The message of the driver's inner exception when a command took longer than its timeout.</summary>
    public const string CommandTimedOut = "Timeout during reading attempt";

    // 09 and 27: triggered actions; 21: cardinality; 22: values; 23: constraints; 44: WITH CHECK OPTION; 54: limits, such as a row that is
    // too big; P0: what a trigger of somebody's raised.
    private static readonly HashSet<string> DataClasses = ["09", "21", "22", "23", "27", "44", "54", "P0"];

    private static readonly HashSet<string> Data = ["40002"];

    // Class 54 is about values but for these: the statement itself is too much for the server.
    private static readonly HashSet<string> NotData = ["54001", "54011", "54023"];

    // Unique, serialization, deadlock; and tables, schemas and the like that two processes made at once.
    private static readonly HashSet<string> Conflicts = ["23505", "40001", "40P01", "42701", "42710", "42723", "42P04", "42P06", "42P07"];

    // Connection, out of resources, shut down or starting, the system below.
    private static readonly string[] UnavailableClasses = ["08", "53", "57P", "58"];

    public static PostgresFault Of(string sqlState)
    {
        if (Conflicts.Contains(sqlState))
            return PostgresFault.Conflict;
        var isData = Data.Contains(sqlState)
            || (sqlState.Length == 5 && DataClasses.Contains(sqlState[..2]) && !NotData.Contains(sqlState));
        return isData ? PostgresFault.Data : PostgresFault.Outage;
    }

    /// <summary>28: the login; 42: a name or a right that is not there.</summary>
    public static bool IsAccessRefused(string sqlState) => sqlState is ['2', '8', ..] or ['4', '2', ..];

    /// <summary>True when the error says by itself that the server cannot serve, whoever asked: also in what a handler threw.</summary>
    /// <remarks>25006: read-only, as after a failover. Not 25P03: a handler that stands still in its own transaction would never be
    /// counted.</remarks>
    public static bool IsUnavailable(string sqlState) =>
        sqlState == "25006" || Array.Exists(UnavailableClasses, c => sqlState.StartsWith(c, StringComparison.Ordinal));

    /// <summary>The same of what the driver says by itself. Not of a statement that took longer than its command timeout, and not of a
    /// wrong use of the driver: these may be the handler's own.</summary>
    public static bool IsUnavailable(NpgsqlException e) =>
        e is PostgresException p
            ? IsUnavailable(p.SqlState)
            : e.IsTransient && e.InnerException is not TimeoutException { Message: CommandTimedOut };

    /// <summary>True when the server may have committed before it failed: the connection broke, or the server ended it.</summary>
    public static bool MayBeCommitted(Exception e) => e switch
    {
        PostgresException p =>
            p.InvariantSeverity != "ERROR" || p.SqlState == "40003" || p.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException or ObjectDisposedException => true,
        _ => false,
    };

    /// <summary>Why the server refuses a connection, in words.</summary>
    public static string WhyRefused(string sqlState) => sqlState switch
    {
        "53300" or "53400" or "08P01" => "too many connections",
        "57P03" => "the server is starting up or shutting down",
        "28P01" or "28000" => "the login was refused",
        _ when sqlState.StartsWith("57P", StringComparison.Ordinal) => "the server is shutting down",
        _ when sqlState.StartsWith("53", StringComparison.Ordinal) => "the server is out of resources",
        _ => "the connection was refused",
    };
}
