using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Fleet.Tests.Api;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;

namespace Fleet.Tests.Cli;

/// <summary>A command starts fast because it loads little: what the runtime says that a real process has loaded.</summary>
public sealed partial class StartUpTests(ApiFleet api, ITestOutputHelper log) : IClassFixture<ApiFleet>
{
    private static readonly string[] Heavy =
    [
        "Fleet.Api", "Fleet.Engine", "Fleet.Hosting", "Fleet.Samples", "Fleet.Storage.*", "Fleet.Transport.*", "Microsoft.AspNetCore.*",
        "Microsoft.Data.*", "Microsoft.EntityFrameworkCore*", "Microsoft.Extensions.*", "MassTransit*", "Npgsql*", "RabbitMQ.Client",
        "Serilog*", "SQLitePCLRaw*", "Spectre.Console",
    ];

    [Fact]
    public async Task RunList_LoadsNothingThatOnlyOtherCommandsNeed()
    {
        await api.EnqueueAsync("""{"job":"diag.echo","args":{}}""");

        var loaded = await LoadedAsync("run", "list", "--server", $"{api.Http.BaseAddress}");

        Assert.Subset(loaded, new HashSet<string>(StringComparer.Ordinal) { "fleet", "Fleet.Client", "System.Net.Http" });
        Assert.DoesNotContain(loaded, IsHeavy);
    }

    [Fact]
    public async Task Version_LoadsNoHttp()
    {
        var loaded = await LoadedAsync("--version");

        Assert.Contains("System.CommandLine", loaded);
        Assert.DoesNotContain("System.Net.Http", loaded);
        Assert.DoesNotContain(loaded, IsHeavy);
    }

    /// <summary>The listing works: this command does load them.</summary>
    [Fact]
    public async Task DbScript_LoadsItsStorage()
    {
        var loaded = await LoadedAsync("db", "script");

        Assert.Contains("Fleet.Storage.Sqlite", loaded);
        Assert.DoesNotContain("RabbitMQ.Client", loaded);
    }

    private static bool IsHeavy(string assembly) =>
        Heavy.Any(pattern => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, assembly, ignoreCase: false));

    /// <summary>The names of the assemblies that the runtime's loader writes into its trace.</summary>
    private async Task<HashSet<string>> LoadedAsync(params string[] args)
    {
        using var folder = new TempFolder();
        var trace = Path.Combine(folder.Path, "fleet.nettrace");
        var begun = Stopwatch.GetTimestamp();
        var (exit, output, error) = await FleetProcess.RunAsync(
            new Dictionary<string, string>
            {
                ["DOTNET_EnableEventPipe"] = "1",
                ["DOTNET_EventPipeOutputPath"] = trace,
                ["DOTNET_EventPipeConfig"] = "Microsoft-Windows-DotNETRuntime:0x8:4",
            },
            args);
        log.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{string.Join(' ', args)}: {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms"));
        Assert.True(exit == 0 && output.Length > 0, error);

        var bytes = await File.ReadAllBytesAsync(trace);
        // Texts in it are UTF-16, and begin at any byte.
        return [.. new[] { 0, 1 }.SelectMany(skip => AssemblyPath().Matches(Encoding.Unicode.GetString(bytes.AsSpan(skip))))
            .Select(match => match.Groups["name"].Value)];
    }

    [GeneratedRegex(@"/(?<name>[A-Za-z0-9._]+)\.dll\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AssemblyPath();
}
