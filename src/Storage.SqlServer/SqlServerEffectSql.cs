using System.Data;
using System.Data.Common;
using System.Globalization;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.Data.SqlClient;

namespace Fleet.Storage.SqlServer;

/// <remarks>A procedure that commits more often than it begins would commit what many runs share. So the effects stand in a transaction
/// inside the transaction: the first such commit ends only that one, and the check after the effect finds it.</remarks>
internal sealed class SqlServerEffectSql : EffectSql
{
    /// <summary>How many transactions are open while effects are executed.</summary>
    private const int Depth = 2;

    public override EffectSyntax Syntax => EffectSyntax.SqlServer;

    public override string Check =>
        $"IF @@TRANCOUNT <> {Depth} THROW 51000, N'The statement ended the transaction that the effects of many runs share.', 1;";

    public override string End => "COMMIT TRANSACTION;";

    public override string Begin(TimeSpan limit) =>
        string.Create(CultureInfo.InvariantCulture, $"SET LOCK_TIMEOUT {limit.TotalMilliseconds:0}; BEGIN TRANSACTION;");

    public override EffectFault Judge(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            switch (inner)
            {
                case SqlException s:
                    return SqlServerErrors.JudgeEffect(s.Number, s.Class);
                case DatabaseUnavailableException:
                    return EffectFault.Outage;
            }
        }

        return EffectFault.Effect;
    }

    /// <summary>Nothing is checked at the commit.</summary>
    public override bool IsRefusedCommit(Exception e) => false;

    public override DbParameter Parameter(int number, EffectValue value) =>
        new SqlParameter(Syntax.MarkOf(number), TypeOf(value)) { Size = SizeOf(value), Value = value.Value ?? DBNull.Value };

    /// <summary>Short texts have one length, so that they have one plan; -1 is the longest that there is.</summary>
    private static int SizeOf(EffectValue value) => value switch
    {
        { Type: EffectType.Text or EffectType.Unknown, Value: null or string { Length: <= 4000 } } => 4000,
        { Type: EffectType.Bytes, Value: null or byte[] { Length: <= 8000 } } => 8000,
        { Type: EffectType.Text or EffectType.Bytes } => -1,
        _ => 0,
    };

    private static SqlDbType TypeOf(EffectValue value) => value.Type switch
    {
        EffectType.Boolean => SqlDbType.Bit,
        EffectType.Byte => SqlDbType.TinyInt,
        EffectType.Int16 => SqlDbType.SmallInt,
        EffectType.Int32 => SqlDbType.Int,
        EffectType.Int64 => SqlDbType.BigInt,
        EffectType.Decimal => SqlDbType.Decimal,
        EffectType.Double => SqlDbType.Float,
        EffectType.Single => SqlDbType.Real,
        EffectType.Guid => SqlDbType.UniqueIdentifier,
        EffectType.Instant => value.Value is DateTime ? SqlDbType.DateTime2 : SqlDbType.DateTimeOffset,
        EffectType.Date => SqlDbType.Date,
        EffectType.Bytes => SqlDbType.VarBinary,
        _ => SqlDbType.NVarChar,
    };
}
