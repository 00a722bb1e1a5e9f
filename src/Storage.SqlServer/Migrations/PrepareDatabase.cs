using Microsoft.EntityFrameworkCore.Migrations;

namespace Fleet.Storage.SqlServer.Migrations;

/// <summary>What the database needs before Fleet's tables are created. <c>Initial</c> calls it first; the tool that generates migrations
/// does not write it.</summary>
internal static class PrepareDatabase
{
    /// <summary>Turns on quoted identifiers and <c>READ_COMMITTED_SNAPSHOT</c>.</summary>
    public static void Prepare(this MigrationBuilder migration)
    {
        // Filtered indexes need these settings, and sqlcmd starts without the first.
        migration.Sql("SET QUOTED_IDENTIFIER, ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL ON;", suppressTransaction: true);

        // The option changes how all tables of the database are read. If there are tables of others, a person has to decide.
        migration.Sql(
            """
            IF (SELECT is_read_committed_snapshot_on FROM sys.databases WHERE database_id = DB_ID()) = 0
            BEGIN
                IF EXISTS (SELECT 1 FROM sys.tables WHERE is_ms_shipped = 0 AND NOT (name = N'migrations' AND SCHEMA_NAME(schema_id) = N'fleet'))
                    THROW 50000, N'Fleet needs READ_COMMITTED_SNAPSHOT, and this database has other tables, which will then be read so too. Turn it on while nobody else is connected: ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON', 1;
                ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH NO_WAIT;
            END
            """,
            suppressTransaction: true);
    }
}
