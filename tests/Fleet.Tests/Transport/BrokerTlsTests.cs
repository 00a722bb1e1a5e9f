using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Transport;

/// <summary>A broker that speaks TLS, with a certificate of an authority that this test made.</summary>
public sealed class BrokerTlsTests : IAsyncLifetime
{
    private readonly int _port = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();
    private readonly TempFolder _folder = new();
    private readonly RabbitMqServer _server;

    public BrokerTlsTests() => _server = MakeServer(isExpired: false);

    private RabbitMqServer MakeServer(bool isExpired) => new()
    {
        Configuration = folder =>
        {
            TestCertificates.Make(folder, isExpired);
            File.Copy(Path.Combine(folder, "ca.pem"), Path.Combine(_folder.Path, "ca.pem"));
            return $"""
                listeners.ssl.1 = 127.0.0.1:{_port}
                ssl_options.cacertfile = {folder}/ca.pem
                ssl_options.certfile = {folder}/server.pem
                ssl_options.keyfile = {folder}/server.key
                ssl_options.verify = verify_none
                ssl_options.fail_if_no_peer_cert = false
                management.ssl.ip = 127.0.0.1
                management.ssl.port = {_managementPort}
                management.ssl.cacertfile = {folder}/ca.pem
                management.ssl.certfile = {folder}/server.pem
                management.ssl.keyfile = {folder}/server.key
                """;
        },
    };

    private string CaFile => Path.Combine(_folder.Path, "ca.pem");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Connect_CertificateOfAnAuthorityOfOnesOwn_IsTakenFromThatAuthorityAlone()
    {
        var broker = await _server.CreateHostAsync();
        var uri = $"amqps://guest:guest@localhost:{_port}/{broker.Name}";

        // 1. Nobody vouches for it.
        var refused = await Assert.ThrowsAsync<BrokerUnusableException>(
            () => ApplyTopology.ExecuteAsync(Settings(uri), ["default"], default));
        Assert.Contains("is not trusted", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Fleet:Transport:CaFile", refused.Message, StringComparison.Ordinal);
        var health = await WithHostAsync(Settings(uri), async (transport, health) =>
        {
            await Assert.ThrowsAnyAsync<Exception>(() => transport.SendReadyAsync("default", [Id()], default));
            return await health();
        });
        Assert.Equal(HealthStatus.Unhealthy, health.Status);

        // 2. The authority does, for another name.
        var wrongName = uri.Replace("localhost", "127.0.0.1", StringComparison.Ordinal);
        await Assert.ThrowsAsync<BrokerUnusableException>(
            () => ApplyTopology.ExecuteAsync(Settings(wrongName, CaFile), ["default"], default));

        // 3. Another authority does not.
        var other = Path.Combine(_folder.Path, "other");
        Directory.CreateDirectory(other);
        TestCertificates.Make(other);
        await Assert.ThrowsAsync<BrokerUnusableException>(
            () => ApplyTopology.ExecuteAsync(Settings(uri, Path.Combine(other, "ca.pem")), ["default"], default));

        // 4. The authority does: on AMQP, and on the management interface.
        var management = new Uri($"https://localhost:{_managementPort}");
        health = await WithHostAsync(Settings(uri, CaFile, management), async (transport, health) =>
        {
            await transport.SendReadyAsync("default", [Id()], default);
            Assert.Equal(1, await transport.CountWaitingAsync("default", default));
            return await health();
        });
        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Empty(await ApplyTopology.CheckPoliciesAsync(Settings(uri, CaFile, management), default));
        await Assert.ThrowsAsync<BrokerUnusableException>(
            () => ApplyTopology.CheckPoliciesAsync(Settings(uri, caFile: null, management), default));
    }

    [Fact]
    public async Task Connect_CertificateThatHasExpired_IsRefused_AlsoOfTheRightAuthority()
    {
        await using var server = MakeServer(isExpired: true);
        var broker = await server.CreateHostAsync();
        var uri = $"amqps://guest:guest@localhost:{_port}/{broker.Name}";
        var management = new Uri($"https://localhost:{_managementPort}");

        var refused = await Assert.ThrowsAsync<BrokerUnusableException>(
            () => ApplyTopology.ExecuteAsync(Settings(uri, CaFile), ["default"], default));
        Assert.Contains("is not trusted", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<BrokerUnusableException>(
            () => ApplyTopology.CheckPoliciesAsync(Settings(uri, CaFile, management), default));
        var health = await WithHostAsync(Settings(uri, CaFile), async (transport, health) =>
        {
            await Assert.ThrowsAnyAsync<Exception>(() => transport.SendReadyAsync("default", [Id()], default));
            return await health();
        });
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
    }

    [Theory]
    [InlineData("amqps://u:p@broker.example/")]
    [InlineData("amqp://u:p@broker.example:5671/")]
    public async Task Bus_Tls_AcceptsNoPolicyErrorAndAllowsTls13(string uri)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(Settings(uri));
        await using var provider = services.BuildServiceProvider();

        var host = ((IRabbitMqHostConfiguration)provider.GetRequiredService<IBusInstance>().HostConfiguration).Settings;

        Assert.True(host.Ssl);
        Assert.Equal((SslPolicyErrors.None, "broker.example"), (host.AcceptablePolicyErrors, host.SslServerName));
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, host.SslProtocol);
    }

    [Theory]
    [InlineData("amqps://broker", "missing.pem", "cannot be read")]
    [InlineData("amqps://broker", "empty.pem", "holds no certificate")]
    [InlineData("amqp://broker", "ca.pem", "has no use")]
    public async Task Read_BadCaFile_NamesTheSetting(string uri, string file, string said)
    {
        TestCertificates.Make(_folder.Path);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "empty.pem"), "nothing");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Fleet:Transport:Uri"] = uri,
            ["Fleet:Transport:CaFile"] = Path.Combine(_folder.Path, file),
        }).Build();

        var error = Assert.Throws<InvalidOperationException>(() => RabbitMqSettings.Read(configuration)).Message;

        Assert.StartsWith("Fleet:Transport:CaFile", error, StringComparison.Ordinal);
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void IsTrusted_OfTheRightAuthority_UnlessItHasExpired(bool isExpired, bool isTrusted)
    {
        TestCertificates.Make(_folder.Path, isExpired);
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder.Path, "server.pem"));

        Assert.Equal(
            isTrusted,
            BrokerTrust.Read(CaFile).IsTrusted(this, certificate, shown: null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    private static RunId Id() => RunId.New(TimeProvider.System.GetUtcNow());

    private static RabbitMqSettings Settings(string uri, string? caFile = null, Uri? management = null) =>
        RabbitMqSettings.TryParse(uri, TimeSpan.FromSeconds(30), management, caFile is null ? null : BrokerTrust.Read(caFile))!;

    private static async Task<HealthReportEntry> WithHostAsync(
        RabbitMqSettings settings, Func<Wire, Func<Task<HealthReportEntry>>, Task<HealthReportEntry>> work)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(settings);
        var host = builder.Build();
        await host.StartAsync();
        var health = host.Services.GetRequiredService<HealthCheckService>();
        var entry = await work(
            new Wire(host.Services),
            async () => (await health.CheckHealthAsync(check => check.Name == "broker")).Entries["broker"]);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        return entry;
    }
}
