using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Fleet.Tests.Dashboard;

/// <summary>Many tabs of one browser.</summary>
public sealed class TabsTests(Chromium chromium)
{
    /// <summary>A browser opens six connections to a host over plain HTTP. All tabs share one event stream, so the twentieth loads as the
    /// first does, and costs the server no stream.</summary>
    [Fact]
    public async Task Tabs_Twenty_ShareOneStream()
    {
        var streams = new StreamCount();
        await using var fleet = await EmbeddedFleet.StartAsync(services => services.AddSingleton<IStartupFilter>(streams));
        await using var context = await chromium.OpenAsync(new() { BaseURL = $"{fleet.Http.BaseAddress}" });
        var tabs = new List<IPage>();
        for (var i = 0; i < 20; i++)
        {
            var watched = await Watched.OpenAsync(context);
            await watched.GoAsync("");
            await watched.Page.Locator(".age", new() { HasText = "live" }).WaitForAsync();
            tabs.Add(watched.Page);
        }

        Assert.Equal((1, 1), (streams.Open, streams.Opened));

        // The last one to leave ends it.
        foreach (var tab in tabs)
            await tab.CloseAsync();
        await EndToEnd.Until.TrueAsync(() => Task.FromResult(streams.Open == 0));
    }

    /// <summary>Counts the event streams of a server.</summary>
    private sealed class StreamCount : IStartupFilter
    {
        private int _open;
        private int _opened;

        public int Open => Volatile.Read(ref _open);

        public int Opened => Volatile.Read(ref _opened);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (http, inner) =>
            {
                if (!http.Request.Path.StartsWithSegments("/api/v1/events", StringComparison.Ordinal))
                {
                    await inner(http);
                    return;
                }

                Interlocked.Increment(ref _opened);
                Interlocked.Increment(ref _open);
                try
                {
                    await inner(http);
                }
                finally
                {
                    Interlocked.Decrement(ref _open);
                }
            });
            next(app);
        };
    }
}
