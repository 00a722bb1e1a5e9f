using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Transport;

/// <summary>Policies of an operator on Fleet's queues.</summary>
public sealed class BrokerPoliciesTests(RabbitMqServer server) : IAsyncLifetime
{
    private VirtualHost _broker = null!;

    public async ValueTask InitializeAsync() => _broker = await server.CreateHostAsync();

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    [Theory]
    [InlineData("fleet.default", "message-ttl", "5000", "runs submitted as messages go to fleet.parked")]
    [InlineData("fleet.parked", "message-ttl", "5000", "parked messages vanish")]
    [InlineData("fleet.belt.1", "message-ttl", "5000", "too early")]
    [InlineData("fleet.again.1", "max-length", "5", "refuses delayed nudges")]
    [InlineData("fleet.default", "max-length", "5", "refuses messages")]
    [InlineData("fleet.default", "max-length-bytes", "5", "refuses messages")]
    [InlineData("fleet.default", "expires", "5", "is deleted")]
    [InlineData("fleet.default", "delivery-limit", "5", "Fleet asks for 50")]
    [InlineData("fleet.default", "delivery-limit", "50", null)]
    [InlineData("fleet.default", "delivery-limit", "100", null)]
    [InlineData("fleet.belt.1", "dead-letter-routing-key", "x", "do not come to their lane")]
    // An argument of the queue's own stands before it.
    [InlineData("fleet.default", "dead-letter-exchange", "x", null)]
    [InlineData("fleet.default.dead", "message-ttl", "5000", null)]
    [InlineData("fleet.default", "ha-mode", "all", null)]
    public void Judge_Policy_SaysWhatItBreaks(string queue, string key, string value, string? harm)
    {
        var findings = CheckPolicies.Judge([new QueuePolicy(queue, "policy 'p'", new Dictionary<string, string> { [key] = value })]);

        if (harm is null)
        {
            Assert.Empty(findings);
            return;
        }

        Assert.StartsWith($"policy 'p' sets {key} {value} on {queue}: ", Assert.Single(findings), StringComparison.Ordinal);
        Assert.Contains(harm, findings[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_PolicyOnAllQueues_WarnsAndSucceeds()
    {
        await ApplyAsync();
        await server.SetPolicyAsync(_broker, ".*", new() { ["message-ttl"] = 5000 }, "fleet.parked", "fleet.default");
        var environment = new Dictionary<string, string>
        {
            ["Fleet__Transport__Uri"] = _broker.Uri,
            ["Fleet__Transport__ManagementUri"] = $"{server.ManagementUri}",
        };

        var (exitCode, _, error) = await FleetProcess.RunAsync(environment, "broker", "apply");

        Assert.Equal(0, exitCode);
        Assert.Contains("sets message-ttl 5000 on fleet.default: messages that wait longer expire", error, StringComparison.Ordinal);
        Assert.Contains("sets message-ttl 5000 on fleet.parked: parked messages vanish", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loop_PolicyOnALane_IsLoggedOnce()
    {
        await ApplyAsync();
        await server.SetPolicyAsync(_broker, "^fleet.default$", new() { ["max-length"] = 5 }, "fleet.default");
        using var log = new LoggedWarnings();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var management = new ManagementApi(
            RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30), server.ManagementUri)!, TimeProvider.System,
            factory.CreateLogger("management"));
        var time = new FakeTimeProvider();
        using var stop = new CancellationTokenSource();
        var loop = new PolicyLoop(management, time, factory.CreateLogger("policies"));
        var running = loop.RunAsync(stop.Token);

        await time.AdvanceUntilAsync(() => log.Warnings.Count > 0);

        Assert.Contains("sets max-length 5 on fleet.default", Assert.Single(log.Warnings), StringComparison.Ordinal);
        await stop.CancelAsync();
        await running;
    }

    private async Task ApplyAsync() =>
        await ApplyTopology.ExecuteAsync(RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30))!, ["default"], default);
}
