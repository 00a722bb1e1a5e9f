using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Schedules that are changed through a node that does not lead, on a broker and a database.</summary>
public sealed class ScheduleControlTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private const int Rounds = 10;

    /// <summary>The leader's own poll would take a minute, so what is in force earlier came by message.</summary>
    [Fact]
    public async Task Control_ThroughAStandby_IsInForceBeforeTheLeaderLooksByItself()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using var fleet = await ThreeNodes.StartAsync(database, host, poll: "00:01:00");
        var took = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var begun = TimeProvider.System.GetTimestamp();
            await fleet.PutAsync($"s{round}", "1s");
            await Until.TrueAsync(
                async () => await PostgresServer.CountAsync(
                    database, $"SELECT count(*) FROM fleet.runs WHERE schedule_id = 's{round}'") > 0,
                ThreeNodes.Limit);
            took.Add(TimeProvider.System.GetElapsedTime(begun).TotalMilliseconds);

            // In force with the answer: nothing is left that a worker could claim.
            await fleet.ControlAsync($"s{round}", "pause");
            Assert.Equal(0, await fleet.AheadAsync($"s{round}"));

            await fleet.ControlAsync($"s{round}", "start");
            await Until.TrueAsync(async () => await fleet.AheadAsync($"s{round}") > 0, ThreeNodes.Limit);
            await fleet.ControlAsync($"s{round}", "stop");
            Assert.Equal(0, await fleet.AheadAsync($"s{round}"));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"From a put to its first planned run: {string.Join(", ", took.Order().Select(t => $"{t:0}"))} ms, looked at every 50 ms.");
    }

    [Fact]
    public async Task Control_MessageLost_IsInForceWithTheNextPoll()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using var fleet = await ThreeNodes.StartAsync(database, host, poll: "00:00:01");
        await host.Server.SendAsync(HttpMethod.Delete, $"api/exchanges/{host.Name}/fleet.control");

        await fleet.PutAsync("s", "1s");
        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state = 2") > 0, ThreeNodes.Limit);
        await fleet.ControlAsync("s", "stop");

        Assert.Equal(0, await fleet.AheadAsync("s"));
    }

    /// <summary>A scheduler that leads, one that does not, and a worker.</summary>
    private sealed class ThreeNodes(string database, FleetProcess leader, FleetProcess standby, FleetProcess worker) : IAsyncDisposable
    {
        /// <summary>Half of the longest poll.</summary>
        public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

        public static async Task<ThreeNodes> StartAsync(string database, VirtualHost host, string poll)
        {
            var settings = FleetProcess.ServiceSettings(database, host.Uri);
            settings["Fleet__Scheduler__Poll"] = poll;
            var leader = await FleetProcess.StartServiceAsync("Scheduler", settings);
            await Until.TrueAsync(
                async () => await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.leases WHERE expires_at > now()") == 1);
            return new ThreeNodes(
                database, leader, await FleetProcess.StartServiceAsync("Scheduler", settings),
                await FleetProcess.StartServiceAsync("Worker", settings));
        }

        public async Task PutAsync(string schedule, string every)
        {
            using var created = await SendAsync(isMatch: false);
            if (created.IsSuccessStatusCode)
                return;
            using var changed = await SendAsync(isMatch: true);
            changed.EnsureSuccessStatusCode();

            async Task<HttpResponseMessage> SendAsync(bool isMatch)
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/schedules/{schedule}");
                request.Content = JsonContent.Create(new { job = "diag.echo", every });
                if (isMatch)
                    request.Headers.IfMatch.Add(System.Net.Http.Headers.EntityTagHeaderValue.Any);
                return await standby.Http.SendAsync(request);
            }
        }

        public async Task ControlAsync(string schedule, string verb)
        {
            using var answer = await standby.Http.PostAsJsonAsync($"/api/v1/schedules/{schedule}/{verb}", new { reason = "because" });
            Assert.Equal("because", (await answer.Content.ReadFromJsonAsync<JsonObject>())!["statusReason"]!.GetValue<string>());
        }

        /// <summary>How many runs a worker could claim from now on.</summary>
        public Task<long> AheadAsync(string schedule) =>
            PostgresServer.CountAsync(
                database, $"SELECT count(*) FROM fleet.runs WHERE schedule_id = '{schedule}' AND state = 0 AND fire_time > now()");

        public async ValueTask DisposeAsync()
        {
            foreach (var process in new[] { worker, standby, leader })
                await process.DisposeAsync();
        }
    }
}
