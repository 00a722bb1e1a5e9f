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

    public static TheoryData<ColorScheme, int> Looks { get; } = new()
    {
        { ColorScheme.Light, 1280 },
        { ColorScheme.Dark, 1280 },
        { ColorScheme.Light, 320 },
        { ColorScheme.Dark, 320 },
    };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Page_OfAFleetAtWork_IsInOrder(ColorScheme theme, int width)
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        await LookAsync(fleet, "work", theme, width, await Work.MixAsync(fleet.Http));
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Page_OfAnEmptyFleet_IsInOrder(ColorScheme theme, int width)
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        await LookAsync(fleet, "empty", theme, width);
    }

    /// <summary>The API answers nothing but that it cannot.</summary>
    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Page_OfAServerInTrouble_SaysSo(ColorScheme theme, int width)
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        await LookAsync(fleet, "trouble", theme, width, prepare: context => context.RouteAsync(
            url => url.Contains("/api/v1/", StringComparison.Ordinal) && !url.EndsWith("/whoami", StringComparison.Ordinal),
            route => route.FulfillAsync(new()
            {
                Status = 503,
                ContentType = "application/problem+json",
                Body = """{"title":"Unavailable","status":503,"detail":"The database does not answer.","code":"database_down"}""",
            })));
    }

    private async Task LookAsync(
        EmbeddedFleet fleet, string state, ColorScheme theme, int width, Work.Mixed? work = null,
        Func<IBrowserContext, Task>? prepare = null)
    {
        await using var context = await chromium.OpenAsync(new()
        {
            BaseURL = $"{fleet.Http.BaseAddress}",
            ColorScheme = theme,
            ViewportSize = new() { Width = width, Height = 900 },
        });
        if (prepare is not null)
            await prepare(context);
        foreach (var (path, name) in Pages(work))
        {
            var what = $"{name} ({state}, {theme}, {width} px)";
            var page = await Watched.OpenAsync(context);
            await page.GoAsync(path);
            await page.Page.ScreenshotAsync(new()
            {
                Path = Path.Combine(Pictures, $"{name}-{state}-{theme}-{width}.png".ToLowerInvariant()),
                FullPage = true,
            });
            await page.CheckWidthAsync(what);
            await page.CheckAccessibilityAsync(what);
            await page.CheckAsync(what);
            await page.Page.CloseAsync();
        }
    }
}
