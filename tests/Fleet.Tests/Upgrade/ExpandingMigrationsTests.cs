using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Fleet.Storage.Sqlite;
using Fleet.Storage.SqlServer;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Fleet.Tests.Upgrade;

/// <summary>A migration after <c>Initial</c> only adds what the version before can ignore: its workers run on during the
/// upgrade.</summary>
public sealed class ExpandingMigrationsTests
{
    /// <summary>Migrations that drop what no supported version uses any more, or whose SQL was read by somebody. Add one with the reason,
    /// and with the last version that used what it drops.</summary>
    private static readonly string[] Approved = [];

    public static TheoryData<MigrationOperation> Contractions =>
    [
        new DropColumnOperation { Table = "runs", Name = "args" },
        new DropTableOperation { Name = "runs" },
        new RenameColumnOperation { Table = "runs", Name = "args", NewName = "input" },
        new RenameTableOperation { Name = "runs", NewName = "work" },
        new AlterColumnOperation { Table = "runs", Name = "args", ClrType = typeof(string) },
        new AddColumnOperation { Table = "runs", Name = "actor", ClrType = typeof(string) },
        new CreateIndexOperation { Table = "runs", Name = "ux", Columns = ["args"], IsUnique = true },
        new AddUniqueConstraintOperation { Table = "runs", Name = "ux", Columns = ["args"] },
        new AddForeignKeyOperation { Table = "runs", Name = "fk", Columns = ["worker_id"], PrincipalTable = "workers" },
        new AddCheckConstraintOperation { Table = "runs", Name = "ck", Sql = "attempt > 0" },
        new SqlOperation { Sql = "UPDATE runs SET args = NULL" },
    ];

    public static TheoryData<MigrationOperation> Expansions =>
    [
        new CreateTableOperation { Name = "audit" },
        new AddColumnOperation { Table = "runs", Name = "actor", ClrType = typeof(string), IsNullable = true },
        new AddColumnOperation { Table = "runs", Name = "kind", ClrType = typeof(int), DefaultValue = 0 },
        new AddColumnOperation { Table = "runs", Name = "at", ClrType = typeof(DateTimeOffset), DefaultValueSql = "now()" },
        new CreateIndexOperation { Table = "runs", Name = "ix", Columns = ["args"] },
        new CreateIndexOperation { Table = "audit", Name = "ux", Columns = ["id"], IsUnique = true },
        new DropIndexOperation { Table = "runs", Name = "ix" },
    ];

    [Fact]
    public async Task Migrations_AfterInitial_OnlyExpand()
    {
        IStorage[] storages =
        [
            new SqliteStorage("Data Source=none.db", TimeProvider.System), new PostgresStorage("Host=nowhere"),
            new SqlServerStorage("Server=nowhere"),
        ];
        foreach (var storage in storages)
        {
            await using var db = storage.Read();
            var migrations = db.GetService<IMigrationsAssembly>();
            Assert.Equal(FrozenDatabase.Initial, migrations.Migrations.Keys.First());
            foreach (var (id, type) in migrations.Migrations.Skip(1).Where(m => !Approved.Contains(m.Key, StringComparer.Ordinal)))
            {
                var migration = migrations.CreateMigration(type, db.Database.ProviderName!);
                Assert.Empty(Faults(migration.UpOperations).Select(f => $"{id}: {f}"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Contractions), DisableDiscoveryEnumeration = true)]
    public void Faults_WhatTheVersionBeforeCannotIgnore_IsNamed(MigrationOperation operation) => Assert.Single(Faults([operation]));

    [Theory]
    [MemberData(nameof(Expansions), DisableDiscoveryEnumeration = true)]
    public void Faults_WhatTheVersionBeforeIgnores_IsNone(MigrationOperation operation) =>
        Assert.Empty(Faults([new CreateTableOperation { Name = "audit" }, operation]));

    [Fact]
    public void Faults_OfTheMigrationOfTheTests_AreNone() =>
        Assert.Empty(Faults(new LaterMigration { ActiveProvider = "Microsoft.EntityFrameworkCore.Sqlite" }.UpOperations));

    private static IEnumerable<string> Faults(IReadOnlyList<MigrationOperation> operations)
    {
        var added = operations.OfType<CreateTableOperation>().Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        return from operation in operations
               where operation switch
               {
                   CreateTableOperation or EnsureSchemaOperation or DropIndexOperation => false,
                   AddColumnOperation add =>
                       add is { IsNullable: false, DefaultValue: null, DefaultValueSql: null, ComputedColumnSql: null },
                   CreateIndexOperation index => index.IsUnique && !added.Contains(index.Table),
                   _ => true,
               }
               select $"{operation.GetType().Name} is more than the version before can ignore; see CONTRIBUTING.md, Migrations.";
    }
}
