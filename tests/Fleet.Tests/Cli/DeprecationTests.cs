using Fleet.Client;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Cli;

/// <summary>What a server calls deprecated is told to people: once, and beside the output.</summary>
public sealed class DeprecationTests(RudeServer server) : IClassFixture<RudeServer>
{
    private const string Notice =
        "GET /api/v1/lanes of this server is deprecated and goes away on 2027-10-01: https://fleet.example.com/gone.";

    [Fact]
    public async Task Command_OfADeprecatedOperation_SaysSoInOneLineOnStandardError()
    {
        var (exit, output, error) = await FleetCommand.RunAsync("lane", "list", "-o", "json", "--server", server.Url("deprecated"));

        Assert.Equal((0, "[]"), (exit, output.Trim()));
        Assert.Equal($"Warning: {Notice} A newer fleet may do without it.", error.Trim());
    }

    [Fact]
    public async Task Client_OfADeprecatedOperation_LogsItOnce()
    {
        var log = new LogRecorder();
        var services = new ServiceCollection().AddLogging(logging => logging.AddProvider(log));
        services.AddFleetClient(options => options.Server = new Uri(server.Url("deprecated")));
        await using var provider = services.BuildServiceProvider();
        var fleet = provider.GetRequiredService<IScheduleClient>();

        for (var i = 0; i < 2; i++)
            await fleet.ListAsync(CancellationToken.None);

        Assert.Single(
            log.Lines,
            line => line.Contains(Notice.Replace("lanes", "schedules", StringComparison.Ordinal), StringComparison.Ordinal));
    }
}
