using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Dev;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>The real <c>fleet</c> program, or one of the services, in a process of its own.</summary>
public sealed class FleetProcess : IAsyncDisposable
{
    private static readonly string Program = typeof(DevCommand).Assembly.Location;

    // Longer than any process of a test lives after it was told, or is expected, to end.
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private FleetProcess(Process process, int port)
    {
        _process = process;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(20) };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; }

    public string Output => string.Join('\n', _output);

    public bool HasExited => _process.HasExited;

    /// <summary>Whether it is the scheduler that leads.</summary>
    public async Task<bool> LeadsAsync(string database) => await PostgresServer.CountAsync(
        database, $"SELECT count(*) FROM fleet.leases WHERE owner LIKE '%/{_process.Id}/%' AND expires_at > clock_timestamp()") == 1;

    /// <summary>What it takes of the machine now.</summary>
    public (int Threads, double Megabytes) Usage
    {
        get
        {
            _process.Refresh();
            return (_process.Threads.Count, _process.WorkingSet64 / 1e6);
        }
    }

    /// <summary>Whether it has loaded a file.</summary>
    public bool HasLoaded(string file) => File.ReadAllText($"/proc/{_process.Id}/maps").Contains(file, StringComparison.Ordinal);

    /// <summary>Starts <c>fleet dev</c>, for a process that may end before it is ready.</summary>
    /// <inheritdoc cref="StartDevAsync" path="/param"/>
    public static FleetProcess LaunchDev(
        string data, IReadOnlyDictionary<string, string>? environment = null, bool withSamples = false, params string[] options)
    {
        var port = FreePort.Next();
        string[] samples = withSamples ? [] : ["--no-samples"];
        string[] command = ["dev", "--plain", "--port", $"{port}", "--data", data, .. samples, .. options];
        return new FleetProcess(Launch(Program, command, environment), port);
    }

    /// <summary>Starts a service.</summary>
    /// <param name="service"><c>Scheduler</c> or <c>Worker</c>.</param>
    /// <param name="environment">Its settings.</param>
    public static FleetProcess LaunchService(string service, IReadOnlyDictionary<string, string> environment)
    {
        var port = FreePort.Next();
        var settings = new Dictionary<string, string>(environment) { ["Fleet__Api__Urls"] = $"http://127.0.0.1:{port}" };
        settings.TryAdd("Fleet__Api__Access", "off");
        return new FleetProcess(Launch(Path.Combine(Path.GetDirectoryName(Program)!, $"Fleet.{service}.dll"), [], settings), port);
    }

    /// <summary>Starts a program of the repository that has no API.</summary>
    public static FleetProcess LaunchAssembly(string assembly, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        new(Launch(assembly, args, environment), port: 0);

    /// <summary>Starts a command of the program, for a test that follows what it says.</summary>
    public static FleetProcess LaunchCommand(IReadOnlyDictionary<string, string> environment, params string[] args) =>
        new(Launch(Program, args, environment), port: 0);

    /// <summary>What a service needs to run the diagnostic jobs, in 16 slots, on PostgreSQL and RabbitMQ.</summary>
    public static Dictionary<string, string> ServiceSettings(string database, string broker) => new()
    {
        ["Fleet__Storage__Provider"] = "Postgres",
        ["Fleet__Storage__ConnectionString"] = database + ";Pooling=true",
        ["Fleet__Transport__Provider"] = "RabbitMq",
        ["Fleet__Transport__Uri"] = broker,
        ["Fleet__Worker__Diagnostics"] = "true",
        ["Fleet__Worker__Lanes__default"] = "16",
    };

    /// <summary>Starts a service and waits until it is ready.</summary>
    /// <inheritdoc cref="LaunchService" path="/param"/>
    public static Task<FleetProcess> StartServiceAsync(string service, IReadOnlyDictionary<string, string> environment) =>
        WaitUntilReadyAsync(LaunchService(service, environment));

    /// <summary>Starts <c>fleet dev</c> and waits until it is ready.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="environment">Settings, such as <c>Fleet__Worker__Drain</c>.</param>
    /// <param name="withSamples">Whether the samples run.</param>
    /// <param name="options">More options of the command.</param>
    public static Task<FleetProcess> StartDevAsync(
        string data, IReadOnlyDictionary<string, string>? environment = null, bool withSamples = false, params string[] options) =>
        WaitUntilReadyAsync(LaunchDev(data, environment, withSamples, options));

    private static async Task<FleetProcess> WaitUntilReadyAsync(FleetProcess fleet)
    {
        try
        {
            await Until.TrueAsync(async () => fleet.HasExited
                ? throw new InvalidOperationException($"It ended while it started:\n{fleet.Output}")
                : await fleet.IsReadyAsync());
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }

        return fleet;
    }

    /// <summary>Runs a command of the program to its end.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) => RunAsync(null, args);

    /// <inheritdoc cref="RunAsync(string[])"/>
    public static Task<(
        int ExitCode, string Output, string Error)> RunAsync(IReadOnlyDictionary<string, string>? environment, params string[] args) =>
        ToEndAsync(Program, environment, args);

    /// <summary>Runs another program of ours to its end.</summary>
    /// <param name="assembly">Its file, such as <c>Fleet.Worker.dll</c>.</param>
    public static Task<(int ExitCode, string Output, string Error)> RunAssemblyAsync(
        string assembly, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        ToEndAsync(Path.Combine(Path.GetDirectoryName(Program)!, assembly), environment, args);

    private static Task<(int ExitCode, string Output, string Error)> ToEndAsync(
        string program, IReadOnlyDictionary<string, string>? environment, string[] args) =>
        Programs.RunAsync(["dotnet", program, .. args], Path.GetTempPath(), environment);

    /// <summary>Enqueues a run over HTTP.</summary>
    public async Task<RunId> EnqueueAsync(string job, object args, object? options = null)
    {
        var body = JsonSerializer.SerializeToNode(options ?? new { })!.AsObject();
        body["job"] = job;
        body["args"] = JsonSerializer.SerializeToNode(args);
        using var response = await Http.PostAsJsonAsync("/api/v1/runs", body);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var answer = (await response.Content.ReadFromJsonAsync<JsonObject>())!;
        return new RunId(answer["id"]!.GetValue<Guid>());
    }

    /// <summary>Reads a run.</summary>
    public async Task<JsonObject> GetAsync(RunId id) => (await Http.GetFromJsonAsync<JsonObject>($"/api/v1/runs/{id}"))!;

    public async Task<string> StateAsync(RunId id) => (await GetAsync(id))["state"]!.GetValue<string>();

    /// <summary>Waits until the run is in that state.</summary>
    public Task WaitAsync(RunId id, string state, TimeSpan? limit = null) =>
        Until.TrueAsync(async () => await StateAsync(id) == state, limit);

    /// <summary>As the machine would at a power cut: the process gets no chance to do anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await EndOf(_process);
    }

    /// <summary>Sends SIGTERM and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        return await WaitForExitAsync();
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for the end of the process; fails the test with its output when it does not come.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        try
        {
            await EndOf(_process);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"It did not end within {EndLimit}:\n{Output}");
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        Http.Dispose();
        _process.Dispose();
    }

    private static Process Launch(string program, IEnumerable<string> args, IReadOnlyDictionary<string, string>? environment)
    {
        var info = new ProcessStartInfo("dotnet", [program, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            // Empty: a host watches the folder that it starts in, with all that is below.
            WorkingDirectory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "fleet-nothing")).FullName,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            info.Environment[name] = value;
        return Process.Start(info)!;
    }

    private static Task EndOf(Process process) => process.WaitForExitAsync().WaitAsync(EndLimit, TimeProvider.System);

    /// <summary>True when it has started, whatever it can reach.</summary>
    public Task<bool> IsLiveAsync() => IsHealthyAsync("/health/live");

    private Task<bool> IsReadyAsync() => IsHealthyAsync("/health/ready");

    private async Task<bool> IsHealthyAsync(string check)
    {
        try
        {
            using var response = await Http.GetAsync(check);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        while (_output.Count > 500)
            _output.TryDequeue(out var _);
    }
}

/// <summary>Waits for what another process does: asks again until it is so.</summary>
public static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="condition">What must come true.</param>
    /// <param name="limit">After which the test fails; null is a minute.</param>
    /// <param name="why">What to say of it when it fails.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? limit = null, Func<string>? why = null)
    {
        using var timeout = new CancellationTokenSource(limit ?? TimeSpan.FromMinutes(1));
        while (!await condition())
        {
            if (timeout.IsCancellationRequested)
                Assert.Fail($"It did not come true in time. {why?.Invoke()}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
