using Fleet.Core.Checks;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Fleet.Hosting;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Cli.Doctor;

/// <summary>Database and broker, checked from this machine with the settings of the services in the environment: for when no server
/// answers.</summary>
internal static class SetUpChecks
{
    private const string Broker = "broker";
    private const string BrokerUri = $"{RabbitMqOptions.Section}:Uri";

    /// <summary>Executes them.</summary>
    public static async Task<IReadOnlyList<Check>> ExecuteAsync(TimeProvider time, CancellationToken ct)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        return
        [
            .. await CheckStorageAsync(configuration, time, ct),
            await CheckBrokerAsync(configuration, time, ct),
            .. CheckFleet.Names.Select(name => CheckDatabase.Skipped(name, "Only a server can say; none answers.")),
        ];
    }

    private static async Task<IReadOnlyList<Check>> CheckStorageAsync(IConfiguration configuration, TimeProvider time, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(configuration[$"{StorageOptions.Section}:ConnectionString"]))
        {
            return
            [
                .. CheckDatabase.Names.Select((name, i) => CheckDatabase.Skipped(
                    name, "No server answers, and this machine has no settings of the database.",
                    i == 0 ? "Set Fleet__Storage__Provider and Fleet__Storage__ConnectionString to check it from here." : null)),
            ];
        }

        try
        {
            await using var services = new ServiceCollection().AddSingleton(time).AddFleetStorage(configuration).BuildServiceProvider();
            return await CheckDatabase.ExecuteAsync(services.GetRequiredService<IStorage>(), time, ct);
        }
        catch (Exception e) when (FleetHost.Explain(e) is { } reason)
        {
            return
            [
                new Check(CheckDatabase.Names[0], CheckStatus.Failed, TimeSpan.Zero, Secrets.Hide(reason), "Correct the setting."),
                .. CheckDatabase.Names.Skip(1).Select(name => CheckDatabase.Skipped(name, "The database does not answer.")),
            ];
        }
    }

    private static async Task<Check> CheckBrokerAsync(IConfiguration configuration, TimeProvider time, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(configuration[BrokerUri]))
        {
            return CheckDatabase.Skipped(
                Broker, "No server answers, and this machine has no settings of a broker.",
                "Set Fleet__Transport__Uri to check RabbitMQ from here, if it is used.");
        }

        return await CheckDatabase.RunAsync(
            Broker, "Check that it runs, the address, the user and the virtual host.", time,
            async token =>
            {
                var parts = await Transport.RabbitMq.ApplyTopology.CheckAsync(
                    RabbitMqSettings.Read(configuration), Cli.Broker.ApplyTopology.ReadLanes(given: null, configuration), token);
                var missing = parts.Where(p => p.Outcome == ApplyOutcome.Missing).ToList();
                return missing.Count == 0
                    ? (CheckStatus.Ok, "It answers, with all exchanges and queues.", null)
                    : (CheckStatus.Warning, $"It answers, but lacks {missing.Count} of {parts.Count} exchanges and queues, such as "
                        + $"{missing[0].Kind} {missing[0].Name}.", "Run 'fleet broker apply', or start a worker: it declares them.");
            },
            ct);
    }
}
