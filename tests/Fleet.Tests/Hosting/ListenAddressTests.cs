using System.Net;
using System.Net.Sockets;
using Fleet.Cli.Dev;
using Fleet.Hosting;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Hosting;

/// <summary>A web application with Fleet that cannot listen where it is told to: a line that names the address and where it is set, and
/// nothing written.</summary>
public sealed class ListenAddressTests : IDisposable
{
    private const string Allowed = " is no address to listen at; allowed is http://HOST:PORT or https://HOST:PORT. It" + Urls;

    private const string Urls =
        " is set with ASPNETCORE_URLS, --urls, Urls in the configuration, or applicationUrl in launchSettings.json.";

    private readonly TempFolder _folder = new();
    private readonly LogRecorder _log = new();
    private readonly TcpListener _other = new(IPAddress.Loopback, 0);

    public ListenAddressTests() => _other.Start();

    private int Taken => ((IPEndPoint)_other.LocalEndpoint).Port;

    public void Dispose()
    {
        _other.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("urls", "http://127.0.0.1:{0}", "The address http://127.0.0.1:{0} is in use by another program. It" + Urls)]
    [InlineData("urls", "https://localhost:{0}", "The address https://localhost:{0} is in use by another program. It" + Urls)]
    [InlineData("urls", "http://+:{0}", "The address http://+:{0} is in use by another program. It" + Urls)]
    [InlineData(
        "urls", "http://127.0.0.1:0;http://127.0.0.1:{0}", "The address http://127.0.0.1:{0} is in use by another program. It" + Urls)]
    [InlineData(
        "http_ports", "{0}",
        "The address http://*:{0} is in use by another program. It is set with ASPNETCORE_HTTP_PORTS, or http_ports in the configuration.")]
    [InlineData(
        "Kestrel:Endpoints:Web:Url", "http://127.0.0.1:{0}",
        "The address http://127.0.0.1:{0} is in use by another program. It is set with Kestrel:Endpoints:Web:Url.")]
    [InlineData(
        "Listen", "", "The address http://127.0.0.1:{0} is in use by another program. It is set in code (ConfigureKestrel).")]
    [InlineData(
        "Add", "http://127.0.0.1:{0}",
        "The address http://127.0.0.1:{0} is in use by another program. It is set in code (Urls.Add, or app.Run).")]
    [InlineData("urls", "http://192.0.2.1:8080", "The address http://192.0.2.1:8080 is none of this machine's. It" + Urls)]
    [InlineData("urls", "127.0.0.1:8080", "'127.0.0.1:8080'" + Allowed)]
    [InlineData("urls", "ftp://127.0.0.1:8080", "'ftp://127.0.0.1:8080'" + Allowed)]
    [InlineData("urls", "http://*:80x", "'http://*:80x'" + Allowed)]
    [InlineData("urls", "http://*:99999", "'http://*:99999'" + Allowed)]
    [InlineData("urls", "http://*:80/fleet", "'http://*:80/fleet'" + Allowed)]
    public async Task Start_AddressThatCannotBeUsed_ReadsAsALineAndLeavesNothingBehind(string where, string value, string said)
    {
        await using var app = Build(where, Text(value));

        var refused = await Assert.ThrowsAsync<FleetStartException>(() => app.StartAsync());

        Assert.Equal("Fleet did not start: " + Text(said), refused.ToString());
        Assert.All(_log.Lines, line => Assert.DoesNotContain("   at ", line, StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    /// <summary>The tests may run as a user who may listen everywhere.</summary>
    [Fact]
    public async Task Start_PortThatTheUserMayNotUse_IsNamed()
    {
        await using var app = Build("urls", "http://*:80", builder => builder.Services.Configure<SocketTransportOptions>(
            o => o.CreateBoundListenSocket = _ => throw new SocketException((int)SocketError.AccessDenied)));

        var refused = await Assert.ThrowsAsync<FleetStartException>(() => app.StartAsync());

        Assert.Equal(
            "This user may not listen at http://*:80: ports below 1024 usually need a privilege. It" + Urls, refused.Message);
    }

    /// <summary>Kestrel does not use the URL that is taken.</summary>
    [Theory]
    [InlineData("Listen")]
    [InlineData("Kestrel:Endpoints:Web:Url")]
    public async Task Start_TakenUrlIsOverridden_Starts(string by)
    {
        await using var app = Build(by, "http://127.0.0.1:0", builder =>
        {
            builder.Configuration["urls"] = Text("http://127.0.0.1:{0}");
            builder.WebHost.ConfigureKestrel(kestrel =>
            {
                if (by == "Listen")
                    kestrel.Listen(IPAddress.Loopback, 0);
            });
        }, isFree: true);

        await app.StartAsync();

        Assert.DoesNotContain(Text("http://127.0.0.1:{0}"), app.Urls);
        await app.StopAsync();
    }

    /// <summary>As in tests that put a server in memory in the place of Kestrel.</summary>
    [Fact]
    public async Task Start_AnotherServer_IsLeftAlone()
    {
        await using var app = Build(
            "urls", Text("http://127.0.0.1:{0}"), builder => builder.Services.AddSingleton<IServer, ServerInMemory>());

        await app.StartAsync();
        await app.StopAsync();
    }

    [Fact]
    public async Task Dev_PortTaken_NamesOptionAndSetting()
    {
        await using var app = DevHost.Build(_folder.Path, Taken);

        var refused = await Assert.ThrowsAsync<FleetStartException>(() => app.StartAsync());

        Assert.Equal(
            Text("The address http://127.0.0.1:{0} is in use by another program. Choose another with --port or Fleet:Api:Urls."),
            FleetHost.Explain(refused));
    }

    private string Text(string format) => format.Replace("{0}", $"{Taken}", StringComparison.Ordinal);

    private WebApplication Build(string where, string value, Action<WebApplicationBuilder>? configure = null, bool isFree = false)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ILoggerProvider>(_log);
        if (where is not ("Listen" or "Add"))
            builder.Configuration[where] = value;
        if (where == "Listen" && !isFree)
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Taken));
        configure?.Invoke(builder);
        builder.AddFleet();
        var app = builder.Build();
        if (where == "Add")
            app.Urls.Add(value);
        app.MapFleet("/fleet").AllowAnonymous();
        return app;
    }

    private sealed class ServerInMemory : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
