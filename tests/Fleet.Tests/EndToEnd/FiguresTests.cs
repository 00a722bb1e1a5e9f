using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Figures over time from several worker processes: exact when they stop, and short of one flush when one is killed.</summary>
public sealed class FiguresTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    [Fact]
    public async Task Figures_SeveralWorkers_AreExactAfterTheyStopAndLoseOneFlushWhenKilled()
    {
        var database = await postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, (await rabbit.CreateHostAsync()).Uri);
        var victims = new Dictionary<string, string>(settings) { ["Fleet__Worker__Lanes__victim"] = "4" };
        victims.Remove("Fleet__Worker__Lanes__default");
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        var started = await Task.WhenAll(new[] { settings, settings, victims }.Select(s => FleetProcess.StartServiceAsync("Worker", s)));
        await using var one = started[0];
        await using var two = started[1];
        await using var victim = started[2];

        // What was written before the kill is kept, and no more than the ends since then is lost.
        Assert.Equal(TimeSpan.FromSeconds(10), FlushFigures.Every);
        await EnqueueAsync(scheduler, "diag.echo", 40, "victim");
        await Waiting.UntilAsync(async () => await CountedAsync(database, "victim", RollupOutcome.Succeeded) == 40);
        await EnqueueAsync(scheduler, "diag.echo", 25, "victim");
        await Waiting.UntilAsync(async () => await RunsAsync(database, "victim", RunState.Succeeded) == 65);
        await victim.KillAsync();
        Assert.InRange(await CountedAsync(database, "victim", RollupOutcome.Succeeded), 40, 65);

        await EnqueueAsync(scheduler, "diag.echo", 300, "default");
        await EnqueueAsync(scheduler, "diag.fail", 20, "default", maxAttempts: 1);
        var later = await EnqueueAsync(scheduler, "diag.echo", 5, "default", delay: "1h");
        foreach (var id in later)
            using (await scheduler.Http.PostAsync($"/api/v1/runs/{id}/cancel", null))
            {
            }

        await Waiting.UntilAsync(async () => await PostgresServer.CountAsync(
            database, "SELECT count(*) FROM fleet.runs WHERE lane = 'default' AND state IN (0, 1)") == 0);
        int[] exits = await Task.WhenAll(one.TerminateAsync(), two.TerminateAsync());
        Assert.All(exits, exit => Assert.Equal(0, exit));

        foreach (var (outcome, state) in new[]
        {
            (RollupOutcome.Succeeded, RunState.Succeeded), (RollupOutcome.Failed, RunState.Failed),
            (RollupOutcome.Canceled, RunState.Canceled),
        })
            Assert.Equal(await RunsAsync(database, "default", state), await CountedAsync(database, "default", outcome));
        Assert.Equal(300, await CountedAsync(database, "default", RollupOutcome.Succeeded));
        Assert.Equal(0, await CountedAsync(database, "default", RollupOutcome.Retried));
    }

    private static async Task<IReadOnlyList<string>> EnqueueAsync(
        FleetProcess fleet, string job, int count, string lane, string? delay = null, int? maxAttempts = null)
    {
        var runs = Enumerable.Range(0, count).Select(_ => new { job, args = new { }, lane, delay, maxAttempts });
        using var answer = await fleet.Http.PostAsJsonAsync("/api/v1/runs/batch", new { runs });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return [.. (await answer.Content.ReadFromJsonAsync<JsonObject>())!["ids"]!.AsArray().Select(id => id!.GetValue<string>())];
    }

    private static Task<long> CountedAsync(string database, string lane, RollupOutcome outcome) => PostgresServer.CountAsync(
        database, $"SELECT coalesce(sum(count), 0)::bigint FROM fleet.rollups WHERE lane = '{lane}' AND outcome = {outcome:D}");

    private static Task<long> RunsAsync(string database, string lane, RunState state) =>
        PostgresServer.CountAsync(database, $"SELECT count(*) FROM fleet.runs WHERE lane = '{lane}' AND state = {state:D}");
}
