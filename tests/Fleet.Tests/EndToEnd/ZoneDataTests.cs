using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>A scheduler on a machine without time zone data.</summary>
public sealed class ZoneDataTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    [Fact]
    public async Task Leader_WithoutZoneData_LeavesZonedSchedulesAloneAndLetsAnotherLead()
    {
        using var nothing = new TempFolder();
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        await using var bare = await FleetProcess.StartServiceAsync(
            "Scheduler", new Dictionary<string, string>(settings) { ["TZDIR"] = nothing.Path });
        await Until.TrueAsync(() => bare.LeadsAsync(database));

        // 1. Alone: the schedule stays as it is, the others fire, and it says so.
        await PostgresServer.ExecuteAsync(
            database,
            """
            INSERT INTO fleet.schedules (id, job, args, cron, zone, misfire, status, source, planned_until, next_plan_at, created_at,
                updated_at,
                version, missed, overlap, planned)
            SELECT 's' || (z.zone IS NULL), 'diag.echo', '{}', '* * * * * *', z.zone, 0, 1, 'api', now(), now(), now(), now(), 7, 0, 0, 0
            FROM (VALUES ('Europe/Berlin'), (NULL)) AS z(zone)
            """);
        await Until.TrueAsync(
            () => Task.FromResult(bare.Output.Contains("no data for the time zone(s) Europe/Berlin", StringComparison.Ordinal)),
            why: () => bare.Output);
        await Until.TrueAsync(async () => await CountAsync(database, "runs WHERE schedule_id = 'strue'") > 0);
        Assert.Equal(
            1, await CountAsync(database, "schedules WHERE id = 'sfalse' AND status = 1 AND version = 7 AND next_plan_at IS NOT NULL"));
        Assert.Equal(0, await CountAsync(database, "runs WHERE schedule_id = 'sfalse'"));

        // 2. Beside another: that one leads as soon as the trouble shows again.
        await using var good = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await PostgresServer.ExecuteAsync(database, "UPDATE fleet.schedules SET zone = 'Asia/Tokyo' WHERE id = 'sfalse'");
        await Until.TrueAsync(() => good.LeadsAsync(database), why: () => bare.Output);
        await Until.TrueAsync(async () => await CountAsync(database, "runs WHERE schedule_id = 'sfalse'") > 0);
    }

    private static Task<long> CountAsync(string database, string of) =>
        PostgresServer.CountAsync(database, $"SELECT count(*) FROM fleet.{of}");
}
