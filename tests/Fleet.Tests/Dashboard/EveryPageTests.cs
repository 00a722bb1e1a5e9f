using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.Playwright;

namespace Fleet.Tests.Dashboard;

/// <summary>Every page in both themes, wide and narrow, with work, empty, and when the server refuses: axe finds nothing, the policy of the
/// page holds, nothing is wider than the window. The pictures are in artifacts/pages.</summary>
public sealed class EveryPageTests(Chromium chromium)
{
    /// <summary>A run that there is not.</summary>
    private const string None = "019a0000-0000-7000-8000-000000000000";

    private static readonly string Pictures = Path.Combine(Repository.Root, "artifacts", "pages");

    /// <summary>Path, and a name for its pictures.</summary>
    private static (string Path, string Name)[] Pages(Work.Mixed? work) =>
    [
        ("", "overview"),
        ("?kiosk", "kiosk"),
        ("runs", "runs"),
        ("runs?q=state:failed", "runs-failed"),
        ($"runs/{work?.Failed ?? None}", "run-failed"),
        ($"runs/{work?.Succeeded ?? None}?part=args", "run-succeeded"),
        ($"runs/{work?.Running ?? None}?part=log", "run-running"),
        ($"runs/{work?.Waiting ?? None}", "run-waiting"),
        ("schedules", "schedules"),
        ("schedules/nightly", "schedule"),
        ("schedules/nightly/edit", "schedule-edit"),
        ("schedules?new=1", "schedule-new"),
        ("calendar", "calendar"),
        ("lanes", "lanes"),
        ("workers", "workers"),
        ("jobs", "jobs"),
        ("jobs/diag.sleep", "job"),
        ("dead-letters", "dead-letters"),
        ($"dead-letters/{work?.Failed ?? None}", "dead-letter"),
        ("operations", "operations"),
        ("audit", "audit"),
        ("keys", "keys"),
    ];

    private static readonly int[] Widths = [1280, 320];

    [Fact]
    public async Task Page_OfAFleetAtWork_IsInOrder()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        await LookAsync(fleet, "work", await Work.MixAsync(fleet.Http));
    }

    [Fact]
    public async Task Page_OfAnEmptyFleet_IsInOrder()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        await LookAsync(fleet, "empty");
    }

    /// <summary>The API answers nothing but that it cannot.</summary>
    [Fact]
    public async Task Page_OfAServerInTrouble_SaysSo()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        await LookAsync(fleet, "trouble", prepare: context => context.RouteAsync(
            url => url.Contains("/api/v1/", StringComparison.Ordinal) && !url.EndsWith("/whoami", StringComparison.Ordinal),
            route => route.FulfillAsync(new()
            {
                Status = 503,
                ContentType = "application/problem+json",
                Body = """{"title":"Unavailable","status":503,"detail":"The database does not answer.","code":"database_down"}""",
            })));
    }

    private async Task LookAsync(
        EmbeddedFleet fleet, string state, Work.Mixed? work = null, Func<IBrowserContext, Task>? prepare = null)
    {
        await using var context = await chromium.OpenAsync(new() { BaseURL = $"{fleet.Http.BaseAddress}" });
        if (prepare is not null)
            await prepare(context);
        foreach (var (path, name) in Pages(work))
        {
            var watched = await Watched.OpenAsync(context);
            await watched.GoAsync(path);
            foreach (var width in Widths)
            {
                await watched.Page.SetViewportSizeAsync(width, 900);
                await LookAsync(watched, $"{name}-{state}-light-{width}", ColorScheme.Light);
                await LookAsync(watched, $"{name}-{state}-dark-{width}", ColorScheme.Dark);
            }

            await watched.CheckAsync($"{name}-{state}");
            await watched.Page.CloseAsync();
        }
    }

    private static async Task LookAsync(Watched watched, string what, ColorScheme theme)
    {
        await watched.Page.EmulateMediaAsync(new() { ColorScheme = theme });
        await watched.SettleAsync();
        await watched.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"{what}.png"), FullPage = true });
        await watched.CheckWidthAsync(what);
        // The themes differ in their colours alone.
        await watched.CheckAccessibilityAsync(what, onlyColors: theme == ColorScheme.Dark);
    }
}
