using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Fleet.Storage.SqlServer;
using Fleet.Tests.Support;
using Fleet.Tests.Upgrade;

namespace Fleet.Tests.House;

/// <summary>The frozen databases have the schema that <c>Initial</c> builds: a released migration is never edited.</summary>
public sealed class FrozenSchemaTests(PostgresServer server)
{
    private const string WhatToDo = "Initial builds another schema than the frozen one. Before the first release, make the files anew with "
        + "./build.sh dump. After it, leave Initial as it is and add a migration.";

    [Fact]
    public async Task Initial_OfSqlite_BuildsTheFrozenSchema()
    {
        await using var frozen = new FrozenSqlite();
        await CheckAsync(frozen.Open(TimeProvider.System), frozen.Schema);
    }

    [Fact]
    public async Task Initial_OfPostgres_BuildsTheFrozenSchema()
    {
        await using var frozen = new FrozenPostgres(server);
        await CheckAsync(new PostgresStorage("Host=nowhere"), frozen.Schema);
    }

    /// <summary>Without a server, <c>SqlServerSchemaTests</c> checks that later migrations fit these tables.</summary>
    [Fact]
    public async Task Initial_OfSqlServer_BuildsTheFrozenSchema() => await CheckAsync(
        new SqlServerStorage("Server=nowhere"),
        await File.ReadAllTextAsync(FrozenDatabase.PathOf(RemakeDumps.SqlServerFile), TestContext.Current.CancellationToken));

    private static async Task CheckAsync(IStorage storage, string frozen)
    {
        await using var db = storage.Read();

        Assert.True(frozen.ReplaceLineEndings("\n").TrimEnd() == FrozenDatabase.ScriptOfInitial(db).TrimEnd(), WhatToDo);
    }
}
