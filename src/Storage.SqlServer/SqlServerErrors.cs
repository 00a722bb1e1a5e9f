using Fleet.Core.Effects;
using Microsoft.Data.SqlClient;

namespace Fleet.Storage.SqlServer;

/// <summary>The one table of SQL Server's errors. It lists what is known to be the data's fault; all else is an outage, because a finished
/// handler that runs again and an accepted message that is parked cost more than another try.</summary>
internal static class SqlServerErrors
{
    /// <summary>From this severity on the server itself is at fault: out of resources, an internal error, or the connection ends.</summary>
    private const byte ServerAtFault = 17;

    /// <summary>From this severity on the connection ends.</summary>
    private const byte ConnectionEnds = 20;

    /// <summary>From this number on the text is one of somebody's own, raised by a trigger.</summary>
    private const int FirstOfUsers = 50_000;

    /// <summary>The server refuses the values, and would refuse them for ever.</summary>
    private static readonly HashSet<int> Data =
    [
        220, 232, 8115, // a number is too large for its type
        241, 242, 244, 245, 248, 295, 296, 517, 518, 535, 8114, 8169, // text or date that is no value of the type
        334, 3609, 3616, // a trigger ended it
        511, 1946, // a row or an index entry is too large
        512, // a subquery found more than one row
        515, 547, // null, or against a constraint
        2628, 8152, // text is too long for its column
        8134, // divided by zero
        9420, 9421, 13608, 13609, // text that is no XML or JSON
    ];

    /// <summary>Errors of lower severity that say by themselves that the database cannot serve, whoever asked.</summary>
    private static readonly HashSet<int> Unavailable =
    [
        0, // the client lost the connection, or was told to stop
        233, 10053, 10054, 10060, 10061, 11001, // the connection
        596, 6005, // the session was ended, the server shuts down
        904, 922, 927, 942, 945, 952, // the database starts, is restored, offline or cannot be opened
        976, 978, 979, 983, // it is a replica that takes no connections
        3906, // it is read-only, as after a failover
        10928, 10929, 40197, 40501, 40544, 40549, 40613, 49918, 49919, 49920, // throttled or moved, in the cloud
        17809, 17892, // too many connections
    ];

    /// <summary>Errors of a server that answers but lets the caller not in, or not do it.</summary>
    private static readonly HashSet<int> AccessRefused =
    [
        18452, 18456, 18470, 18486, 18487, 18488, // the login: unknown, wrong, disabled, locked, its password expired
        916, 4060, // it may not open the database, or there is none
        208, 229, 230, 262, 297, 300, // a table or a right is not there
    ];

    public static bool IsAccessRefused(int number) => AccessRefused.Contains(number);

    public static bool IsOutage(SqlException e) => IsOutage(e.Number, e.Class);

    /// <summary>True for all that is not known to be the data's fault or another writer's.</summary>
    public static bool IsOutage(int number, byte severity) =>
        severity >= ServerAtFault || !(IsConflict(number) || Data.Contains(number) || number >= FirstOfUsers);

    /// <summary>True when the error says by itself that the database cannot serve. Not a statement that took longer than its command
    /// timeout (-2), nor a lock that was not free in time (1222): these may be the handler's own.</summary>
    public static bool IsUnavailable(int number, byte severity) =>
        (severity >= ServerAtFault && number < FirstOfUsers) || Unavailable.Contains(number);

    /// <summary>Whose fault an error of a handler's effect is. -2: the statement took too long;
    /// 1222: a lock was not free in time.</summary>
    public static EffectFault JudgeEffect(int number, byte severity) => number switch
    {
        -2 or 1222 => EffectFault.Slow,
        1205 or 3960 => EffectFault.Conflict,
        _ => IsUnavailable(number, severity) ? EffectFault.Outage : EffectFault.Effect,
    };

    /// <summary>True for a statement on a table that is not there.</summary>
    public static bool IsMissingTable(int number) => number == 208;

    /// <summary>True for a statement that the login may not execute: CREATE TABLE, an object, a column, a schema, ALTER.</summary>
    public static bool IsMissingRight(int number) => number is 229 or 230 or 262 or 297 or 1088 or 2760 or 4902 or 15247;

    /// <summary>True for a row that a unique index or primary key refused.</summary>
    public static bool IsDuplicate(int number) => number is 2601 or 2627;

    /// <summary>True for a duplicate, the victim of a deadlock, a row that changed under a snapshot, or a table or index made by two at
    /// once.</summary>
    public static bool IsConflict(int number) => IsDuplicate(number) || number is 1205 or 3960 or 2714 or 1913;

    /// <summary>True when the server may have committed before it failed: the connection broke, or the answer did not come in
    /// time.</summary>
    public static bool MayBeCommitted(Exception e) => e switch
    {
        SqlException s => s.Class >= ConnectionEnds || s.Number is -2 or 0 or 233 or 596 or 6005 or 10053 or 10054 or 10060,
        InvalidOperationException or IOException or TimeoutException => true,
        _ => false,
    };

    /// <summary>Why the server refuses a connection, in words; null when it was not the server that spoke.</summary>
    public static string? WhyRefused(int number) => number switch
    {
        10928 or 10929 or 17809 or 17892 or 40544 or 49918 or 49919 or 49920 => "too many connections",
        4060 or 18452 or 18456 or 18487 or 18488 => "the login was refused",
        904 or 922 or 927 or 942 or 945 or 952 or 976 or 978 or 979 or 983 or 6005 or 40197 or 40501 or 40613 =>
            "the database is starting, moving or offline",
        _ => null,
    };
}
