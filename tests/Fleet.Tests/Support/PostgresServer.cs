using System.Diagnostics;
using Fleet.Storage.Postgres;
using Npgsql;

[assembly: AssemblyFixture(typeof(Fleet.Tests.Support.PostgresServer))]

namespace Fleet.Tests.Support;

/// <summary>A real PostgreSQL for the whole test run: one of its own in a temporary folder, or the one that
/// <c>TEST_POSTGRES</c> names. Started by the first test that needs it; each test gets a database of its own.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Template = "fleet_template";

    private readonly Lazy<Task<string>> _started;
    private TempFolder? _folder;
    private Process? _process;

    public PostgresServer() => _started = new(StartAsync);

    /// <summary>Why there is none; null when there is one.</summary>
    public static string? Missing { get; } = Environment.GetEnvironmentVariable("TEST_POSTGRES") is null && FindBinaries() is null
        ? "PostgreSQL is not installed (Debian: apt-get install postgresql); or set TEST_POSTGRES to a connection string."
        : null;

    /// <summary>Makes a database with Fleet's schema, or skips the test where there is no server.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateDatabaseAsync() => CreateAsync($"TEMPLATE {Template}");

    /// <summary>Makes a database without any table, or skips the test where there is no server.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateEmptyDatabaseAsync() => CreateAsync("");

    /// <summary>Drops a database, with whoever is still connected.</summary>
    public async Task DropDatabaseAsync(string connectionString) =>
        await ExecuteAsync(await _started.Value, $"DROP DATABASE {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            // SIGINT: fast shutdown.
            using (var stop = Process.Start("kill", ["-INT", $"{_process.Id}"]))
                await stop.WaitForExitAsync();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _folder?.Dispose();
    }

    /// <summary>The folder of the server's programs; the newest where there are several.</summary>
    private static string? FindBinaries()
    {
        const string debian = "/usr/lib/postgresql";
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).AsEnumerable();
        if (Directory.Exists(debian))
            folders = folders.Concat(Directory.GetDirectories(debian).OrderByDescending(d => d, StringComparer.Ordinal).Select(d => Path.Combine(d, "bin")));
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }

    private async Task<string> CreateAsync(string options)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        var server = await _started.Value;
        var name = "fleet_" + Guid.NewGuid().ToString("N");
        await ExecuteAsync(server, $"CREATE DATABASE {name} {options}");
        return To(server, name);
    }

    private static string To(string connectionString, string database) => new NpgsqlConnectionStringBuilder(connectionString) { Database = database }.ConnectionString;

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string> StartAsync()
    {
        var server = Environment.GetEnvironmentVariable("TEST_POSTGRES") ?? await StartOwnAsync();
        await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {Template} WITH (FORCE)");
        await ExecuteAsync(server, $"CREATE DATABASE {Template}");
        await using (var storage = new PostgresStorage(To(server, Template) + ";Pooling=false"))
            await storage.MigrateAsync(CancellationToken.None);
        return server;
    }

    private async Task<string> StartOwnAsync()
    {
        _folder = new TempFolder();
        var (binaries, data) = (FindBinaries()!, Path.Combine(_folder.Path, "data"));
        // The server refuses to run as root: as root it runs as Debian's own user.
        string[] asUser = Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        if (asUser.Length > 0)
            await RunAsync(["chown", "postgres", _folder.Path]);
        await RunAsync([.. asUser, Path.Combine(binaries, "initdb"), "-D", data, "-U", "fleet", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"]);
        var port = FreePort.Next();
        _process = Start([.. asUser, Path.Combine(binaries, "postgres"), "-D", data, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "max_connections=300"]);
        var server = $"Host=127.0.0.1;Port={port};Username=fleet;Database=postgres;Pooling=false";
        await Waiting.UntilAsync(async () =>
        {
            Assert.False(_process.HasExited, "The PostgreSQL server ended while it started.");
            try
            {
                await ExecuteAsync(server, "SELECT 1");
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        });
        return server;
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
