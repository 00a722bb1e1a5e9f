using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Fleet.Tests.Support.Chromium))]

namespace Fleet.Tests.Support;

/// <summary>A real Chromium for the whole test run, without a window. Started by the first test that needs it.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private readonly Lazy<Task<(IPlaywright Driver, IBrowser Browser)>> _started = new(StartAsync);

    /// <summary>Why there is none; null when there is one.</summary>
    public static string? Missing { get; } =
        Programs.Find("chromium") is null ? "Chromium is not installed (Debian: apt-get install chromium)." : null;

    /// <summary>A browser context of its own: no cookies, nothing stored. Skips the test where there is no browser.</summary>
    /// <param name="options">Size, colours and so on.</param>
    public async Task<IBrowserContext> OpenAsync(BrowserNewContextOptions? options = null)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        return await (await _started.Value).Browser.NewContextAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated)
            return;
        var (driver, browser) = await _started.Value;
        await browser.CloseAsync();
        driver.Dispose();
    }

    private static async Task<(IPlaywright Driver, IBrowser Browser)> StartAsync()
    {
        var driver = await Playwright.CreateAsync();
        var browser = await driver.Chromium.LaunchAsync(
            // Root needs it; what is loaded here is our own.
            new() { ExecutablePath = Programs.Find("chromium"), Args = ["--no-sandbox"] });
        return (driver, browser);
    }
}
