using Microsoft.Data.SqlClient;

namespace Fleet.Storage.SqlServer;

/// <summary>What an error of the server means.</summary>
internal static class SqlServerErrors
{
    /// <summary>From this severity on the server itself is at fault: out of resources, an internal error, or the connection ends.</summary>
    private const byte ServerAtFault = 17;

    /// <summary>Those of lower severity that still say that the database does not answer now.</summary>
    private static readonly HashSet<int> Outages =
    [
        -2, // the client gave up waiting
        0, // the client lost the connection, or was told to stop
        233, 10053, 10054, 10060, 10061, 11001, // the connection
        596, 6005, // the session was ended, the server shuts down
        904, 922, 927, 942, 945, 952, // the database starts, is restored, offline or cannot be opened
        976, 978, 979, 983, // it is a replica that takes no connections
        1222, // a lock was not free in time
        3906, // it is read-only, as after a failover
        4060, 18452, 18456, 18487, 18488, // the login
        10928, 10929, 40197, 40501, 40544, 40549, 40613, 49918, 49919, 49920, // throttled or moved, in the cloud
    ];

    public static bool IsOutage(SqlException e) => IsOutage(e.Number, e.Class);

    public static bool IsOutage(int number, byte severity) => severity >= ServerAtFault || Outages.Contains(number);

    /// <summary>True for a statement on a table that is not there.</summary>
    public static bool IsMissingTable(int number) => number == 208;

    /// <summary>True for a row that a unique index or primary key refused.</summary>
    public static bool IsDuplicate(int number) => number is 2601 or 2627;

    /// <summary>True for a duplicate, the victim of a deadlock, a row that changed under a snapshot, or a table made by two at once.</summary>
    public static bool IsConflict(int number) => IsDuplicate(number) || number is 1205 or 3960 or 2714;
}
