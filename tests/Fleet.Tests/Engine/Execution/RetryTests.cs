using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Diagnostics;
using Fleet.Engine.Execution;
using Fleet.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Execution;

public sealed class RetryTests
{
    private readonly FakeTimeProvider _time = ScriptedFleet.Clock();

    [Fact]
    public async Task Fail_TwiceThenSucceeds_IsTriedAtThePromisedDelays()
    {
        var starts = new ConcurrentQueue<DateTimeOffset>();
        var script = Script.Of(call =>
        {
            starts.Enqueue(_time.GetUtcNow());
            if (call.Context.Attempt <= 2)
                throw new InvalidOperationException($"Boom {call.Context.Attempt}.");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        var dues = new List<DateTimeOffset> { _time.GetUtcNow() };

        for (var attempt = 1; attempt <= 2; attempt++)
        {
            // The clock stands still while the attempt's end is written: the delays can be read to the tick.
            await _time.AdvanceUntilAsync(() => starts.Count >= attempt);
            await Waiting.UntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == attempt);
            var run = (await fleet.FindAsync(id))!;
            var row = (await fleet.AttemptsAsync(id))[^1];
            Assert.Equal((RunState.Pending, attempt), (run.State, run.Attempt));
            Assert.Equal((attempt, AttemptOutcome.Failed, $"Boom {attempt}."), (row.Number, row.Outcome, row.Error));
            Assert.Equal("System.InvalidOperationException", row.ErrorType);
            Assert.Contains(nameof(RetryTests), row.Stack, StringComparison.Ordinal);
            Assert.Equal(run.WorkerId, row.WorkerId);
            Assert.InRange((run.DueAt - row.EndedAt).TotalSeconds, 0.8 * attempt, 1.2 * attempt);
            dues.Add(run.DueAt);
        }

        var done = await fleet.AdvanceUntilAsync(_time, id, RunState.Succeeded);
        Assert.Equal(3, done.Attempt);
        Assert.Equal(2, (await fleet.AttemptsAsync(id)).Count);
        Assert.All(starts.Zip(dues), pair => Assert.InRange((pair.First - pair.Second).TotalSeconds, 0, 5));
    }

    [Fact]
    public async Task Fail_Always_IsListedAsDeadAndCanBeReplayedWithItsLineage()
    {
        var script = Script.Of(call => throw new InvalidOperationException($"Boom {call.Number}."));
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted());

        var dead = await fleet.AdvanceUntilAsync(_time, id, RunState.Failed);
        Assert.Equal((4, "Boom 4.", "System.InvalidOperationException"), (dead.Attempt, dead.Error, dead.ErrorType));
        var attempts = await fleet.AttemptsAsync(id);
        Assert.Equal([1, 2, 3, 4], attempts.Select(a => a.Number));
        var listed = await fleet.Http.GetFromJsonAsync<JsonElement>("/api/v1/runs?state=failed");
        Assert.Equal($"{id}", Assert.Single(listed.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());

        Assert.Equal(
            HttpStatusCode.Accepted, (await fleet.Http.PostAsync(new Uri($"/api/v1/runs/{id}/replay", UriKind.Relative), null)).StatusCode);
        await _time.AdvanceUntilAsync(() => script.Calls == 8);
        var again = await fleet.AdvanceUntilAsync(_time, id, RunState.Failed);

        // A fresh number of attempts, and nothing of the first life is lost.
        Assert.Equal((8, 1), (again.Attempt, again.Replays));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], (await fleet.AttemptsAsync(id)).Select(a => a.Number));
        var detail = await fleet.Http.GetFromJsonAsync<JsonElement>($"/api/v1/runs/{id}");
        var before = Assert.Single(detail.GetProperty("lineage").EnumerateArray());
        Assert.Equal(
            ("failed", 4, "Boom 4.", "api"),
            (
                before.GetProperty("fromState").GetString(), before.GetProperty("fromAttempt").GetInt32(),
                before.GetProperty("fromError").GetString(), before.GetProperty("by").GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Fail_NonRetryable_IsFinalAtOnce()
    {
        var script = Script.Of(_ => throw new NonRetryableException("The order does not exist."));
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted());

        await Waiting.UntilAsync(() => fleet.IsAsync(id, RunState.Failed));

        var run = (await fleet.FindAsync(id))!;
        Assert.Equal((1, "The order does not exist."), (run.Attempt, run.Error));
        Assert.Single(await fleet.AttemptsAsync(id));
    }

    [Fact]
    public async Task Fail_RetryAfter_WaitsThatLongAndCounts()
    {
        var script = Script.Of(call =>
        {
            if (call.Number == 1)
                throw new RetryAfterException(TimeSpan.FromMinutes(2), "The other side asked for patience.");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted());

        await Waiting.UntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);
        var due = (await fleet.FindAsync(id))!.DueAt;
        Assert.Equal(TimeSpan.FromMinutes(2), due - (await fleet.AttemptsAsync(id))[0].EndedAt);

        // In one leap: by steps of 100 ms it takes a thousand looks.
        _time.Advance(due - _time.GetUtcNow());
        var done = await fleet.AdvanceUntilAsync(_time, id, RunState.Succeeded);
        Assert.Equal(2, done.Attempt);
        Assert.True(done.StartedAt >= due);
    }

    [Fact]
    public async Task Snooze_Often_CountsNoAttempt()
    {
        // Longer than a worker holds a nudge, and no longer: the clock moves in small steps.
        var pause = TimeSpan.FromSeconds(6);
        var script = Script.Of(call =>
        {
            if (call.Number <= 6)
                throw call.Context.Snooze(pause, "not yet");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 1 });

        await Waiting.UntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);
        var run = (await fleet.FindAsync(id))!;
        var row = (await fleet.AttemptsAsync(id))[0];
        Assert.Equal((RunState.Pending, 0, pause), (run.State, run.Attempt, run.DueAt - row.EndedAt));
        Assert.Equal((AttemptOutcome.Snoozed, "not yet"), (row.Outcome, row.Error));

        var done = await fleet.AdvanceUntilAsync(_time, id, RunState.Succeeded);
        Assert.Equal((1, 7), (done.Attempt, script.Calls));
        // A job that polls for days must not fill the table.
        Assert.Equal((AttemptOutcome.Snoozed, 6), Assert.Single((await fleet.AttemptsAsync(id)).Select(a => (a.Outcome, a.Times))));
    }

    [Theory]
    [InlineData(null, null, 2)]
    [InlineData(null, 3, 3)]
    [InlineData(1, 3, 1)]
    public async Task Fail_SeveralLimits_TheNearestCounts(int? ofRun, int? configured, int expected)
    {
        var script = Script.Of(_ => throw new InvalidOperationException("Boom."));
        await using var fleet = await ScriptedFleet.StartAsync(
            script, settings: [
                "Worker:Retry:FirstDelay=00:00:00",
                .. configured is null ? [] : new[] { $"Worker:Retry:Jobs:test.ruled:MaxAttempts={configured}" }]);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Ruled(), new EnqueueOptions { MaxAttempts = ofRun }));

        Assert.Equal((RunState.Failed, expected), (run.State, run.Attempt));
    }

    [Fact]
    public async Task Reload_OfTheSettings_CountsForTheNextFailure()
    {
        using var folder = new TempFolder();
        Write(folder, Rule(1));
        await using var fleet = await EmbeddedFleet.StartAsync(folder: folder);
        Assert.Equal(1, await AttemptsOfFailureAsync(fleet));

        // Listeners hear of a change in their order: the policy before this one.
        var heard = 0;
        using var listener = fleet.Services.GetRequiredService<IOptionsMonitor<RetryOptions>>().OnChange(
            o => Volatile.Write(ref heard, o.MaxAttempts ?? 0));
        Write(folder, Rule(3));
        await HearsAsync(3);
        Assert.Equal(3, await AttemptsOfFailureAsync(fleet));

        // A good one that nobody reads, then a bad one: the good one stays.
        Write(folder, Rule(2));
        await HearsAsync(2);
        Write(folder, Rule(0));
        await SeesAsync(fleet, "0");
        Assert.Equal(2, await AttemptsOfFailureAsync(fleet));

        // Not even JSON.
        Write(folder, "{ \"Fleet\": ");
        await SeesAsync(fleet, null);
        Assert.Equal(2, await AttemptsOfFailureAsync(fleet));

        Write(folder, Rule(1));
        await HearsAsync(1);
        Assert.Equal(1, await AttemptsOfFailureAsync(fleet));

        static string Rule(int attempts) => """{"Fleet":{"Worker":{"Retry":{"MaxAttempts":N,"FirstDelay":"00:00:00"}}}}"""
            .Replace("\"MaxAttempts\":N", $"\"MaxAttempts\":{attempts}", StringComparison.Ordinal);

        // At once, as an editor's rename does: a reader never sees half of it.
        static void Write(TempFolder folder, string json)
        {
            var target = Path.Combine(folder.Path, "appsettings.json");
            File.WriteAllText(target + ".new", json);
            File.Move(target + ".new", target, overwrite: true);
        }

        Task HearsAsync(int attempts) => Waiting.UntilAsync(() => Volatile.Read(ref heard) == attempts);

        static Task SeesAsync(EmbeddedFleet fleet, string? attempts) => Waiting.UntilAsync(
            () => fleet.Services.GetRequiredService<IConfiguration>()["Fleet:Worker:Retry:MaxAttempts"] == attempts);
    }

    private static async Task<int> AttemptsOfFailureAsync(EmbeddedFleet fleet)
    {
        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Fail()));
        Assert.Equal(RunState.Failed, run.State);
        return run.Attempt;
    }
}
