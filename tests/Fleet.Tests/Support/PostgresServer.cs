using System.Diagnostics;
using Fleet.Storage.Postgres;
using Fleet.Tests.EndToEnd;
using Npgsql;

[assembly: AssemblyFixture(typeof(Fleet.Tests.Support.PostgresServer))]

namespace Fleet.Tests.Support;

/// <summary>A real PostgreSQL for the whole test run: one of its own in a temporary folder, or the one that
/// <c>TEST_POSTGRES</c> names. Started by the first test that needs it; each test gets a database of its own.</summary>
public class PostgresServer : IAsyncDisposable
{
    /// <summary>The database with Fleet's schema and no rows.</summary>
    public const string Template = "fleet_template";

    private readonly Lazy<Task<string>> _started;
    private readonly string[] _settings;
    private readonly int _port = FreePort.Next();
    private TempFolder? _folder;
    private int _refused;
    private Process? _process;

    public PostgresServer()
        : this([])
    {
    }

    /// <param name="settings">More arguments of the server.</param>
    protected PostgresServer(params string[] settings)
    {
        _settings = settings;
        _started = new(StartAsync);
    }

    /// <summary>Why there is none; null when there is one.</summary>
    public static string? Missing { get; } = Environment.GetEnvironmentVariable("TEST_POSTGRES") is null && FindBinaries() is null
        ? "PostgreSQL is not installed (Debian: apt-get install postgresql); or set TEST_POSTGRES to a connection string."
        : null;

    // The server refuses to run as root: as root it runs as Debian's own user.
    private static string[] AsUser { get; } = Environment.UserName == "root" ? [
        "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    private string Own => $"Host=127.0.0.1;Port={_port};Username=fleet;Database=postgres;Pooling=false";

    private string Data => Path.Combine(_folder!.Path, "data");

    /// <summary>How many connections the server of its own has refused because it had too many.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Makes a database with Fleet's schema, or skips the test where there is no server.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateDatabaseAsync() => CreateAsync($"TEMPLATE {Template}");

    /// <summary>Makes a database without any table, or skips the test where there is no server.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateEmptyDatabaseAsync() => CreateAsync("");

    /// <summary>Runs a statement on a connection of its own.</summary>
    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The one number that a query answers.</summary>
    public static async Task<long> CountAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Gives a user without special rights all that Fleet needs in a database: limits of connections do not hold for
    /// superusers.</summary>
    /// <returns>The database's connection string for this user.</returns>
    public static async Task<string> CreateUserAsync(string connectionString)
    {
        const string user = "fleet_plain";
        await ExecuteAsync(connectionString, $"""
            DO $$ BEGIN CREATE ROLE {user} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            GRANT ALL ON SCHEMA public, fleet TO {user};
            GRANT ALL ON ALL TABLES IN SCHEMA public, fleet TO {user};
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public, fleet TO {user};
            """);
        return new NpgsqlConnectionStringBuilder(connectionString) { Username = user, Password = null }.ConnectionString;
    }

    /// <summary>Drops a database, with whoever is still connected.</summary>
    public async Task DropDatabaseAsync(string connectionString) =>
        await ExecuteAsync(
            await _started.Value, $"DROP DATABASE {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");

    /// <summary>Ends the server of its own as a power failure does: all of its processes at once, and the log is replayed at the next
    /// start.</summary>
    public async Task KillAsync()
    {
        Assert.SkipWhen(_process is null, "The server that TEST_POSTGRES names is not ours to kill.");
        await SignalAsync("QUIT");
    }

    /// <summary>Starts the server of its own on the data it has; returns when it takes connections.</summary>
    public async Task RunAsync()
    {
        _process = Start([
            .. AsUser, Path.Combine(FindBinaries()!, "postgres"), "-D", Data, "-p", $"{_port}", "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "max_connections=300", .. _settings,
        ]);
        _process.ErrorDataReceived += (_, line) =>
        {
            // SQLSTATE 53300 in any of its words.
            if (line.Data is { } said
                && (said.Contains("too many c", StringComparison.Ordinal)
                    || said.Contains("connection slots are reserved", StringComparison.Ordinal)))
                Interlocked.Increment(ref _refused);
        };
        await Until.TrueAsync(async () =>
        {
            Assert.False(_process.HasExited, "The PostgreSQL server ended while it started.");
            try
            {
                await ExecuteAsync(Own, "SELECT 1");
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        }, TimeSpan.FromMinutes(2));
    }

    public async ValueTask DisposeAsync()
    {
        // Fast shutdown.
        if (_process is { HasExited: false })
            await SignalAsync("INT");
        _process?.Dispose();
        _folder?.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using (var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]))
            await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
    }

    /// <summary>The folder of the server's programs; the newest where there are several.</summary>
    private static string? FindBinaries()
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

    private async Task<string> CreateAsync(string options)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        var server = await _started.Value;
        var name = "fleet_" + Guid.NewGuid().ToString("N");
        await ExecuteAsync(server, $"CREATE DATABASE {name} {options}");
        return To(server, name);
    }

    private static string To(string connectionString, string database) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Database = database }.ConnectionString;

    private async Task<string> StartAsync()
    {
        var server = Environment.GetEnvironmentVariable("TEST_POSTGRES") ?? await StartOwnAsync();
        // By default the path begins with the schema that is called as the role: a statement without the schema's name would find Fleet's
        // tables.
        await ExecuteAsync(server, "ALTER ROLE CURRENT_USER SET search_path = public");
        await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {Template} WITH (FORCE)");
        await ExecuteAsync(server, $"CREATE DATABASE {Template}");
        await using (var storage = new PostgresStorage(To(server, Template) + ";Pooling=false"))
            await storage.MigrateAsync(CancellationToken.None);
        return server;
    }

    private async Task<string> StartOwnAsync()
    {
        _folder = new TempFolder();
        if (AsUser.Length > 0)
            await RunAsync(["chown", "postgres", _folder.Path]);
        await RunAsync(
            [
                .. AsUser, Path.Combine(FindBinaries()!, "initdb"), "-D", Data, "-U", "fleet", "-A", "trust", "-E", "UTF8", "--no-sync",
                "--locale=C.UTF-8"]);
        await RunAsync();
        return Own;
    }

    private static Process Start(string[] command)
    {
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task RunAsync(string[] command)
    {
        using var process = Start(command);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)} ended with {process.ExitCode}.");
    }
}
