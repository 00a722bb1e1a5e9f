using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fleet.Tests.EndToEnd;

/// <summary>Promises P1 and P3 against the worst that can happen to one process. <c>FLEET_KILLS</c> sets how often it is
/// killed; the suite's short form is 5, the full form 50.</summary>
public sealed class KillTests
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FLEET_KILLS") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Kill_AtRandomMomentsUnderLoad_EveryAcceptedRunEndsOnceWithOneEffect()
    {
        using var folder = new TempFolder();
        var accepted = new ConcurrentBag<RunId>();
        var random = new Random(20261124);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var fleet = await FleetProcess.StartDevAsync(folder.Path);
            using var stop = new CancellationTokenSource();
            var load = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SubmitAsync(fleet, accepted, stop.Token)));
            // Not a wait for something: the random moment itself is what is tested.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1500)), TimeProvider.System);
            await fleet.KillAsync();
            await stop.CancelAsync();
            await load;
        }

        await using var last = await FleetProcess.StartDevAsync(folder.Path);
        await Until.TrueAsync(
            () => Task.FromResult(Count(folder, "SELECT count(*) FROM fleet_runs WHERE state IN (0, 1)") == 0), TimeSpan.FromMinutes(3));

        Assert.True(accepted.Count > Kills * 10, $"Only {accepted.Count} runs were accepted: that was no load.");
        var states = Rows(folder, "SELECT lower(hex(id)), state FROM fleet_runs");
        var ledger = Rows(folder, "SELECT replace(run_id, '-', ''), count(*) FROM fleet_diag_ledger GROUP BY run_id");
        Assert.All(accepted, id => Assert.Equal((long)RunState.Succeeded, states[id.Value.ToString("N")]));
        Assert.All(accepted, id => Assert.Equal(1, ledger[id.Value.ToString("N")]));
        // Runs whose answer was lost on the way were accepted too, or not at all; nothing in between.
        Assert.All(states, run => Assert.Equal(1, ledger[run.Key]));
        Assert.Equal(states.Count, ledger.Count);
    }

    [Fact]
    public async Task Crash_PoisonJob_FailsAfterThreeCrashesAndLeavesItsNeighboursAlone()
    {
        using var folder = new TempFolder();
        RunId poison, neighbour;
        await using (var fleet = await FleetProcess.StartDevAsync(folder.Path))
        {
            neighbour = await fleet.EnqueueAsync("diag.sleep", new { ms = 1500 });
            await fleet.WaitAsync(neighbour, "running");
            poison = await fleet.EnqueueAsync("diag.crash", new { });
            await fleet.WaitForExitAsync();
        }

        for (var restart = 0; restart < 2; restart++)
        {
            await using var fleet = FleetProcess.LaunchDev(folder.Path);
            await fleet.WaitForExitAsync();
        }

        await using var last = await FleetProcess.StartDevAsync(folder.Path);
        await last.WaitAsync(poison, "failed");
        await last.WaitAsync(neighbour, "succeeded");
        var dead = await last.GetAsync(poison);
        Assert.Equal(3, dead["crashes"]!.GetValue<int>());
        Assert.Equal(3, dead["attempts"]!.AsArray().Count(a => a!["outcome"]!.GetValue<string>() == "crashed"));
        Assert.Contains("died 3 times", dead["error"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_OneOfTwoProcessesOnOneFile_TheOtherFinishesItsRuns()
    {
        using var folder = new TempFolder();
        var accepted = new List<RunId>();
        await using var survivor = await FleetProcess.StartDevAsync(folder.Path);
        await using (var victim = await FleetProcess.StartDevAsync(folder.Path))
        {
            for (var i = 0; i < 100; i++)
            {
                accepted.Add(await victim.EnqueueAsync("diag.ledger", new { key = $"v{i}" }));
                accepted.Add(await survivor.EnqueueAsync("diag.ledger", new { key = $"s{i}" }));
            }

            accepted.Add(await victim.EnqueueAsync("diag.ledger", new { key = "later" }, new { delay = "PT1S" }));
            await victim.KillAsync();
        }

        foreach (var id in accepted)
            await survivor.WaitAsync(id, "succeeded");
        Assert.Equal(accepted.Count, Count(folder, "SELECT count(DISTINCT run_id) FROM fleet_diag_ledger"));
        Assert.Equal(accepted.Count, Count(folder, "SELECT count(*) FROM fleet_diag_ledger"));
        Assert.Equal("ok", Text(folder, "PRAGMA integrity_check"));
    }

    private static async Task SubmitAsync(FleetProcess fleet, ConcurrentBag<RunId> accepted, CancellationToken ct)
    {
        for (var i = 0; !ct.IsCancellationRequested; i++)
        {
            try
            {
                if (i % 5 > 0)
                {
                    accepted.Add(await fleet.EnqueueAsync(Load.JobOf($"{i}"), Load.ArgsOf($"{i}")));
                    continue;
                }

                var runs = Enumerable.Range(0, 20)
                    .Select(n => $"{i}.{n}").Select(key => new { job = Load.JobOf(key), args = Load.ArgsOf(key) });
                using var response = await fleet.Http.PostAsJsonAsync("/api/v1/runs/batch", new { runs }, ct);
                var answer = (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonObject>(ct))!;
                foreach (var id in answer["ids"]!.AsArray())
                    accepted.Add(new RunId(id!.GetValue<Guid>()));
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                // The process was killed under our hands.
                return;
            }
        }
    }

    private static long Count(TempFolder folder, string sql) => Query(folder, sql, r => r.GetInt64(0)).Single();

    private static string Text(TempFolder folder, string sql) => Query(folder, sql, r => r.GetString(0)).Single();

    private static Dictionary<string, long> Rows(TempFolder folder, string sql) =>
        Query(folder, sql, r => (Key: r.GetString(0), Value: r.GetInt64(1))).ToDictionary(r => r.Key, r => r.Value);

    private static List<T> Query<T>(TempFolder folder, string sql, Func<SqliteDataReader, T> read)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "fleet.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }
}
