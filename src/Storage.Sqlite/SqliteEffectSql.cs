using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

internal sealed class SqliteEffectSql : EffectSql
{
    public override EffectSyntax Syntax => EffectSyntax.Sqlite;

    public override EffectFault Judge(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            switch (inner)
            {
                case SqliteException s:
                    return SqliteErrors.IsUnavailable(s.SqliteErrorCode) ? EffectFault.Outage : EffectFault.Effect;
                case DatabaseUnavailableException:
                    return EffectFault.Outage;
            }
        }

        return EffectFault.Effect;
    }

    public override bool IsRefusedCommit(Exception e) =>
        e.Chain().OfType<SqliteException>().FirstOrDefault() is { } s && SqliteErrors.IsData(s.SqliteErrorCode);

    /// <remarks>As the driver stores each .NET type by itself.</remarks>
    public override DbParameter Parameter(int number, EffectValue value) =>
        new SqliteParameter(Syntax.MarkOf(number), value.Value ?? DBNull.Value);
}
