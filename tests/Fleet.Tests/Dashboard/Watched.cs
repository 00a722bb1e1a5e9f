using System.Collections.Concurrent;
using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Fleet.Tests.Dashboard;

/// <summary>A page of a real browser, with all that went wrong on it.</summary>
internal sealed class Watched
{
    private readonly ConcurrentQueue<string> _wrongs = new();

    private Watched(IPage page) => Page = page;

    public IPage Page { get; }

    /// <summary>Opens an empty page. Errors of scripts, refused files and what the policy forbids are noted from now on.</summary>
    public static async Task<Watched> OpenAsync(IBrowserContext context)
    {
        var watched = new Watched(await context.NewPageAsync());
        var page = watched.Page;
        page.PageError += (_, error) => watched._wrongs.Enqueue($"script: {error}");
        page.Console += (_, message) =>
        {
            // What the API refuses is shown on the page, and tests look at it there.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                watched._wrongs.Enqueue($"{message.Type}: {message.Text}");
        };
        await page.AddInitScriptAsync(
            """
            window.violations = []
            document.addEventListener(
              'securitypolicyviolation', e => window.violations.push(`${e.violatedDirective}: ${e.blockedURI} ${e.sample}`))
            window.shift = 0
            new PerformanceObserver(list => {
              for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value
            }).observe({ type: 'layout-shift', buffered: true })
            """);
        return watched;
    }

    /// <summary>Goes to a page, and waits until nothing of it loads any more.</summary>
    public async Task GoAsync(string url)
    {
        await Page.GotoAsync(url);
        await Page.Locator("main h1, form h1").First.WaitForAsync();
        await SettleAsync();
    }

    /// <summary>Waits until nothing says that it is loading.</summary>
    public Task SettleAsync() => Page.WaitForFunctionAsync("() => !document.querySelector('[role=status][aria-label=Loading]')");

    /// <summary>Fails if something went wrong on the page.</summary>
    public async Task CheckAsync(string what)
    {
        var violations = await Page.EvaluateAsync<string[]>("() => window.violations");
        string[] wrongs = [.. _wrongs, .. violations.Select(v => $"policy: {v}")];
        Assert.True(wrongs.Length == 0, $"{what}: {string.Join('\n', wrongs)}");
    }

    /// <summary>Fails if the page is wider than its window.</summary>
    public async Task CheckWidthAsync(string what)
    {
        var (over, widest) = (
            await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth"),
            await Page.EvaluateAsync<string>(
                """
                () => [...document.querySelectorAll('main *, nav *, header *')]
                  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroller, .payload, pre, .unseen, canvas'))
                  .slice(0, 3).map(e => e.outerHTML.slice(0, 160)).join('\n')
                """));
        Assert.True(over <= 0, $"{what}: {over} px wider than the window.\n{widest}");
    }

    /// <summary>Fails if axe finds something.</summary>
    /// <param name="what">What is looked at.</param>
    /// <param name="onlyColors">Only whether the contrast of colors suffices.</param>
    public async Task CheckAccessibilityAsync(string what, bool onlyColors = false)
    {
        var options = new AxeRunOptions { RunOnly = onlyColors ? new() { Type = "rule", Values = ["color-contrast"] } : null };
        var found = (await Page.RunAxe(options)).Violations;
        Assert.True(found.Length == 0, $"{what}\n{string.Join('\n', found.Select(Describe))}");

        static string Describe(AxeResultItem item) => $"{item.Id}: {item.Help}\n" + string.Join(
            '\n', item.Nodes.Take(3).Select(n => $"  {n.Html}\n  {JsonSerializer.Serialize(n.Any.Select(a => a.Message))}"));
    }
}
