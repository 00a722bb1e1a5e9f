using System.Text.Json.Nodes;
using Fleet.Tests.House;
using Fleet.Tests.Support;

namespace Fleet.Tests.Bench;

/// <summary>The comparison bench works: its short form, with real servers. What the figures are is not judged.</summary>
public sealed class BenchTests
{
    private static readonly string Program = Path.Combine(
        Repository.Root, "bench", "Fleet.Bench", "bin", Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!, "net10.0", "Fleet.Bench.dll");

    private static readonly string[] Everybodys =
    [
        "bulk", "bulk.cpu", "bulk.cpu.client", "single", "single.cpu", "drain", "drain.cpu", "drain.cpu.worker", "drain_single", "both", "both.cpu",
        "idle.rss", "idle.cpu", "first_job",
    ];

    private static readonly Dictionary<string, string[]> More = new(StringComparer.Ordinal)
    {
        ["fleet"] =
        [
            "latency.p50", "latency.p99", "http", "http.cpu", "drain_http", "due.64", "schedules.64", "both.cpu.scheduler", "both.cpu.postgres", "both.cpu.rabbitmq",
        ],
        ["rabbit-floor"] = ["latency.p50", "latency.p99", "both.cpu.rabbitmq"],
        ["postgres-floor"] = ["both.cpu.postgres"],
    };

    [Fact]
    public async Task Smoke_FleetAndFloors_MeasuresEveryFigure()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null || RabbitMqServer.Missing is not null, PostgresServer.Missing ?? RabbitMqServer.Missing ?? "");
        using var folder = new TempFolder();
        var json = Path.Combine(folder.Path, "result.json");

        var (exitCode, output, error) = await Programs.RunAsync(
            ["dotnet", Program, "--smoke", "--only", string.Join(',', More.Keys), "--json", json], folder.Path, limit: TimeSpan.FromMinutes(5));

        Assert.True(exitCode == 0, $"It ended with {exitCode}:\n{output}\n{error}");
        var result = JsonNode.Parse(await File.ReadAllTextAsync(json))!;
        Assert.Equal("smoke", result["form"]!.GetValue<string>());
        foreach (var (name, figures) in More)
        {
            var contender = result["contenders"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == name)!;
            Assert.Empty(contender["errors"]!.AsArray());
            foreach (var figure in Everybodys.Concat(figures))
            {
                var median = contender["figures"]![figure]?["median"]?.GetValue<double>();
                // So few jobs may cost less than the clock of CPU time, which ticks every 10 ms, can tell.
                var isThere = figure.Contains("cpu", StringComparison.Ordinal) ? median >= 0 : median > 0;
                Assert.True(isThere, $"{name}: {figure} is {median?.ToString() ?? "missing"}.\n{output}");
            }
        }
    }

    [Fact]
    public async Task Soak_Short_MeasuresEachMinuteAndBeforeAndAfter()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null || RabbitMqServer.Missing is not null, PostgresServer.Missing ?? RabbitMqServer.Missing ?? "");
        using var folder = new TempFolder();
        var json = Path.Combine(folder.Path, "result.json");

        var (exitCode, output, error) = await Programs.RunAsync(
            ["dotnet", Program, "--smoke", "--soak", "2", "--json", json], folder.Path, limit: TimeSpan.FromMinutes(5));

        Assert.True(exitCode == 0, $"It ended with {exitCode}:\n{output}\n{error}");
        var result = JsonNode.Parse(await File.ReadAllTextAsync(json))!;
        Assert.Equal([100, 200], result["minutes"]!.AsArray().Select(m => m!["jobs"]!.GetValue<int>()));
        Assert.All(result["minutes"]!.AsArray(), m => Assert.All(
            ["perSecond", "p50", "p99", "workerMemory", "schedulerMemory"], figure => Assert.True(m![figure]!.GetValue<double>() > 0, $"{figure}\n{output}")));
        Assert.All(["before", "after"], when => Assert.All(
            ["latency.p50", "both", "bulk", "drain"], figure => Assert.True(result[when]![figure]!.GetValue<double>() > 0, $"{when}: {figure}\n{output}")));
    }

    [Theory]
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
