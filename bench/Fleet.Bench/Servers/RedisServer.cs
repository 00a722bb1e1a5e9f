namespace Fleet.Bench.Servers;

/// <summary>Redis with its append-only file.</summary>
/// <param name="fsync">When the file reaches the disk: <c>everysec</c> may lose a second, <c>always</c> nothing.</param>
internal sealed class RedisServer(string fsync) : IServer
{
    private readonly int _port = FreePort.Next();
    private ServerProcess? _process;

    public string Name => "redis";

    public int ProcessId => _process!.Id;

    public string Version { get; private set; } = "";

    /// <summary>The program; null when it is not installed.</summary>
    public static string? Program => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);

    public async Task StartAsync(string folder)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, "redis-" + fsync)).FullName;
        var program = Program ?? throw new InvalidOperationException("Redis is not installed.");
        Version = (await ServerProcess.RunAsync(program, "--version")).Split("v=")[1].Split(' ')[0];
        _process = ServerProcess.Start(
            [
                program, "--bind", "127.0.0.1", "--port", $"{_port}", "--dir", home, "--save", "", "--appendonly", "yes", "--appendfsync",
                fsync],
            Path.Combine(folder, $"redis-{fsync}.log"), home);
        await _process.UntilAsync(() => FreePort.AnswersAsync(_port));
    }

    public async Task<IReadOnlyDictionary<string, string>> FreshAsync()
    {
        await ClearAsync();
        return new Dictionary<string, string> { ["BENCH_REDIS"] = $"redis://127.0.0.1:{_port}" };
    }

    public Task ClearAsync() => ServerProcess.RunAsync("redis-cli", "-h", "127.0.0.1", "-p", $"{_port}", "FLUSHALL");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
    }
}
