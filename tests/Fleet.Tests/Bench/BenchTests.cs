using System.Text.Json.Nodes;
using Fleet.Tests.House;
using Fleet.Tests.Support;

namespace Fleet.Tests.Bench;

/// <summary>The comparison bench works: its short form, with real servers. What the figures are is not judged.</summary>
public sealed class BenchTests
{
    private static readonly string Program = Path.Combine(
        Repository.Root, "bench", "Fleet.Bench", "bin", Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!,
        "net10.0", "Fleet.Bench.dll");

    private static readonly string[] Everybodys =
    [
        "bulk", "bulk.cpu", "bulk.cpu.client", "single", "single.cpu", "drain", "drain.cpu", "drain.cpu.worker", "drain_single", "both",
        "both.cpu",
        "idle.rss", "idle.cpu", "first_job",
    ];

    private static readonly Dictionary<string, string[]> More = new(StringComparer.Ordinal)
    {
        ["fleet"] =
        [
            "latency.p50", "latency.p99", "http", "http.cpu", "drain_http", "due.64", "schedules.64", "both.cpu.scheduler",
            "both.cpu.postgres", "both.cpu.rabbitmq",
        ],
        ["rabbit-floor"] = ["latency.p50", "latency.p99", "both.cpu.rabbitmq"],
        ["postgres-floor"] = ["both.cpu.postgres"],
    };

    private static readonly string[] FleetsWays =
    [
        "transaction", "batched", "consumer", "consumer-inbox", "consumer-plain", "consumer-batch", "consumer-batch-plain", "plain",
        "fails-once",
    ];

    /// <summary>Jobs that write a row: that each left exactly one is checked by the bench itself.</summary>
    private static readonly Dictionary<string, string[]> Ways = new(StringComparer.Ordinal)
    {
        ["fleet"] =
        [
            .. FleetsWays.SelectMany(
                way => new[] { $"way.{way}.1", $"way.{way}.1.cpu", $"way.{way}.1.cpu.worker", $"way.{way}.1.connections" }),
            "way.transaction.1.trips", "way.transaction.1.statements",
        ],
        ["effect-floor"] = [
            "way.transaction.1", "way.transaction.1.cpu", "way.transaction.1.connections", "way.transaction.1.trips",
            "way.transaction.1.statements"],
    };

    [Fact]
    public async Task Smoke_FleetAndFloors_MeasuresEveryFigure()
    {
        var result = await SmokeAsync(More.Keys, "comparison");

        foreach (var (name, figures) in More)
            AssertMeasured(result, name, Everybodys.Concat(figures));
    }

    [Fact]
    public async Task Smoke_Ways_MeasuresEveryFigureAndTellsWhatIsReached()
    {
        var result = await SmokeAsync(Ways.Keys, "effect,fails-once");

        foreach (var (name, figures) in Ways)
            AssertMeasured(result, name, figures);
        var aims = result["aims"]!.AsArray().ToDictionary(
            aim => aim!["name"]!.GetValue<string>(), aim => aim!["bound"]!.GetValue<string>());
        Assert.Equal("≥ 0.6", aims["transaction, 1 worker / effect-floor"]);
        Assert.Equal("≥ 3", aims["batched, 1 worker / effect-floor"]);
        Assert.Equal("≥ 0.5", aims["consumer / the same without database"]);
        Assert.Equal("≥ 0.5", aims["consumer-batch / the same without database"]);
        Assert.Equal("≥ 0.2", aims["fails-once / plain"]);
        Assert.Equal("0", aims["transaction, 1 worker, 100 connections: refusals"]);
        Assert.Equal("0", aims["transaction, 1 worker, 100 connections: attempts spent"]);

        // BEGIN travels with the INSERT; then the UPDATE, and COMMIT: four statements in three round trips, and what a start takes.
        Assert.InRange(Median(result, "effect-floor", "way.transaction.1.trips")!.Value, 3, 8);
        Assert.InRange(Median(result, "effect-floor", "way.transaction.1.statements")!.Value, 4, 10);
    }

    [Fact]
    public async Task Soak_Short_MeasuresEachMinuteAndBeforeAndAfter()
    {
        Assert.SkipWhen(
            PostgresServer.Missing is not null || RabbitMqServer.Missing is not null,
            PostgresServer.Missing ?? RabbitMqServer.Missing ?? "");
        using var folder = new TempFolder();
        var json = Path.Combine(folder.Path, "result.json");

        var (exitCode, output, error) = await Programs.RunAsync(
            ["dotnet", Program, "--smoke", "--soak", "2", "--json", json], folder.Path, limit: TimeSpan.FromMinutes(5));

        Assert.True(exitCode == 0, $"It ended with {exitCode}:\n{output}\n{error}");
        var result = JsonNode.Parse(await File.ReadAllTextAsync(json))!;
        Assert.Equal([100, 200], result["minutes"]!.AsArray().Select(m => m!["jobs"]!.GetValue<int>()));
        Assert.All(result["minutes"]!.AsArray(), m => Assert.All(
            ["perSecond", "p50", "p99", "workerMemory", "schedulerMemory"], figure =>
                Assert.True(m![figure]!.GetValue<double>() > 0, $"{figure}\n{output}")));
        Assert.All(["before", "after"], when => Assert.All(
            ["latency.p50", "both", "bulk", "drain"], figure =>
                Assert.True(result[when]![figure]!.GetValue<double>() > 0, $"{when}: {figure}\n{output}")));
    }

    private static async Task<JsonNode> SmokeAsync(IEnumerable<string> contenders, string phases)
    {
        Assert.SkipWhen(
            PostgresServer.Missing is not null || RabbitMqServer.Missing is not null,
            PostgresServer.Missing ?? RabbitMqServer.Missing ?? "");
        using var folder = new TempFolder();
        var json = Path.Combine(folder.Path, "result.json");

        var (exitCode, output, error) = await Programs.RunAsync(
            ["dotnet", Program, "--smoke", "--only", string.Join(',', contenders), "--phases", phases, "--json", json], folder.Path,
            limit: TimeSpan.FromMinutes(5));

        Assert.True(exitCode == 0, $"It ended with {exitCode}:\n{output}\n{error}");
        var result = JsonNode.Parse(await File.ReadAllTextAsync(json))!;
        Assert.Equal("smoke", result["form"]!.GetValue<string>());
        return result;
    }

    private static void AssertMeasured(JsonNode result, string name, IEnumerable<string> figures)
    {
        Assert.Empty(Contender(result, name)["errors"]!.AsArray());
        foreach (var figure in figures)
        {
            // So few jobs may cost less than the clock of CPU time, which ticks every 10 ms, can tell.
            var isThere = figure.Contains(
                "cpu", StringComparison.Ordinal) ? Median(result, name, figure) >= 0 : Median(result, name, figure) > 0;
            Assert.True(isThere, $"{name}: {figure} is {Median(result, name, figure)?.ToString() ?? "missing"}.");
        }
    }

    private static double? Median(JsonNode result, string name, string figure) =>
        Contender(result, name)["figures"]![figure]?["median"]?.GetValue<double>();

    private static JsonNode Contender(JsonNode result, string name) =>
        result["contenders"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == name)!;

    [Theory]
    [InlineData("--phases all", "There is no phase 'all'; there are comparison, effect, transaction,")]
    [InlineData("--soak 0", "--soak: '0' is not allowed; allowed is a number of minutes from 1 to 1440.")]
    [InlineData("--soak long", "--soak: 'long' is not allowed;")]
    [InlineData("--only nobody", "There is no contender 'nobody'; there are fleet,")]
    [InlineData("--fast", "'--fast' is not understood.")]
    public async Task Run_WrongArguments_AreRefused(string arguments, string message)
    {
        var (exitCode, _, error) = await Programs.RunAsync(["dotnet", Program, .. arguments.Split(' ')], Path.GetTempPath());

        Assert.Equal(2, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }
}
