using System.Globalization;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Promise P5: what was planned starts at its time though the only scheduler is dead. <c>FLEET_DOWN_SECONDS</c> sets for how long,
/// and <c>FLEET_DOWN_SCHEDULES</c> with how many schedules of 1 to 10 s; the suite's short form is 6 s and 150, and judges only that
/// nothing waited for a scheduler, not by how much a busy machine was late.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class SchedulerDownTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private static readonly TimeSpan Down = TimeSpan.FromSeconds(Read("FLEET_DOWN_SECONDS", 6));
    private static readonly int Schedules = Read("FLEET_DOWN_SCHEDULES", 150);

    private static readonly TimeSpan MaxLateness = Environment.GetEnvironmentVariable(
        "FLEET_DOWN_SECONDS") is null ? Down / 2 : TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Scheduler_DeadForLessThanTheLookAhead_MakesNoOccurrenceLate()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        var first = FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", settings);
        Occurrences occurrences;
        await using (var scheduler = await first)
        {
            await Until.TrueAsync(() => scheduler.LeadsAsync(database));
            occurrences = await Occurrences.PlantAsync(database, Rhythm.Mix(Schedules));
            await Occurrences.UntilAsync(occurrences.After + TimeSpan.FromSeconds(2));
            await scheduler.KillAsync();
        }

        var died = TimeProvider.System.GetUtcNow();
        await Occurrences.UntilAsync(died + Down);
        await using var next = await FleetProcess.StartServiceAsync("Scheduler", settings);
        // Through the time when what the first one planned has run out.
        await Occurrences.UntilAsync(died + Down + TimeSpan.FromSeconds(Down.TotalSeconds > 15 ? 30 : 3));

        var lateness = await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        TestContext.Current.SendDiagnosticMessage(
            $"{Schedules} schedules, the scheduler dead for {Down.TotalSeconds:0} s: {Occurrences.Summarize(lateness)}.");
        Assert.InRange(lateness[^1], TimeSpan.Zero, MaxLateness);
    }

    private static int Read(string name, int otherwise) =>
        int.Parse(Environment.GetEnvironmentVariable(name) ?? $"{otherwise}", CultureInfo.InvariantCulture);
}
