using System.Data.Common;
using System.Globalization;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Npgsql;

namespace Fleet.Storage.Postgres;

internal sealed class PostgresEffectSql : EffectSql
{
    public override EffectSyntax Syntax => EffectSyntax.Postgres;

    /// <remarks>By the server, which then says which statement it was.</remarks>
    public override string Begin(TimeSpan limit) =>
        string.Create(CultureInfo.InvariantCulture, $"SELECT set_config('statement_timeout', '{limit.TotalMilliseconds:0}', true)");

    public override EffectFault Judge(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            switch (inner)
            {
                case PostgresException p:
                    return Judge(p);
                case NpgsqlException { InnerException: TimeoutException { Message: PostgresErrors.CommandTimedOut } }:
                    return EffectFault.Slow;
                case DatabaseUnavailableException or NpgsqlException:
                    return EffectFault.Outage;
            }
        }

        return EffectFault.Effect;
    }

    /// <remarks>23: constraints; P0: what a trigger raised.</remarks>
    public override bool IsRefusedCommit(Exception e) => e.Chain().OfType<PostgresException>().FirstOrDefault() is { } p
        && (p.SqlState.StartsWith("23", StringComparison.Ordinal) || p.SqlState.StartsWith("P0", StringComparison.Ordinal));

    /// <remarks>Without a name: the driver sends the statement as it is. A null has no type, so that the server takes that of the
    /// column.</remarks>
    public override DbParameter Parameter(int number, EffectValue value) => value.Value switch
    {
        null => new NpgsqlParameter { Value = DBNull.Value },
        string text => new NpgsqlParameter<string> { TypedValue = text },
        bool flag => new NpgsqlParameter<bool> { TypedValue = flag },
        byte small => new NpgsqlParameter<short> { TypedValue = small },
        short small => new NpgsqlParameter<short> { TypedValue = small },
        int integer => new NpgsqlParameter<int> { TypedValue = integer },
        long integer => new NpgsqlParameter<long> { TypedValue = integer },
        decimal exact => new NpgsqlParameter<decimal> { TypedValue = exact },
        double real => new NpgsqlParameter<double> { TypedValue = real },
        float real => new NpgsqlParameter<float> { TypedValue = real },
        Guid id => Statement.Uuid(id),
        DateTimeOffset instant => Statement.Instant(instant),
        DateTime instant => new NpgsqlParameter<DateTime> { TypedValue = instant },
        DateOnly day => new NpgsqlParameter<DateOnly> { TypedValue = day },
        byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes },
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "This type is not allowed in an effect."),
    };

    private static EffectFault Judge(PostgresException e) => e.SqlState switch
    {
        // The connection of a plan that no longer fits prepares it anew.
        _ when e.Routine == "RevalidateCachedQuery" => EffectFault.Conflict,
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => EffectFault.Conflict,
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled => EffectFault.Slow,
        // 25P03: this process stood still. FATAL: the connection is gone, whatever the reason.
        _ when PostgresErrors.IsUnavailable(e.SqlState) || e.InvariantSeverity != "ERROR" => EffectFault.Outage,
        _ => EffectFault.Effect,
    };
}
