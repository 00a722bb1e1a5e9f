using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;

namespace Fleet.Tests.Transport;

/// <summary><c>fleet broker apply</c> against a real broker.</summary>
public sealed class ApplyTopologyTests(RabbitMqServer server, PostgresServer postgres) : IAsyncLifetime
{
    private VirtualHost _broker = null!;

    public async ValueTask InitializeAsync() => _broker = await server.CreateHostAsync();

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Apply_EmptyBroker_DeclaresEverythingThatAWorkerNeeds()
    {
        var applied = await ApplyAsync("default", "mail");

        Assert.All(applied, part => Assert.Equal(ApplyOutcome.Created, part.Outcome));
        var before = await TopologyAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using (await FleetProcess.StartServiceAsync("Worker", new Dictionary<string, string>
        {
            ["Fleet__Storage__Provider"] = "Postgres",
            ["Fleet__Storage__ConnectionString"] = database,
            ["Fleet__Transport__Provider"] = "RabbitMq",
            ["Fleet__Transport__Uri"] = _broker.Uri,
            ["Fleet__Worker__Lanes__default"] = "4",
            ["Fleet__Worker__Lanes__mail"] = "4",
        }))
        {
            // A worker adds what is its own: the control queue, with the exchange that MassTransit puts before it.
            Assert.Equal(before, [.. (await TopologyAsync()).Where(line => !line.Contains("fleet.control.", StringComparison.Ordinal))]);
        }
    }

    [Fact]
    public async Task Apply_Again_ChangesNothing()
    {
        var first = await ApplyAsync("default");
        var topology = await TopologyAsync();
        await _broker.PublishAsync("default", """{"job":"note"}""");

        var second = await ApplyAsync("default");

        Assert.All(second, part => Assert.Equal(ApplyOutcome.Exists, part.Outcome));
        Assert.Equal(first.Select(p => (p.Kind, p.Name)), second.Select(p => (p.Kind, p.Name)));
        Assert.Equal(1u, second.Single(p => p is { Kind: "queue", Name: "fleet.default" }).Messages);
        Assert.Equal(topology, await TopologyAsync());
    }

    [Fact]
    public async Task Apply_QueueWithOtherArguments_NamesItAndTheArgumentAndDeclaresTheRest()
    {
        var arguments = RabbitMqTopology.LaneArguments.ToDictionary(StringComparer.Ordinal);
        arguments["x-delivery-limit"] = 7;
        await server.SendAsync(HttpMethod.Put, $"api/queues/{_broker.Name}/fleet.default", new { durable = true, arguments });
        await server.SendAsync(HttpMethod.Put, $"api/exchanges/{_broker.Name}/fleet.belt.2", new { type = "topic", durable = true });

        var (exitCode, output, error) = await FleetProcess.RunAsync(
            "broker", "apply", "--uri", _broker.Uri, "--lane", "default", "mail", "-o", "json");

        Assert.Equal(3, exitCode);
        var parts = JsonNode.Parse(output)!.AsArray();
        Assert.Equal(["exchange fleet.belt.2", "queue fleet.default"], Of(parts, "refused"));
        Assert.Equal(["queue fleet.belt.2"], Of(parts, "missing"));
        Assert.Contains(
            "The queue 'fleet.default' exists with x-delivery-limit '7'; Fleet declares '50'.", error, StringComparison.Ordinal);
        Assert.Contains("The exchange 'fleet.belt.2' exists with type 'topic'; Fleet declares 'fanout'.", error, StringComparison.Ordinal);
        Assert.Contains("fleet.mail.dead", await _broker.QueuesAsync());
    }

    [Fact]
    public async Task Command_LanesOfTheConfiguration_PrintsOneLineForEach()
    {
        var environment =
            new Dictionary<string, string> { ["Fleet__Transport__Uri"] = _broker.Uri, ["Fleet__Worker__Lanes__reports"] = "8" };

        var (exitCode, output, error) = await FleetProcess.RunAsync(environment, "broker", "apply");

        Assert.Equal((0, ""), (exitCode, error));
        var lines = output.Split('\n');
        Assert.Contains("exchange\tfleet.control\tcreated\t", lines);
        Assert.Contains("queue\tfleet.reports\tcreated\t0", lines);
        Assert.Contains("queue\tfleet.reports.dead\tcreated\t0", lines);
        Assert.DoesNotContain("fleet.default", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_UserWithoutRights_NamesTheFirstThingRefused()
    {
        var user = "user-" + Guid.NewGuid().ToString("N")[..8];
        await server.SendAsync(HttpMethod.Put, $"api/users/{user}", new { password = "p", tags = "" });
        await server.SendAsync(
            HttpMethod.Put, $"api/permissions/{_broker.Name}/{user}",
            new { configure = "^fleet\\.(lanes|control|events|parked|belt.*)$", write = ".*", read = ".*" });

        var (exitCode, _, error) = await RunAsync(_broker.Uri.Replace("guest:guest", $"{user}:p", StringComparison.Ordinal));

        Assert.Equal(3, exitCode);
        Assert.Contains(
            $"queue 'fleet.default' in vhost '{_broker.Name}' refused for user '{user}'. The user needs configure, write and read on it.",
            error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_WrongPassword_SaysSoWithoutThePassword()
    {
        var (exitCode, _, error) = await RunAsync(_broker.Uri.Replace("guest:guest", "guest:secret", StringComparison.Ordinal));

        Assert.Equal(7, exitCode);
        Assert.EndsWith("refuses user 'guest': the name or the password is wrong.", error.Trim(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_UnknownVirtualHost_NamesIt()
    {
        var (exitCode, _, error) = await RunAsync(_broker.Uri + "-gone");

        Assert.Equal(7, exitCode);
        Assert.Contains($"does not let user 'guest' use the virtual host '{_broker.Name}-gone'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_NobodyListens_SaysSo()
    {
        var port = FreePort.Next();

        var (exitCode, _, error) = await RunAsync($"amqp://127.0.0.1:{port}/");

        Assert.Equal((7, $"The broker at 127.0.0.1:{port} cannot be reached: Connection refused."), (exitCode, error.Trim()));
    }

    [Fact]
    public async Task Command_SomebodyElseListens_GivesUp()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        var (exitCode, _, error) = await RunAsync($"amqp://{silent.LocalEndpoint}/");

        Assert.Equal(7, exitCode);
        Assert.StartsWith($"The broker at {silent.LocalEndpoint} cannot be reached: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "http://127.0.0.1:15672", "default",
        "Fleet:Transport:Uri: 'http://127.0.0.1:15672' is not allowed; allowed is amqp://user:password@host:port/vhost, or amqps.")]
    [InlineData("amqp://127.0.0.1:9/", "My Lane", "lane: 'My Lane'")]
    public async Task Command_WrongInput_IsRefused(string uri, string lane, string said)
    {
        var (exitCode, _, error) = await FleetProcess.RunAsync("broker", "apply", "--uri", uri, "--lane", lane);

        Assert.Equal(2, exitCode);
        Assert.StartsWith(said, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received the value 'quorum' of type 'longstr' "
            + "but current is none",
        "The queue 'q' exists with x-queue-type none; Fleet declares 'quorum'.")]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received none but current is the value '7' of "
            + "type 'signedint'",
        "The queue 'q' exists with x-max-length '7'; Fleet declares none.")]
    [InlineData("SOMETHING_ELSE - of a later version", "SOMETHING_ELSE - of a later version")]
    public void Refusal_AsBrokersWriteIt_IsPutInWords(string reply, string problem) =>
        Assert.StartsWith(problem, BrokerRefusal.Read(reply).Problem, StringComparison.Ordinal);

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(string uri) =>
        FleetProcess.RunAsync("broker", "apply", "--uri", uri);

    private static string[] Of(JsonArray parts, string outcome) =>
        [.. parts.Where(p => p!["outcome"]!.GetValue<string>() == outcome).Select(p => $"{p!["kind"]} {p["name"]}")];

    private Task<IReadOnlyList<AppliedPart>> ApplyAsync(params string[] lanes) =>
        ApplyTopology.ExecuteAsync(RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30))!, lanes, default);

    /// <summary>Every exchange, queue and binding in the virtual host with its arguments, but the broker's own.</summary>
    private async Task<List<string>> TopologyAsync()
    {
        var definitions = await server.SendAsync(HttpMethod.Get, $"api/definitions/{_broker.Name}");
        // The definitions leave out exclusive queues.
        return [.. new[] { "exchanges", "queues", "bindings" }
            .SelectMany(kind => definitions![kind]!.AsArray().Select(part => $"{kind} {part!.ToJsonString()}"))
            .Order(StringComparer.Ordinal)];
    }
}
