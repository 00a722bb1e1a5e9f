using System.Net;
using Fleet.Api.Access;
using Fleet.Cli.Dev;
using Fleet.Hosting;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Access;

/// <summary>Without access, a program listens on loopback addresses alone, whatever has set them; with access, on any.</summary>
public sealed class OpenAccessTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Fleet:Api:Urls", "http://127.0.0.1:0", true)]
    [InlineData("Fleet:Api:Urls", "http://[::1]:0", true)]
    [InlineData("Fleet:Api:Urls", "http://0.0.0.0:0", false)]
    [InlineData("Fleet:Api:Urls", "http://[::]:0", false)]
    [InlineData("Fleet:Api:Urls", "http://*:0", false)]
    [InlineData("Fleet:Api:Urls", "http://127.0.0.1:0;http://0.0.0.0:0", false)]
    [InlineData("Kestrel:Endpoints:Mine:Url", "http://127.0.0.1:0", true)]
    [InlineData("Kestrel:Endpoints:Mine:Url", "http://0.0.0.0:0", false)]
    public async Task AccessOff_StartsOnLoopbackAlone(string setting, string value, bool starts)
    {
        var error = await StartAsync([new(setting, value), new(AccessOptions.Setting, "off")]);

        Assert.Equal(starts, error is null);
        if (!starts)
        {
            Assert.Contains("Fleet:Api:Access: 'off' is not allowed while the program listens on http://", error, StringComparison.Ordinal);
            Assert.Contains("fleet key create", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AccessOff_KestrelListensByItself_IsSeen() => Assert.Contains(
        "'off' is not allowed while the program listens on http://0.0.0.0:",
        await StartAsync([new(AccessOptions.Setting, "off")], web => web.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Any, 0))),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://127.0.0.1:0")]
    public async Task AccessOn_StartsAnywhere_AlsoBeforeTheFirstKey_AndSaysHowToMakeIt(string url)
    {
        var log = new LogRecorder();

        Assert.Null(await StartAsync(
            [new(FleetHost.ApiUrlsKey, url), new(AccessOptions.Setting, "on")], web => web.Logging.AddProvider(log)));

        Assert.Contains(log.Lines, line => line.Contains("fleet key create", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("maybe")]
    [InlineData("true")]
    public async Task AccessSetting_ThatIsNoWord_IsRefused(string value) => Assert.Equal(
        $"Fleet:Api:Access: '{value}' is not allowed; allowed are on, off.", await StartAsync([new(AccessOptions.Setting, value)]));

    private async Task<string?> StartAsync(KeyValuePair<string, string?>[] settings, Action<WebApplicationBuilder>? configure = null)
    {
        try
        {
            await using var app = DevHost.Build(
                _folder.Path, port: null,
                web =>
                {
                    web.Logging.ClearProviders();
                    configure?.Invoke(web);
                },
                settings.Any(s => s.Key == FleetHost.ApiUrlsKey)
                    ? settings
                    : [new(FleetHost.ApiUrlsKey, "http://127.0.0.1:0"), .. settings]);
            await app.StartAsync();
            await app.StopAsync();
            return null;
        }
        catch (Exception e)
        {
            return FleetHost.Explain(e) ?? e.ToString();
        }
    }
}
