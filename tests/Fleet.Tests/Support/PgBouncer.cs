using System.Diagnostics;
using System.Globalization;
using Fleet.Tests.EndToEnd;
using Npgsql;

namespace Fleet.Tests.Support;

/// <summary>A real PgBouncer in front of a test's database.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private const string Program = "/usr/sbin/pgbouncer";

    private readonly TempFolder _folder;
    private readonly Process _process;

    private PgBouncer(Process process, TempFolder folder, string connectionString) =>
        (_process, _folder, ConnectionString) = (process, folder, connectionString);

    /// <summary>Why there is none; null when there is one.</summary>
    public static string? Missing { get; } =
        File.Exists(Program) ? null : "PgBouncer is not installed (Debian: apt-get install pgbouncer).";

    /// <summary>The database, through the pooler.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts one.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="mode">Its <c>pool_mode</c>.</param>
    public static async Task<PgBouncer> StartAsync(string connectionString, string mode)
    {
        var server = new NpgsqlConnectionStringBuilder(connectionString);
        var (folder, port) = (new TempFolder(), FreePort.Next());
        var settings = Path.Combine(folder.Path, "pgbouncer.ini");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            * = host=127.0.0.1 port={server.Port} user={server.Username}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            auth_type = any
            pool_mode = {mode}
            unix_socket_dir =
            ignore_startup_parameters = extra_float_digits
            """));
        // It refuses to run as root, and the folder is root's alone.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                folder.Path,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                    | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        string[] asUser = Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        string[] command = [.. asUser, Program, "-q", settings];
        var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, UseShellExecute = false })!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var through = new NpgsqlConnectionStringBuilder(connectionString) { Port = port }.ConnectionString;
        var bouncer = new PgBouncer(process, folder, through);
        await Until.TrueAsync(async () =>
        {
            Assert.False(process.HasExited, "PgBouncer ended while it started.");
            return await Record.ExceptionAsync(() => PostgresServer.ExecuteAsync(through + ";Pooling=false", "SELECT 1")) is null;
        });
        return bouncer;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}
