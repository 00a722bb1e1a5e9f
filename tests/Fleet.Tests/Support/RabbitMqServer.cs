using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Tests.EndToEnd;

[assembly: AssemblyFixture(typeof(Fleet.Tests.Support.RabbitMqServer))]

namespace Fleet.Tests.Support;

/// <summary>A real RabbitMQ for the whole test run, a node of its own in a temporary folder, on loopback only. Started by the
/// first test that needs it; each test gets a virtual host of its own.</summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/rabbitmq/bin";

    private readonly Lazy<Task> _started;
    private readonly int _port = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();
    private readonly int _distributionPort = FreePort.Next();
    private readonly int _epmdPort = FreePort.Next();
    private readonly ConcurrentQueue<string> _output = new();
    private TempFolder? _folder;
    private Process? _epmd;
    private Process? _broker;
    private HttpClient? _http;

    public RabbitMqServer() => _started = new(StartAsync);

    /// <summary>Why there is none; null when there is one.</summary>
    public static string? Missing { get; } = File.Exists(Path.Combine(Programs, "rabbitmq-server"))
        ? null
        : "RabbitMQ is not installed (Debian: apt-get install rabbitmq-server).";

    private static string[] AsUser { get; } = Environment.UserName == "root" ? [
        "setpriv", "--reuid=rabbitmq", "--regid=rabbitmq", "--clear-groups"] : [];

    /// <summary>Lines for the broker's configuration, made once its folder is there.</summary>
    public Func<string, string> Configuration { get; init; } = static _ => "";

    /// <summary>The management interface.</summary>
    public Uri ManagementUri => new($"http://127.0.0.1:{_managementPort}");

    private HttpClient Http => _http ?? throw new InvalidOperationException("No virtual host was made yet.");

    /// <summary>Makes a virtual host, or skips the test where there is no server.</summary>
    public async Task<VirtualHost> CreateHostAsync()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await _started.Value;
        var name = "test-" + Guid.NewGuid().ToString("N")[..12];
        await PutHostAsync(name);
        return new VirtualHost(this, name, $"amqp://guest:guest@127.0.0.1:{_port}/{name}");
    }

    /// <summary>Ends the broker as a power failure does.</summary>
    public async Task KillAsync()
    {
        _broker!.Kill();
        await _broker.WaitForExitAsync();
    }

    /// <summary>Ends the broker, takes its data away, and starts it with nothing but an empty virtual host.</summary>
    public async Task StartEmptyAsync(VirtualHost host)
    {
        await KillAsync();
        Directory.Delete(Path.Combine(_folder!.Path, "data"), recursive: true);
        await RunAsync();
        await PutHostAsync(host.Name);
    }

    /// <summary>Starts the broker on the data it has; returns when it takes connections.</summary>
    public async Task RunAsync()
    {
        _broker = Start([.. AsUser, Path.Combine(Programs, "rabbitmq-server")]);
        await Until.TrueAsync(async () =>
        {
            Assert.False(_broker.HasExited, $"The RabbitMQ server ended while it started:\n{string.Join('\n', _output)}");
            try
            {
                using var answer = await Http.GetAsync(new Uri("api/health/checks/port-listener/" + _port, UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, TimeSpan.FromMinutes(2));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { _broker, _epmd })
        {
            if (process is { HasExited: false })
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            process?.Dispose();
        }

        _http?.Dispose();
        _folder?.Dispose();
    }

    /// <summary>Calls the management interface.</summary>
    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(
            method, new Uri(path, UriKind.Relative))
        { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>Calls <c>rabbitmqctl</c>.</summary>
    public async Task ControlAsync(params string[] command)
    {
        using var process = Start([.. AsUser, Path.Combine(Programs, "rabbitmqctl"), .. command]);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"rabbitmqctl {string.Join(' ', command)}: {string.Join('\n', _output)}");
    }

    /// <summary>Makes a user with these rights on a virtual host.</summary>
    /// <returns>The address of the virtual host for that user.</returns>
    public async Task<string> CreateUserAsync(VirtualHost host, string configure, string write, string read)
    {
        var user = "user-" + Guid.NewGuid().ToString("N")[..8];
        await SendAsync(HttpMethod.Put, $"api/users/{user}", new { password = "p", tags = "" });
        await SendAsync(HttpMethod.Put, $"api/permissions/{host.Name}/{user}", new { configure, write, read });
        return host.Uri.Replace("guest:guest", $"{user}:p", StringComparison.Ordinal);
    }

    /// <summary>Sets a policy on queues of a virtual host, and waits until these have it.</summary>
    public async Task SetPolicyAsync(VirtualHost host, string pattern, Dictionary<string, object> definition, params string[] queues)
    {
        var name = "policy-" + Guid.NewGuid().ToString("N")[..8];
        await SendAsync(
            HttpMethod.Put,
            $"api/policies/{host.Name}/{name}",
            new Dictionary<string, object> { ["pattern"] = pattern, ["apply-to"] = "queues", ["definition"] = definition });
        foreach (var queue in queues)
        {
            await Waiting.UntilAsync(
                async () => (await SendAsync(HttpMethod.Get, $"api/queues/{host.Name}/{queue}"))!["policy"]?.GetValue<string>() == name);
        }
    }

    private async Task PutHostAsync(string name)
    {
        await SendAsync(HttpMethod.Put, $"api/vhosts/{name}");
        await SendAsync(HttpMethod.Put, $"api/permissions/{name}/guest", new { configure = ".*", write = ".*", read = ".*" });
    }

    private async Task StartAsync()
    {
        _folder = new TempFolder();
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "enabled_plugins"), "[rabbitmq_management].");
        await File.WriteAllTextAsync(
            Path.Combine(_folder.Path, "rabbitmq.conf"),
            $"""
            listeners.tcp.1 = 127.0.0.1:{_port}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {_managementPort}
            {Configuration(_folder.Path)}
            """ + "\n");
        if (AsUser.Length > 0)
        {
            using var chown = Start(["chown", "-R", "rabbitmq", _folder.Path]);
            await chown.WaitForExitAsync();
        }

        _http = new HttpClient { BaseAddress = ManagementUri };
        _http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("guest:guest"u8));
        // Started by hand, in the foreground: the one that the broker would start outlives it.
        _epmd = Start([.. AsUser, "epmd", "-port", $"{_epmdPort}", "-address", "127.0.0.1"]);
        await Waiting.UntilAsync(async () =>
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", _epmdPort);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
        await RunAsync();
    }

    /// <summary>The last lines of what the programs say, for the message when one does not start.</summary>
    private void Keep(string? line)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        while (_output.Count > 50)
            _output.TryDequeue(out var _);
    }

    private Process Start(string[] command)
    {
        var folder = _folder!.Path;
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = folder,
            ["ERL_EPMD_PORT"] = $"{_epmdPort}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODENAME"] = $"fleet-test-{_port}@localhost",
            ["RABBITMQ_NODE_PORT"] = $"{_port}",
            ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder, "none"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            // The script becomes the broker itself, so that its process id is the broker's.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
        })
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}

/// <summary>The part of the broker that a test has for itself.</summary>
/// <param name="Server">The broker.</param>
/// <param name="Name">The name of the virtual host.</param>
/// <param name="Uri">Leads there.</param>
public sealed record VirtualHost(RabbitMqServer Server, string Name, string Uri) : IAsyncDisposable
{
    /// <summary>A message as it lies in a queue.</summary>
    public sealed record Message(byte[] Body, JsonNode Properties)
    {
        public string? Header(string name) => Properties["headers"]?[name]?.GetValue<string>();
    }

    /// <summary>Publishes as the management page does.</summary>
    /// <returns>True when a queue took it.</returns>
    public async Task<bool> PublishAsync(string routingKey, byte[] body, object? properties = null, string exchange = "fleet.lanes")
    {
        var answer = await Server.SendAsync(
            HttpMethod.Post,
            $"api/exchanges/{Name}/{exchange}/publish",
            new
            {
                properties = properties ?? new { },
                routing_key = routingKey,
                payload = Convert.ToBase64String(body),
                payload_encoding = "base64",
            });
        return answer!["routed"]!.GetValue<bool>();
    }

    /// <inheritdoc cref="PublishAsync(string, byte[], object?, string)"/>
    public Task<bool> PublishAsync(string routingKey, string body, object? properties = null, string exchange = "fleet.lanes") =>
        PublishAsync(routingKey, Encoding.UTF8.GetBytes(body), properties, exchange);

    /// <summary>Makes a queue and binds it, once the exchange is there.</summary>
    public async Task BindAsync(string queue, string exchange, string routingKey)
    {
        await Waiting.UntilAsync(async () => (await Server.SendAsync(HttpMethod.Get, $"api/exchanges/{Name}"))!.AsArray()
            .Any(e => e!["name"]!.GetValue<string>() == exchange));
        await Server.SendAsync(HttpMethod.Put, $"api/queues/{Name}/{queue}", new { durable = true });
        await Server.SendAsync(HttpMethod.Post, $"api/bindings/{Name}/e/{exchange}/q/{queue}", new { routing_key = routingKey });
    }

    /// <summary>How many messages a queue has, in it and with consumers; the broker tells it some seconds late.</summary>
    public async Task<long> CountAsync(string queue) =>
        (await Server.SendAsync(HttpMethod.Get, $"api/queues/{Name}/{queue}"))!["messages"]?.GetValue<long>() ?? 0;

    /// <summary>Waits for a message in a queue and takes it out.</summary>
    public async Task<Message> TakeAsync(string queue)
    {
        Message? taken = null;
        await Waiting.UntilAsync(async () => (taken = await TryTakeAsync(queue)) is not null);
        return taken!;
    }

    /// <summary>Takes a message out of a queue; null when there is none now.</summary>
    public async Task<Message?> TryTakeAsync(string queue)
    {
        var answer = await Server.SendAsync(
            HttpMethod.Post, $"api/queues/{Name}/{queue}/get", new { count = 1, ackmode = "ack_requeue_false", encoding = "base64" });
        return answer!.AsArray().FirstOrDefault() is { } message
            ? new Message(Convert.FromBase64String(message["payload"]!.GetValue<string>()), message["properties"]!.DeepClone())
            : null;
    }

    /// <summary>Throws away what waits in a queue.</summary>
    public Task PurgeAsync(string queue) => Server.SendAsync(HttpMethod.Delete, $"api/queues/{Name}/{queue}/contents");

    /// <summary>Deletes a queue with what is in it.</summary>
    public Task DeleteAsync(string queue) => Server.SendAsync(HttpMethod.Delete, $"api/queues/{Name}/{queue}");

    /// <summary>The names of the queues.</summary>
    public async Task<IReadOnlyList<string>> QueuesAsync() =>
        [
            .. (await Server.SendAsync(HttpMethod.Get, $"api/queues/{Name}"))!.AsArray().Select(
                q => q!["name"]!.GetValue<string>()).Order(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync() => await Server.SendAsync(HttpMethod.Delete, $"api/vhosts/{Name}");
}
