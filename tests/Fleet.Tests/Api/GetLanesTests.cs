using System.Text.Json;
using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>GET /api/v1/lanes, /lanes/{lane} and /lanes/{lane}/demand.</summary>
[Collection(ApiFleet.Shared)]
public sealed class GetLanesTests(ApiFleet api)
{
    [Fact]
    public async Task ListLanes_Each_CountsItsWork()
    {
        // Nobody serves this lane, so what is due stays.
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"counted"}""");
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"counted","delay":"PT20S"}""");
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"counted","delay":"PT1H"}""");

        await Waiting.UntilAsync(async () => Numbers((await LanesAsync()).GetValueOrDefault("counted")) == (1, 1, 0, 0));
        var lanes = await LanesAsync();
        Assert.Equal(64, Numbers(lanes["default"]).Slots);
        Assert.Equal(64, Numbers(lanes["narrow"]).Slots);
        var lane = await api.SendAsync("GET", "/api/v1/lanes/counted");
        Assert.Equal("""{"value":1,"relation":"eq"}""", lane["ready"]);
        Assert.Equal(("", "2", "0"), (lane["paused"] ?? "", lane["demand"], lane["workers"]));
        Assert.StartsWith("00:00:", lane["oldestReadyAge"], StringComparison.Ordinal);
        Assert.NotNull(lane.ETag);

        static (int Ready, int Soon, int Running, int Slots) Numbers(JsonElement lane) => lane.ValueKind == JsonValueKind.Undefined
            ? default
            : (Value(lane, "ready"), Value(lane, "scheduledSoon"), Value(lane, "running"), lane.GetProperty("slots").GetInt32());
    }

    [Fact]
    public async Task GetDemand_RunningAndReadyAndSoon_IsANumberAtTheTop()
    {
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"demanded"}""");
        await api.EnqueueAsync("""{"job":"diag.echo","lane":"demanded","delay":"PT20S"}""");

        Answer demand = null!;
        await Waiting.UntilAsync(
            async () => (demand = await api.SendAsync("GET", "/api/v1/lanes/demanded/demand")).Status == 200 && demand["demand"] == "2");

        Assert.Equal(("demanded", "eq", "False"), (demand["lane"], demand["relation"], demand["isPaused"]));
        Assert.Equal(JsonValueKind.Number, demand.Json.GetProperty("demand").ValueKind);
        Assert.True(TimeSpan.Parse(demand["age"]!, System.Globalization.CultureInfo.InvariantCulture) < TimeSpan.FromSeconds(30));

        // Workers for runs that wait on purpose would be idle.
        await api.SendAsync("POST", "/api/v1/lanes/demanded/pause");
        await Waiting.UntilAsync(async () => (await api.SendAsync("GET", "/api/v1/lanes/demanded/demand"))["demand"] == "0");
    }

    [Theory]
    [InlineData("/api/v1/lanes/nobody.knows")]
    [InlineData("/api/v1/lanes/nobody.knows/demand")]
    [InlineData("/api/v1/lanes/A%20b%2Fc/demand")]
    [InlineData("/api/v1/lanes/%00")]
    public async Task GetLane_Unknown_404(string path)
    {
        var answer = await api.SendAsync("GET", path);
        Assert.True(answer.Status is 404 or 400, answer.Text);
    }

    private async Task<Dictionary<string, JsonElement>> LanesAsync() => (await api.SendAsync("GET", "/api/v1/lanes"))
        .Items.ToDictionary(l => l.GetProperty("name").GetString()!, StringComparer.Ordinal);

    private static int Value(JsonElement lane, string name) => lane.GetProperty(name).GetProperty("value").GetInt32();
}
