using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>GET /health/live and /health/ready.</summary>
[Collection(ApiFleet.Shared)]
public sealed class HealthTests(ApiFleet api)
{
    [Theory]
    [InlineData("/health/live", false)]
    [InlineData("/health/ready", true)]
    public async Task Health_Up_SaysSo(string path, bool hasDatabase)
    {
        var answer = await api.SendAsync("GET", path);

        Assert.Equal((200, "UP"), (answer.Status, answer["status"]));
        Assert.Equal(hasDatabase, answer.Json.GetProperty("components").TryGetProperty("database", out _));
    }

    [Fact]
    public async Task Health_DatabaseIsAway_IsAliveAndNotReady()
    {
        using var folder = new TempFolder();
        await using var fleet = await EmbeddedFleet.StartAsync(folder: folder);
        await fleet.Storage.WriteAsync(
            async session =>
            {
                await using var command = session.Transaction.Connection!.CreateCommand();
                command.Transaction = session.Transaction;
                command.CommandText = "ALTER TABLE fleet_leases RENAME TO leases_away";
                return await command.ExecuteNonQueryAsync();
            },
            CancellationToken.None);

        var live = await Answer.ReadAsync(await fleet.Http.GetAsync(new Uri("/health/live", UriKind.Relative)));
        var ready = await Answer.ReadAsync(await fleet.Http.GetAsync(new Uri("/health/ready", UriKind.Relative)));

        Assert.Equal((200, "UP"), (live.Status, live["status"]));
        Assert.Equal((503, "DOWN"), (ready.Status, ready["status"]));
        Assert.Equal("DOWN", ready.Json.GetProperty("components").GetProperty("database").GetProperty("status").GetString());
    }
}
