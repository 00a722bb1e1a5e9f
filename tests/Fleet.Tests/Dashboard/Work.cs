using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.EndToEnd;

namespace Fleet.Tests.Dashboard;

/// <summary>What a fleet does while somebody looks: some of everything, with names and texts that mean harm.</summary>
internal static class Work
{
    /// <summary>Markup, text from right to left, and characters without a width, in 200 characters.</summary>
    public static readonly string Hostile = "<img src=x onerror=alert(1)> \u202eabc\u200b </script>&amp;".PadRight(200, 'x');

    /// <summary>Makes runs that succeeded, failed, wait and execute, and a schedule.</summary>
    public static async Task<Mixed> MixAsync(HttpClient api)
    {
        var succeeded = await EnqueueAsync(api, new { job = "diag.echo", args = new { text = Hostile }, tags = new[] { "<b>tag</b>" } });
        var failed = "";
        for (var i = 0; i < 3; i++)
            failed = await EnqueueAsync(api, new { job = "diag.fail", args = new { retryable = false }, maxAttempts = 1 });
        var waiting = await EnqueueAsync(api, new { job = "diag.echo", args = new { }, delay = "1h" });
        var running = await EnqueueAsync(api, new { job = "diag.sleep", args = new { ms = 600_000 } });
        using var schedule = await api.PutAsJsonAsync(
            "/api/v1/schedules/nightly", new { job = "diag.echo", args = new { }, cron = "0 3 * * *", zone = "Europe/Berlin" });
        Assert.True(schedule.IsSuccessStatusCode, await schedule.Content.ReadAsStringAsync());
        await UntilAsync(api, succeeded, "succeeded");
        await UntilAsync(api, failed, "failed");
        await UntilAsync(api, running, "running");
        return new(succeeded, failed, waiting, running);
    }

    /// <summary>Waits until a run is in a state.</summary>
    public static Task UntilAsync(HttpClient api, string run, string state) => Until.TrueAsync(
        async () => (await api.GetFromJsonAsync<JsonObject>($"/api/v1/runs/{run}"))!["state"]!.GetValue<string>() == state);

    private static async Task<string> EnqueueAsync(HttpClient api, object run)
    {
        using var answer = await api.PostAsJsonAsync("/api/v1/runs", run);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["id"]!.GetValue<string>();
    }

    /// <summary>One run of each kind.</summary>
    public sealed record Mixed(string Succeeded, string Failed, string Waiting, string Running);
}
