using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;

namespace Fleet.Tests.Field;

/// <summary>A job pack is deployed, rolled forward and rolled back under load, worker by worker: none of its runs fails by that.
/// <c>FLEET_ROLLING_RUNS</c> sets how many runs of each kind there are in each phase; the suite's short form is 100.</summary>
public sealed class RollingDeployTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private static readonly int Runs = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_ROLLING_RUNS") ?? "100", CultureInfo.InvariantCulture);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2) + (Runs * TimeSpan.FromMilliseconds(50));

    [Fact]
    public async Task Pack_RolledForwardAndBackUnderLoad_FailsNoRun()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        using var v1 = new TempFolder();
        using var v2 = new TempFolder();
        JobPack.DropVersionInto(v1, "V1");
        JobPack.DropVersionInto(v2, "V2");
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        Dictionary<string, string> With(TempFolder pack) => new(settings) { ["Fleet__Worker__JobsPath"] = pack.Path };

        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var old = await FleetProcess.StartServiceAsync("Worker", With(v1));
        var accepted = await SubmitAsync(scheduler, "roll.same", "roll.grow", "roll.option", "roll.removed");

        // 1. Both versions side by side: what only one of them knows or can read goes to that one.
        await using var next = await FleetProcess.StartServiceAsync("Worker", With(v2));
        accepted += await SubmitAsync(
            scheduler, "roll.same", "roll.grow", "roll.option", "roll.removed", "roll.new", "roll.grow/customer", "roll.option/title");
        await SucceedAsync(database, accepted);

        // 2. An old worker that starts again does not take the new args out of the catalog.
        await using (var again = await FleetProcess.StartServiceAsync("Worker", With(v1)))
            Assert.Equal(0, await again.TerminateAsync());
        Assert.Equal(0, await old.TerminateAsync());
        accepted += await SubmitAsync(scheduler, "roll.same", "roll.option", "roll.new", "roll.grow/customer", "roll.option/title");
        await SucceedAsync(database, accepted);

        // 3. Only the new version: its args are the ones, and a run of a job that was removed waits and says so.
        await Until.TrueAsync(async () =>
        {
            var status = await StatusAsync(scheduler, new { job = "roll.grow", args = new { number = 1 } });
            accepted += status == HttpStatusCode.Accepted ? 1 : 0;
            return status == HttpStatusCode.BadRequest;
        });
        var removed = await scheduler.EnqueueAsync("roll.removed", new { number = 1 });
        // A worker that has just asked which workers there are may still count the old one once.
        const string waits = "No active worker of lane 'default' knows the job 'roll.removed'";
        await Until.TrueAsync(async () =>
            ((string?)(await scheduler.GetAsync(removed))["error"])?.StartsWith(waits, StringComparison.Ordinal) == true);
        Assert.Equal("Unserved", (string?)(await scheduler.GetAsync(removed))["errorType"]);

        // 4. Back: the new worker leaves runs that only it can run, and the old one does its own.
        accepted += await SubmitAsync(scheduler, "roll.same", "roll.new");
        Assert.Equal(0, await next.TerminateAsync());
        await using var back = await FleetProcess.StartServiceAsync("Worker", With(v1));
        accepted += await SubmitAsync(scheduler, "roll.same", "roll.grow", "roll.option", "roll.removed") + 1;
        var late = await scheduler.EnqueueAsync("roll.new", new { number = 1 });
        await scheduler.WaitAsync(removed, "succeeded", Limit);
        await Until.TrueAsync(async () => (string?)(await scheduler.GetAsync(late))["errorType"] == "Unserved");
        Assert.Equal("pending", await scheduler.StateAsync(late));

        // 5. Forward again: what waited is run soon, though it may have been given back for long.
        await using var forward = await FleetProcess.StartServiceAsync("Worker", With(v2));
        await scheduler.WaitAsync(late, "succeeded", Limit);
        await SucceedAsync(database, accepted + 1);
        Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE attempt <> 1 OR crashes > 0"));
        Assert.InRange(await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.attempts"), 1, accepted);
        Assert.InRange(Count(old.Output, "are given back, and the attempt is not counted"), 0, 3);
        var givenBack = await PostgresServer.CountAsync(database, "SELECT sum(times) FROM fleet.attempts WHERE outcome = 7");
        TestContext.Current.SendDiagnosticMessage($"{accepted + 1} runs, given back {givenBack} times.");
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static async Task SucceedAsync(string database, int accepted)
    {
        await Until.TrueAsync(
            async () =>
                await PostgresServer.CountAsync(
                    database, "SELECT count(*) FROM fleet.runs WHERE state IN (0, 1) AND job <> 'roll.removed'") == 0
                || await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state > 2") > 0,
            Limit);
        Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state > 2"));
        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state = 2") == accepted, Limit);
    }

    /// <summary>Enqueues runs of each kind: a job, and the argument that is added to its number.</summary>
    private static async Task<int> SubmitAsync(FleetProcess fleet, params string[] kinds)
    {
        foreach (var kind in kinds)
        {
            var (job, extra) = (kind.Split('/')[0], kind.Split('/').ElementAtOrDefault(1));
            foreach (var chunk in Enumerable.Range(0, Runs).Chunk(1000))
            {
                var runs = chunk.Select(n => new { job, args = Args(n, extra) }).ToArray();
                // A worker that has just started is known within a second.
                await Until.TrueAsync(
                    async () => await StatusAsync(fleet, new { runs }, "/batch") == HttpStatusCode.Accepted,
                    why: () => $"{kind} is refused: {Refusal(fleet, new { runs })}");
            }
        }

        return Runs * kinds.Length;

        static JsonObject Args(int number, string? extra) =>
            extra is null ? new() { ["number"] = number } : new() { ["number"] = number, [extra] = "x" };
    }

    private static async Task<HttpStatusCode> StatusAsync(FleetProcess fleet, object body, string path = "")
    {
        using var response = await fleet.Http.PostAsJsonAsync("/api/v1/runs" + path, body);
        return response.StatusCode;
    }

    private static string Refusal(FleetProcess fleet, object body)
    {
        using var response = fleet.Http.PostAsJsonAsync("/api/v1/runs/batch", body).GetAwaiter().GetResult();
        return response.Content.ReadAsStringAsync().GetAwaiter().GetResult();
    }
}
