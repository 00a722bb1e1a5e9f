using System.Diagnostics;
using Fleet.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>A PostgreSQL that speaks TLS, with a certificate of an authority that this test made. It would talk without TLS, too: a fleet
/// that is told to verify never does.</summary>
public sealed class PostgresTlsTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly LogRecorder _log = new();
    private TlsServer? _server;

    private string Certificates => Path.Combine(_folder.Path, "of-server");

    private string CaFile => Path.Combine(_folder.Path, "ca.pem");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Start_CertificateOfAnAuthorityOfOnesOwn_IsTakenFromThatAuthorityAlone()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        await MakeAsync();
        File.Copy(Path.Combine(Certificates, "ca.pem"), CaFile);
        _server = new TlsServer(Certificates);
        var database = await _server.CreateDatabaseAsync();

        // 1. Nobody vouches for it.
        await RefusesAsync(Verified(database, "localhost", caFile: null));

        // 2. The authority does, for another name.
        await RefusesAsync(Verified(database, "127.0.0.1", CaFile));

        // 3. Another authority does not.
        var other = Directory.CreateDirectory(Path.Combine(_folder.Path, "other")).FullName;
        TestCertificates.Make(other);
        await RefusesAsync(Verified(database, "localhost", Path.Combine(other, "ca.pem")));

        // 4. The authority does. All that the fleet says is encrypted.
        using (var host = Build(Verified(database, "localhost", CaFile)))
        {
            await host.StartAsync();
            Assert.Equal(
                (true, 0L),
                (
                    await PostgresServer.CountAsync(database, Connections + " AND s.ssl") > 0,
                    await PostgresServer.CountAsync(database, Connections + " AND NOT s.ssl")));
            await host.StopAsync();
        }
    }

    [Fact]
    public async Task Start_CertificateThatHasExpired_IsRefused_AlsoOfTheRightAuthority()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        await MakeAsync(isExpired: true);
        File.Copy(Path.Combine(Certificates, "ca.pem"), CaFile);
        _server = new TlsServer(Certificates);

        await RefusesAsync(Verified(await _server.CreateDatabaseAsync(), "localhost", CaFile));
    }

    private const string Connections =
        "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.datname = current_database() "
            + "AND a.application_name = 'tls-test'";

    private static string Verified(string database, string host, string? caFile) => new NpgsqlConnectionStringBuilder(database)
    {
        Host = host,
        SslMode = SslMode.VerifyFull,
        RootCertificate = caFile,
        ApplicationName = "tls-test",
        Pooling = true,
    }.ConnectionString;

    private async Task RefusesAsync(string connectionString)
    {
        var refusal = await RefusalAsync(connectionString);

        Assert.NotNull(refusal);
        Assert.StartsWith("The database cannot be used: its certificate was refused (", refusal, StringComparison.Ordinal);
        Assert.Contains("Root Certificate", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refusal + string.Join('\n', _log.Lines), StringComparison.Ordinal);
    }

    /// <summary>Null if it started.</summary>
    private async Task<string?> RefusalAsync(string connectionString)
    {
        using var host = Build(connectionString);
        try
        {
            await host.StartAsync();
            await host.StopAsync();
            return null;
        }
        catch (FleetStartException e)
        {
            return e.Message;
        }
    }

    private IHost Build(string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Logging.AddProvider(_log);
        builder.Configuration.AddInMemoryCollection(
        [
            new("Fleet:Storage:Provider", "Postgres"), new("Fleet:Storage:ConnectionString", connectionString),
        ]);
        builder.AddFleet(fleet => fleet.RunsJobs(o => o.Diagnostics = true).Leads());
        return builder.Build();
    }

    /// <summary>Makes certificates that the server's user may read.</summary>
    private async Task MakeAsync(bool isExpired = false)
    {
        Directory.CreateDirectory(Certificates);
        TestCertificates.Make(Certificates, isExpired);
        using var chmod = Process.Start("chmod", ["600", Path.Combine(Certificates, "server.key")]);
        await chmod.WaitForExitAsync();
        if (Environment.UserName != "root")
            return;
        using var chown = Process.Start("chown", ["-R", "postgres", _folder.Path]);
        await chown.WaitForExitAsync();
    }

    private sealed class TlsServer(string folder) : PostgresServer(
        "-c", "ssl=on", "-c", $"ssl_cert_file={folder}/server.pem", "-c", $"ssl_key_file={folder}/server.key");
}
