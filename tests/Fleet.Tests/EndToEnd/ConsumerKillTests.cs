using System.Globalization;
using Fleet.Tests.House;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Messages behind <c>UseFleetOutbox</c> against the worst that can happen to their process, the broker and the database.
/// <c>FLEET_CONSUMER_KILLS</c> sets how often the process is killed; the suite's short form is 2, a long one 30.</summary>
public sealed class ConsumerKillTests : IAsyncLifetime
{
    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_CONSUMER_KILLS") ?? "2", CultureInfo.InvariantCulture);

    private static readonly string Drivers = Path.Combine(
        Repository.Root, "bench", "Fleet.Bench.Drivers", "bin",
        Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!, "net10.0", "Fleet.Bench.Drivers.dll");

    // Nobody else's test may meet what happens to these.
    private readonly RabbitMqServer _rabbit = new();
    private readonly PostgresServer _postgres = new();
    private readonly Random _random = new(20261130);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _rabbit.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <param name="variant">The kind of consumer, as the driver names it.</param>
    /// <param name="rows">Rows of its own for each message.</param>
    [Theory]
    [InlineData("publish-outbox", 0)]
    [InlineData("publish-ef", 1)]
    [InlineData("batch-publish-ef", 1)]
    public async Task Everything_KilledUnderLoad_EachMessageHasOneEffect(string variant, int rows)
    {
        Assert.SkipWhen(
            variant.StartsWith("batch", StringComparison.Ordinal) && Kills <= 2,
            "Batches are killed in the long form: set FLEET_CONSUMER_KILLS.");
        var broker = await _rabbit.CreateHostAsync();
        var database = await _postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, broker.Uri);
        var messages = 300 * Kills;

        // 1. Its queues are there once it has made its table.
        await using (var first = FleetProcess.LaunchAssembly(Drivers, settings, "consume", variant))
        {
            await Until.TrueAsync(
                async () => await PostgresServer.CountAsync(database, "SELECT count(*) FROM pg_class WHERE relname = 'bench_rows'") > 0,
                why: () => first.Output);
        }

        // 2. Each message comes twice, and everything dies.
        Assert.True(await PublishedAsync(settings, messages));
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var fleet = FleetProcess.LaunchAssembly(Drivers, settings, "consume", variant);
            var before = await HandledAsync(database, "Tick");
            await Until.TrueAsync(
                async () => await HandledAsync(database, "Tick") is var now && (now > before || now == messages), why: () => fleet.Output);
            // Not a wait for something: the random moment itself is what is tested.
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1, 100)), TimeProvider.System);
            if (kill % 2 == 0)
            {
                await _postgres.KillAsync();
                await _postgres.RunAsync();
            }
            else
            {
                await _rabbit.KillAsync();
                await _rabbit.RunAsync();
            }

            await fleet.KillAsync();
        }

        // 3. What is left is done, and nothing was done twice.
        await using var last = FleetProcess.LaunchAssembly(Drivers, settings, "consume", variant);
        await Until.TrueAsync(
            async () => await HandledAsync(database, "Tick") >= messages && await HandledAsync(database, "Tock") >= messages
                && await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.outbox") == 0,
            TimeSpan.FromMinutes(2), () => last.Output);
        Assert.Equal(messages, await HandledAsync(database, "Tick"));
        Assert.Equal(messages, await HandledAsync(database, "Tock"));
        Assert.Equal(rows * messages, await PostgresServer.CountAsync(database, "SELECT count(*) FROM bench_rows"));
        Assert.Equal(rows * messages, await PostgresServer.CountAsync(database, "SELECT count(DISTINCT number) FROM bench_rows"));
    }

    private static async Task<bool> PublishedAsync(IReadOnlyDictionary<string, string> settings, int count) =>
        (await FleetProcess.RunAssemblyAsync(Drivers, settings, "ticks", count.ToString(CultureInfo.InvariantCulture))).ExitCode == 0;

    private static Task<long> HandledAsync(string database, string endpoint) =>
        PostgresServer.CountAsync(database, $"SELECT count(*) FROM fleet.inbox WHERE consumer LIKE '{endpoint}%'");
}
