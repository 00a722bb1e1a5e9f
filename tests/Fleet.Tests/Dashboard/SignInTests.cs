using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Fleet.Tests.Dashboard;

/// <summary>The page with access on: who may see it, and what happens when a session ends.</summary>
public sealed class SignInTests(Chromium chromium)
{
    /// <summary>A wrong key is refused in words; a session that is revoked ends the page within seconds, and what was typed is
    /// kept.</summary>
    [Fact]
    public async Task Session_RevokedWhileSomebodyTypes_KeepsWhatWasTyped()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [new("Fleet:Api:Access", "on")]);
        var key = await KeyAsync(fleet, Role.Admin);
        await using var context = await chromium.OpenAsync(new() { BaseURL = $"{fleet.Http.BaseAddress}" });
        var watched = await Watched.OpenAsync(context);
        var page = watched.Page;

        // 1. A wrong key, then the right one.
        await watched.GoAsync("jobs/diag.echo");
        await SignInAsync(page, "flt_wrong");
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        await watched.CheckAccessibilityAsync("sign-in");
        await SignInAsync(page, key);
        var json = page.GetByLabel("args");
        await page.GetByText("As JSON").WaitForAsync();
        if (!await json.IsVisibleAsync())
            await page.GetByText("As JSON").ClickAsync();
        await json.FillAsync("""{"kept":"yes"}""");

        // 2. Somebody revokes the session.
        fleet.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var sessions = (await fleet.Http.GetFromJsonAsync<JsonObject>("/api/v1/sessions"))!["items"]!.AsArray();
        using var revoked = await fleet.Http.DeleteAsync($"/api/v1/sessions/{sessions.Single()!["id"]}");
        Assert.True(revoked.IsSuccessStatusCode);

        // 3. The page says so by itself, and goes on where it was.
        await page.GetByRole(AriaRole.Heading, new() { Name = "Your session has ended" }).WaitForAsync();
        await SignInAsync(page, key);
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal("""{"kept":"yes"}""", await json.InputValueAsync());
        await watched.CheckAsync("sign-in");
    }

    /// <summary>Whoever may only look is offered nothing else.</summary>
    [Fact]
    public async Task Viewer_OnAnyPage_IsOfferedNoChange()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [new("Fleet:Api:Access", "on")]);
        var key = await KeyAsync(fleet, Role.Viewer);
        await using var context = await chromium.OpenAsync(new() { BaseURL = $"{fleet.Http.BaseAddress}" });
        var watched = await Watched.OpenAsync(context);
        await watched.GoAsync("lanes");
        await SignInAsync(watched.Page, key);
        await watched.Page.GetByRole(AriaRole.Heading, new() { Name = "Lanes", Level = 1 }).WaitForAsync();

        foreach (var path in (string[])["lanes", "workers", "jobs/diag.echo", "runs"])
        {
            await watched.GoAsync(path);
            Assert.Equal(0, await watched.Page.Locator("main :is(button.primary, a.primary, button.danger)").CountAsync());
        }

        Assert.Equal(0, await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Keys" }).CountAsync());
        await watched.CheckAsync("viewer");
    }

    private static async Task SignInAsync(IPage page, string key)
    {
        await page.GetByLabel("API key").FillAsync(key);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    private static async Task<string> KeyAsync(EmbeddedFleet fleet, Role role)
    {
        var key = KeyText.New();
        await fleet.Services.GetRequiredService<CreateKeys>().ImportAsync(
            new KeyRequest("somebody", role.ToString().ToLowerInvariant(), ExpiresIn: TimeSpan.FromDays(1)), key, ThisProcess.User,
            CancellationToken.None);
        return key.Text;
    }
}
