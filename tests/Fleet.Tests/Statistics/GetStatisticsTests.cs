using System.Net;
using System.Net.Http.Json;
using Fleet.Client;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Statistics;

public sealed class GetStatisticsTests
{
    [Fact]
    public async Task Statistics_AfterMixedWork_AgreeWithTheRuns()
    {
        var script = Script.Of(call =>
        {
            if (call.Word == "fails")
                throw new NonRetryableException("never");
            if (call.Word == "flaky" && call.Context.Attempt == 1)
                throw new InvalidOperationException("once");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:Retry:FirstDelay=00:00:00"]);
        string[] words = ["fine", "fails", "flaky"];
        var ids = await fleet.Client.EnqueueManyAsync(Enumerable.Range(0, 60).Select(i => new Scripted(words[i % 3])).ToArray());
        var later = await fleet.Client.EnqueueAsync(new Scripted("fine"), new EnqueueOptions { Delay = TimeSpan.FromHours(1) });
        await fleet.Client.CancelAsync(later);
        foreach (var id in ids)
            await fleet.WaitAsync(id);
        // The handler has ended; its end is counted when it is written.
        await Waiting.UntilAsync(async () =>
        {
            await fleet.Services.GetRequiredService<FlushFigures>().FlushAsync(CancellationToken.None);
            return (await GetAsync(fleet, "?since=10m")).Series[0].Total.Ends?.All >= 81;
        });

        var all = Assert.Single((await GetAsync(fleet, "?since=10m&buckets=true")).Series);
        await using var db = fleet.Storage.Read();
        var states = await db.Runs.GroupBy(r => r.State).ToDictionaryAsync(g => g.Key, g => (long)g.Count());
        var ends = all.Total.Ends!;
        Assert.Equal(
            (states[RunState.Succeeded], states[RunState.Failed], states[RunState.Canceled], 20L, 81L),
            (ends.Succeeded, ends.Failed, ends.Canceled, ends.Retried, ends.All));
        Assert.Equal(80, all.Total.Wait!.Count);
        Assert.Equal(80, all.Total.Duration!.Buckets!.Sum(b => b.Count));
        Assert.Equal(ends.All, all.Points.Sum(p => p.Ends?.All ?? 0));
        Assert.False(all.Points[^1].Complete);
        Assert.Contains(all.Points, p => !p.HasData && p.Ends is null);

        var byOutcome = await GetAsync(fleet, "?since=10m&by=outcome&step=whole");
        Assert.Equal(["canceled", "failed", "retried", "succeeded"], byOutcome.Series.Select(s => s.Key).Order());
        var byJob = await GetAsync(fleet, "?since=10m&by=job&order=failures&top=1");
        Assert.Equal("test.scripted", Assert.Single(byJob.Series).Key);
        var rates = await fleet.Http.GetFromJsonAsync("/api/v1/statistics/now", ApiJson.Default.RatesView);
        Assert.Contains(rates!.Lanes, l => l.Lane == "default" && l.Slots > 0);
        var worker = (await db.Workers.SingleAsync()).Id;
        var activity = await fleet.Http.GetFromJsonAsync($"/api/v1/workers/{worker}/activity", ApiJson.Default.WorkerActivityView);
        Assert.Equal(80, activity!.Lanes.SelectMany(l => l.Samples).Sum(s => s.Ended));
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("/api/v1/workers/nobody/activity")).StatusCode);
    }

    [Theory]
    [InlineData("?since=0s", "since")]
    [InlineData("?since=P9999999D", "since")]
    [InlineData("?until=9999-12-31T23:59:59.9999999Z", "until")]
    [InlineData("?until=0001-01-01T00:00:00Z", "until")]
    [InlineData("?since=1h&from=2026-01-01T00:00:00Z", "since")]
    [InlineData("?from=2099-01-01T00:00:00Z", "from")]
    [InlineData("?from=1970-01-01T00:00:00Z", "from")]
    [InlineData("?since=90d&step=minute", "step")]
    [InlineData("?since=2d&step=minute&by=job&top=100", "step")]
    [InlineData("?since=2d&step=minute&by=lane&top=5&buckets=true", "step")]
    [InlineData("?top=101", "top")]
    [InlineData("?outcome=slots", "outcome")]
    [InlineData("?by=color", "by")]
    public async Task Statistics_BadRequest_NamesTheField(string query, string field)
    {
        await using var fleet = await EmbeddedFleet.StartAsync();

        var answer = await fleet.Http.GetAsync("/api/v1/statistics" + query);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"{field}:", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<StatisticsView> GetAsync(EmbeddedFleet fleet, string query) =>
        (await fleet.Http.GetFromJsonAsync("/api/v1/statistics" + query, ApiJson.Default.StatisticsView))!;
}
