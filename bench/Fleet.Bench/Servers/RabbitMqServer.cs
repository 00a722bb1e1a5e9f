using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Fleet.Bench.Servers;

/// <summary>RabbitMQ with its management plugin, a node of its own on loopback.</summary>
internal sealed class RabbitMqServer : IServer
{
    private const string Programs = "/usr/lib/rabbitmq/bin";

    private readonly int _port = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();
    private readonly int _distributionPort = FreePort.Next();
    private readonly int _epmdPort = FreePort.Next();
    private ServerProcess? _epmd;
    private ServerProcess? _broker;
    private HttpClient? _http;
    private string? _host;

    public static bool IsInstalled => File.Exists(Path.Combine(Programs, "rabbitmq-server"));

    public string Name => "rabbitmq";

    public int ProcessId => _broker!.Id;

    public string Version { get; private set; } = "";

    private static string[] AsUser { get; } = Environment.UserName == "root" ? [
        "setpriv", "--reuid=rabbitmq", "--regid=rabbitmq", "--clear-groups"] : [];

    public async Task StartAsync(string folder)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, "rabbitmq")).FullName;
        await File.WriteAllTextAsync(Path.Combine(home, "enabled_plugins"), "[rabbitmq_management].");
        await File.WriteAllTextAsync(
            Path.Combine(home, "rabbitmq.conf"),
            $"listeners.tcp.1 = 127.0.0.1:{_port}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {_managementPort}\n");
        if (AsUser.Length > 0)
            await ServerProcess.RunAsync("chown", "-R", "rabbitmq", home);
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = home,
            ["ERL_EPMD_PORT"] = $"{_epmdPort}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODENAME"] = $"fleet-bench-{_port}@localhost",
            ["RABBITMQ_NODE_PORT"] = $"{_port}",
            ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(home, "rabbitmq.conf"),
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(home, "none"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(home, "enabled_plugins"),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(home, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(home, "log"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(home, "pid"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            // The script becomes the broker itself, so that its process id is the broker's.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
        };
        // Started by hand, in the foreground: the one that the broker would start outlives it.
        _epmd = ServerProcess.Start(
            [.. AsUser, "epmd", "-port", $"{_epmdPort}", "-address", "127.0.0.1"], Path.Combine(folder, "epmd.log"), home, environment);
        await _epmd.UntilAsync(() => FreePort.AnswersAsync(_epmdPort));
        // Nobody wants its data any more when it is to stop.
        _broker = ServerProcess.Start(
            [.. AsUser, Path.Combine(Programs, "rabbitmq-server")], Path.Combine(folder, "rabbitmq.log"), home, environment,
            stopSignal: "KILL");
        _http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false })
        { BaseAddress = new Uri($"http://127.0.0.1:{_managementPort}") };
        _http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("guest:guest"u8));
        await _broker.UntilAsync(async () =>
        {
            try
            {
                using var answer = await _http.GetAsync(new Uri($"api/health/checks/port-listener/{_port}", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        Version = (await _http.GetFromJsonAsync<JsonObject>("api/overview"))!["rabbitmq_version"]!.GetValue<string>();
    }

    public async Task<IReadOnlyDictionary<string, string>> FreshAsync()
    {
        _host = "bench-" + Guid.NewGuid().ToString("N")[..12];
        await SendAsync(HttpMethod.Put, $"api/vhosts/{_host}");
        await SendAsync(HttpMethod.Put, $"api/permissions/{_host}/guest", new { configure = ".*", write = ".*", read = ".*" });
        return new Dictionary<string, string>
        {
            ["BENCH_AMQP"] = $"amqp://guest:guest@127.0.0.1:{_port}/{_host}",
            ["BENCH_AMQP_MANAGEMENT"] = $"http://guest:guest@127.0.0.1:{_managementPort}",
        };
    }

    public Task ClearAsync() => SendAsync(HttpMethod.Delete, $"api/vhosts/{_host}");

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_broker is not null)
            await _broker.DisposeAsync();
        if (_epmd is not null)
            await _epmd.DisposeAsync();
    }

    private async Task SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(
            method, new Uri(path, UriKind.Relative))
        { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await _http!.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }
}
