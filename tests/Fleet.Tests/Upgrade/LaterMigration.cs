using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Internal;

namespace Fleet.Tests.Upgrade;

/// <summary>A migration as a later version may bring it: it only adds. Tests have it, programs do not.</summary>
[Migration(Id)]
internal sealed class LaterMigration : Migration
{
    public const string Id = "99991231000000_Later";

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var isSqlite = ActiveProvider?.EndsWith(".Sqlite", StringComparison.Ordinal) ?? false;
        var (schema, prefix) = isSqlite ? (null, "fleet_") : ("fleet", "");
        foreach (var table in new[] { "runs", "schedules", "workers", "leases", "outbox", "attempts" })
        {
            migrationBuilder.AddColumn<string>(
                "later_text", prefix + table, type: isSqlite ? "TEXT" : "text", schema: schema, nullable: true);
            migrationBuilder.AddColumn<int>(
                "later_number", prefix + table, type: isSqlite ? "INTEGER" : "integer", schema: schema, nullable: false, defaultValue: 7);
        }

        migrationBuilder.CreateTable(
            prefix + "later",
            columns => new { id = columns.Column<long>(type: isSqlite ? "INTEGER" : "bigint", nullable: false) },
            schema,
            constraints: table => table.PrimaryKey("PK_later", row => row.id));
    }
}

#pragma warning disable EF1001 // The interface has no other implementation to build on.
/// <summary>The migrations of a storage, and <see cref="LaterMigration"/>.</summary>
internal sealed class WithLaterMigration(
    ICurrentDbContext context, IDbContextOptions options, IMigrationsIdGenerator ids,
    IDiagnosticsLogger<DbLoggerCategory.Migrations> logger) : MigrationsAssembly(context, options, ids, logger)
{
    public override IReadOnlyDictionary<string, TypeInfo> Migrations => new SortedDictionary<string, TypeInfo>(
        base.Migrations.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal)
    {
        [LaterMigration.Id] = typeof(LaterMigration).GetTypeInfo(),
    };
}
#pragma warning restore EF1001
