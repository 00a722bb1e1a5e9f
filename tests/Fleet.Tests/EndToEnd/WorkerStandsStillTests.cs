using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>A worker that stands still in the middle of a write, with the row of its run locked.</summary>
public sealed class WorkerStandsStillTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    [Fact]
    public async Task Worker_StandsStillInTheMiddleOfACompletion_ItsRunIsRunElsewhereAndTheLeaderLeads()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", settings);
        await PostgresServer.ExecuteAsync(
            database,
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
            CREATE TRIGGER slow AFTER UPDATE ON fleet.runs FOR EACH ROW WHEN (NEW.state = 2) EXECUTE FUNCTION slow();
            """);
        var run = await scheduler.EnqueueAsync("diag.ledger", new { key = "k" });
        await Until.TrueAsync(
            async () =>
                await PostgresServer.CountAsync(database, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") > 0);
        await worker.SignalAsync("STOP");
        var stopped = TimeProvider.System.GetTimestamp();
        await using var other = await FleetProcess.StartServiceAsync("Worker", settings);
        await Until.TrueAsync(async () =>
        {
            Assert.True(
                await scheduler.LeadsAsync(database),
                $"Nobody led {TimeProvider.System.GetElapsedTime(stopped).TotalSeconds:0} s after the worker stood still.");
            return await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state = 2 OR attempt = 2") == 1;
        });

        await worker.SignalAsync("CONT");
        await scheduler.WaitAsync(run, "succeeded");
        Assert.Equal(1, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.diag_ledger"));
    }
}
