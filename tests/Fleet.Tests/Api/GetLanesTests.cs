using System.Text.Json;

namespace Fleet.Tests.Api;

/// <summary>GET /api/v1/lanes.</summary>
[Collection(ApiFleet.Shared)]
public sealed class GetLanesTests(ApiFleet api)
{
    [Fact]
    public async Task ListLanes_Each_CountsItsWork()
    {
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"counted","delay":"PT1H"}""");
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"counted","delay":"PT1H"}""");

        var lanes = (await api.SendAsync("GET", "/api/v1/lanes"))
            .Items.ToDictionary(l => l.GetProperty("name").GetString()!, StringComparer.Ordinal);

        Assert.Equal((2, 0, 0), Numbers(lanes["counted"]));
        Assert.Equal(64, Numbers(lanes["default"]).Slots);
        Assert.Equal(64, Numbers(lanes["narrow"]).Slots);

        static (int Pending, int Running, int Slots) Numbers(JsonElement lane) =>
            (lane.GetProperty("pending").GetInt32(), lane.GetProperty("running").GetInt32(), lane.GetProperty("slots").GetInt32());
    }
}
