using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.Support;
using Microsoft.Playwright;

namespace Fleet.Tests.Dashboard;

/// <summary>What a person does on the page without a mouse.</summary>
public sealed class ByKeyboardTests(Chromium chromium)
{
    /// <summary>Submits a run, finds it, follows it to its last log line, and replays it.</summary>
    [Fact]
    public async Task Run_FromSubmitToReplay_NeedsNoMouse()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(services => services.AddFleetJobs(jobs => jobs.Add<ImportJob>()));
        await using var context = await chromium.OpenAsync(new() { BaseURL = $"{fleet.Http.BaseAddress}" });
        var watched = await Watched.OpenAsync(context);
        var page = watched.Page;
        await watched.GoAsync("");

        // 1. To the job by name, and its form.
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("page.import");
        await page.GetByRole(AriaRole.Option, new() { Name = "page.import job" }).WaitForAsync();
        await page.Keyboard.PressAsync("Enter");
        var enqueue = page.GetByRole(AriaRole.Button, new() { Name = "Enqueue", Exact = true });
        await enqueue.WaitForAsync();
        await TabToAsync(page, enqueue);
        await page.Keyboard.PressAsync("Enter");

        // 2. By the link of the note that says that it is enqueued.
        var follow = page.GetByRole(AriaRole.Link, new() { Name = "Follow the run" });
        await follow.WaitForAsync();
        await TabToAsync(page, follow);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "page.import" }).WaitForAsync();
        var id = page.Url.Split('/')[^1].Split('?')[0];

        // 3. Found again by a query, and opened from the list.
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("r");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Runs", Level = 1 }).WaitForAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync($"id:{id}");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => url.Contains("q=", StringComparison.Ordinal));
        await page.Locator("tbody tr").First.WaitForAsync();
        await page.EvaluateAsync("() => document.activeElement.blur()");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => url.Contains(id, StringComparison.Ordinal) && !url.Contains("q=", StringComparison.Ordinal));

        // 4. Its log, while it goes on to its end.
        await Work.UntilAsync(fleet.Http, id, "failed");
        await page.Locator(".page-head .chip", new() { HasText = "failed" }).WaitForAsync();
        var log = page.GetByRole(AriaRole.Tab, new() { Name = "Log" });
        await TabToAsync(page, page.Locator("[role=tab][aria-selected=true]"));
        while (await log.GetAttributeAsync("aria-selected") != "true")
            await page.Keyboard.PressAsync("ArrowRight");
        await page.GetByRole(AriaRole.Log).GetByText("line 2 of 2").WaitForAsync();

        // 5. Again.
        await page.Keyboard.PressAsync("r");
        var replay = page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Replay", Exact = true });
        await replay.WaitForAsync();
        await TabToAsync(page, replay);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.Locator(".told p").WaitForAsync();
        Assert.Equal(1, (await fleet.Http.GetFromJsonAsync<JsonObject>($"/api/v1/runs/{id}"))!["replays"]!.GetValue<int>());
        await watched.CheckAsync("by keyboard");
    }

    /// <summary>Tabs on until something has the focus, as a person would; at most once around.</summary>
    private static async Task TabToAsync(IPage page, ILocator target)
    {
        for (var i = 0; i < 100; i++)
        {
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement"))
                return;
            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"{target} cannot be reached with Tab.");
    }

    [Job("page.import", MaxAttempts = 1)]
    public sealed record Import;

    public sealed class ImportJob : IJob<Import>
    {
        public Task RunAsync(Import args, JobContext context, CancellationToken ct)
        {
            context.Log.Information("line 1 of 2");
            context.Log.Information("line 2 of 2");
            throw new NonRetryableException("The file is empty.");
        }
    }
}
