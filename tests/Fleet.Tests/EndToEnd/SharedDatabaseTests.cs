using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.EndToEnd;

/// <summary>Fleet's tables beside those of others in one PostgreSQL database: another fleet's, an application's, and under roles with
/// fewer rights.</summary>
public sealed class SharedDatabaseTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    /// <summary>An application whose tables have the same names as Fleet's, with the history of its own migrations.</summary>
    private const string Application = """
        CREATE TABLE public.runs (id serial PRIMARY KEY, distance int NOT NULL);
        CREATE TABLE public.jobs (id serial PRIMARY KEY, title text);
        CREATE TABLE public.leases (id serial PRIMARY KEY, flat text);
        CREATE TABLE public."__EFMigrationsHistory" (migration_id varchar(150) PRIMARY KEY, product_version varchar(32) NOT NULL);
        INSERT INTO public."__EFMigrationsHistory" VALUES ('20250101000000_Initial', '10.0.0');
        INSERT INTO public.runs (distance) VALUES (42);
        """;

    /// <summary>The second fleet's role looks for tables in a schema that has none of Fleet's.</summary>
    [Fact]
    public async Task Fleets_TwoInOneDatabaseBesideAnApplication_RunTheirOwnJobs()
    {
        var database = await postgres.CreateEmptyDatabaseAsync();
        await PostgresServer.ExecuteAsync(database, Application);
        var (first, second) = (await SettingsAsync(database, "a"), await SettingsAsync(database + ";Search Path=nowhere", "b"));

        foreach (var settings in new[] { first, second })
        {
            var migrated = await FleetProcess.RunAsync(settings, "db", "migrate");
            var again = await FleetProcess.RunAsync(settings, "db", "migrate");
            Assert.True((migrated.ExitCode, again.ExitCode) == (0, 0), migrated.Error + again.Error);
            Assert.Equal("The schema is up to date.", again.Output.Trim());
        }

        await using var a = await FleetProcess.StartServiceAsync("Scheduler", first);
        await using var aWorker = await FleetProcess.StartServiceAsync("Worker", first);
        await using var b = await FleetProcess.StartServiceAsync("Scheduler", second);
        await using var bWorker = await FleetProcess.StartServiceAsync("Worker", second);
        foreach (var fleet in new[] { a, a, b })
            await fleet.WaitAsync(await fleet.EnqueueAsync("diag.ledger", new { key = "own" }), "succeeded");

        foreach (var (schema, runs) in new[] { ("a", 2), ("b", 1) })
        {
            Assert.Equal(runs, await PostgresServer.CountAsync(database, $"SELECT count(*) FROM {schema}.runs WHERE state = 2"));
            Assert.Equal(runs, await PostgresServer.CountAsync(database, $"SELECT count(*) FROM {schema}.diag_ledger"));
        }

        Assert.Equal(42, await PostgresServer.CountAsync(database, "SELECT sum(distance) FROM public.runs"));
        Assert.Equal(4, await PostgresServer.CountAsync(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    public async Task Role_WithoutRightsToChangeTheSchema_WorksWhenItIsThereAndIsToldWhenItIsNot()
    {
        var database = await postgres.CreateEmptyDatabaseAsync();
        await PostgresServer.ExecuteAsync(database, """
            DO $$ BEGIN CREATE ROLE fleet_reader LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            """);
        var (owner, user) = (await SettingsAsync(database, "fleet"), await SettingsAsync(
            new NpgsqlConnectionStringBuilder(database) { Username = "fleet_reader" }.ConnectionString, "fleet"));

        var refused = await FleetProcess.RunAsync(user, "db", "migrate");
        Assert.Equal(1, refused.ExitCode);
        Assert.Single(refused.Error.Trim().Split('\n'));

        Assert.Equal(0, (await FleetProcess.RunAsync(owner, "db", "migrate")).ExitCode);
        await using (var scheduler = FleetProcess.LaunchService("Scheduler", user))
        {
            await scheduler.WaitForExitAsync();
            Assert.Contains("The role 'fleet_reader' may not use", scheduler.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", scheduler.Output, StringComparison.Ordinal);
        }

        await PostgresServer.ExecuteAsync(database, """
            GRANT USAGE ON SCHEMA fleet TO fleet_reader;
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA fleet TO fleet_reader;
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA fleet TO fleet_reader;
            """);
        Assert.Equal("The schema is up to date.", (await FleetProcess.RunAsync(user, "db", "migrate")).Output.Trim());
        await using var leader = await FleetProcess.StartServiceAsync("Scheduler", user);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", user);
        await leader.WaitAsync(await leader.EnqueueAsync("diag.ledger", new { key = "granted" }), "succeeded");
    }

    [Fact]
    public async Task Migrate_DatabaseOfAnEarlierFleet_IsRefusedInOneSentence()
    {
        var database = await postgres.CreateEmptyDatabaseAsync();
        await PostgresServer.ExecuteAsync(
            database,
            """
            CREATE TABLE public.runs (id uuid PRIMARY KEY, lease_token bigint, attempt_offset int);
            CREATE TABLE public."__EFMigrationsHistory" (migration_id varchar(150) PRIMARY KEY);
            """);

        var refused = await FleetProcess.RunAsync(await SettingsAsync(database, "fleet"), "db", "migrate");

        Assert.Equal(1, refused.ExitCode);
        var line = Assert.Single(refused.Error.Trim().Split('\n'));
        Assert.Contains("has tables of an earlier Fleet (public.runs and others)", line, StringComparison.Ordinal);
        Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT count(*) FROM pg_namespace WHERE nspname = 'fleet'"));
    }

    private async Task<Dictionary<string, string>> SettingsAsync(string database, string schema)
    {
        var settings = FleetProcess.ServiceSettings(database, (await rabbit.CreateHostAsync()).Uri);
        settings["Fleet__Storage__Schema"] = schema;
        return settings;
    }
}
