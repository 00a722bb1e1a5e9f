using System.Diagnostics;
using System.Text.Json.Nodes;
using Fleet.Bench.Servers;

namespace Fleet.Bench;

/// <summary>One side of a contender, in a process of its own: a command is a line of JSON on its stdin, the answer one on its
/// stdout.</summary>
internal sealed class Driver : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(240);

    private readonly Process _process;
    private readonly string _log;
    private readonly Task _logging;

    private Driver(string name, Process process, string log)
    {
        Name = name;
        _process = process;
        _log = log;
        _logging = LogAsync();
    }

    /// <summary>As the table names it: client, worker.</summary>
    public string Name { get; }

    public int ProcessId => _process.Id;

    /// <summary>When it was started, in microseconds of CLOCK_MONOTONIC.</summary>
    public long LaunchedAt { get; } = (long)(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1e6));

    /// <summary>The packages it drives.</summary>
    public Dictionary<string, string> Versions { get; } = [];

    /// <summary>Starts a driver and waits until it is ready.</summary>
    public static async Task<Driver> StartAsync(
        string name, string[] command, IReadOnlyDictionary<string, string> environment, string log, string folder, CancellationToken ct)
    {
        var driver = new Driver(name, ServerProcess.Launch(command, folder, environment), log);
        try
        {
            var ready = await driver.ReadAsync(ct);
            foreach (var (package, version) in ready["versions"] as JsonObject ?? [])
                driver.Versions[package] = version!.GetValue<string>();
            return driver;
        }
        catch
        {
            await driver.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <exception cref="InvalidOperationException">The driver refused, failed or ended.</exception>
    public async Task<JsonObject> AskAsync(object command, CancellationToken ct)
    {
        await _process.StandardInput.WriteLineAsync(System.Text.Json.JsonSerializer.Serialize(command).AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
        return await ReadAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            await ServerProcess.EndAsync(_process);
        }

        await _logging;
        _process.Dispose();
    }

    private async Task<JsonObject> ReadAsync(CancellationToken ct)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(Limit);
        // Answers are objects; whatever else a library prints is not for us.
        while (await _process.StandardOutput.ReadLineAsync(limited.Token) is { } line)
        {
            if (!line.StartsWith('{'))
                continue;
            var answer = JsonNode.Parse(line)!.AsObject();
            return answer["error"] is { } error ? throw new InvalidOperationException($"{Name}: {error.GetValue<string>()}") : answer;
        }

        throw new InvalidOperationException($"{Name} ended; see {_log}.");
    }

    private async Task LogAsync()
    {
        await using var file = new StreamWriter(_log, append: true) { AutoFlush = true };
        while (await _process.StandardError.ReadLineAsync() is { } line)
            await file.WriteLineAsync(line);
    }
}
