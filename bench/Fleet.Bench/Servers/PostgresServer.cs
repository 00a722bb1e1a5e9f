using Npgsql;

namespace Fleet.Bench.Servers;

/// <summary>PostgreSQL on loopback, fsync on, and otherwise as it comes but for two settings: connections for all, and a log that holds
/// a whole turn, so that no checkpoint falls into one contender's phase and not into another's.</summary>
/// <param name="connections">How many connections it allows: 300 for all contenders, or 100, which is its default.</param>
internal sealed class PostgresServer(int connections = 300) : IServer
{
    /// <summary>All that differs from the server's own defaults, but for <c>max_connections</c>.</summary>
    public static readonly string[] Settings = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_wal_size=8GB"];

    private readonly int _port = FreePort.Next();
    private ServerProcess? _process;
    private string? _database;
    private string? _log;

    public string Name => "postgres";

    public int ProcessId => _process!.Id;

    /// <summary>Where it listens on loopback.</summary>
    public int Port => _port;

    public string Version { get; private set; } = "";

    /// <summary>How often it has refused a connection because it had as many as it allows.</summary>
    public int Refusals
    {
        get
        {
            using var log = new StreamReader(new FileStream(_log!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return log.ReadToEnd().Split('\n').Count(line =>
                line.Contains("too many clients already", StringComparison.Ordinal)
                    || line.Contains("remaining connection slots are reserved", StringComparison.Ordinal));
        }
    }

    /// <summary>The folder of the server's programs; null when there is none.</summary>
    public static string? Programs
    {
        get
        {
            const string debian = "/usr/lib/postgresql";
            var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
                Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).AsEnumerable();
            if (Directory.Exists(debian))
                folders = folders.Concat(
                    Directory.GetDirectories(debian).OrderByDescending(d => d, StringComparer.Ordinal).Select(d => Path.Combine(d, "bin")));
            return folders.FirstOrDefault(
                folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
        }
    }

    // The server refuses to run as root.
    private static string[] AsUser { get; } = Environment.UserName == "root" ? [
        "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    private string Own => $"Host=127.0.0.1;Port={_port};Username=bench;Database=postgres;Pooling=false";

    public async Task StartAsync(string folder)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, $"postgres-{connections}")).FullName;
        if (AsUser.Length > 0)
            await ServerProcess.RunAsync("chown", "postgres", home);
        var (data, programs) = (
            Path.Combine(home, "data"), Programs ?? throw new InvalidOperationException("PostgreSQL is not installed."));
        await ServerProcess.RunAsync(
            [.. AsUser, Path.Combine(programs, "initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        _log = home + ".log";
        string[] options = [.. Settings, $"max_connections={connections}", "listen_addresses=127.0.0.1", "unix_socket_directories="];
        _process = ServerProcess.Start(
            [.. AsUser, Path.Combine(programs, "postgres"), "-D", data, "-p", $"{_port}", .. options.SelectMany(o => new[] { "-c", o })],
            _log, home, stopSignal: "INT"); // INT is the fast shutdown.
        await _process.UntilAsync(() => FreePort.AnswersAsync(_port));
        await _process.UntilAsync(async () =>
        {
            try
            {
                Version = (string)(await AskAsync("SHOW server_version"))!;
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        });
    }

    public async Task<IReadOnlyDictionary<string, string>> FreshAsync()
    {
        _database = $"bench_{Guid.NewGuid():N}";
        await AskAsync($"CREATE DATABASE {_database}");
        // Nobody pays for the writes of the one before.
        await AskAsync("CHECKPOINT");
        var connection = $"Host=127.0.0.1;Port={_port};Username=bench;Database={_database}";
        return new Dictionary<string, string>
        {
            ["BENCH_POSTGRES"] = connection,
            ["BENCH_POSTGRES_URI"] = $"postgres://bench@127.0.0.1:{_port}/{_database}",
        };
    }

    public async Task ClearAsync() => await AskAsync($"DROP DATABASE {_database} WITH (FORCE)");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
    }

    private async Task<object?> AskAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Own);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        return await command.ExecuteScalarAsync();
    }
}
