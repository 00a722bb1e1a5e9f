using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Workers;
using Fleet.Engine.Workers;
using Fleet.Tests.Jobs;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Workers;

/// <summary>Runs that a worker cannot run: they wait, uncounted and visible, and it is said once.</summary>
public sealed class UnservedRunsTests
{
    private readonly LogRecorder _log = new();

    [Fact]
    public async Task Execute_UnknownJob_WaitsUncountedAndSaysWhy()
    {
        var time = ScriptedFleet.Clock();
        await using var fleet = await StartAsync(time);
        var (id, other) = (await fleet.InsertAsync("test.gone", "{}", maxAttempts: 1), await fleet.InsertAsync("test.gone", "{}"));

        await time.AdvanceUntilAsync(async () => (await fleet.AttemptsAsync(id)) is [{ Times: >= 3 }]);

        var run = (await fleet.FindAsync(id))!;
        Assert.Equal((RunState.Pending, 0, "Unserved"), (run.State, run.Attempt, run.ErrorType));
        Assert.StartsWith(
            "No active worker of lane 'default' knows the job 'test.gone'; it waits for one. Given back by ", run.Error,
            StringComparison.Ordinal);
        Assert.Single(_log.Warnings("test.gone"));
        var shown = (await fleet.Http.GetFromJsonAsync<JsonObject>($"/api/v1/runs/{id}"))!;
        Assert.Equal("unserved", shown["attempts"]![0]!["outcome"]!.GetValue<string>());
        Assert.True(shown["attempts"]![0]!["times"]!.GetValue<int>() >= 3);

        await fleet.Services.GetRequiredService<CancelRuns>().ExecuteAsync(other, "not needed", Somebody.Me, CancellationToken.None);
        await fleet.AdvanceUntilAsync(time, other, RunState.Canceled);
    }

    [Fact]
    public async Task Execute_UnknownJobForLong_IsLookedAtEveryFiveMinutesAtMost()
    {
        var time = ScriptedFleet.Clock();
        await using var fleet = await StartAsync(time);
        var id = await fleet.InsertAsync("test.gone", "{}");
        await time.AdvanceUntilAsync(async () => await fleet.AttemptsAsync(id) is [{ Times: 1 }]);
        for (var pause = TimeSpan.Zero; pause < UnservedRuns.MaxPause * 0.8;)
        {
            time.Advance(pause);
            var tries = (await fleet.AttemptsAsync(id))[0].Times;
            await time.AdvanceUntilAsync(async () => (await fleet.AttemptsAsync(id))[0].Times > tries);
            pause = (await fleet.FindAsync(id))!.DueAt - Assert.Single(await fleet.AttemptsAsync(id)).EndedAt;
            Assert.InRange(pause, TimeSpan.Zero, UnservedRuns.MaxPause * 1.2);
        }
    }

    [Fact]
    public async Task Execute_UnknownJobThatAnotherWorkerKnows_IsGivenBackForShort()
    {
        var time = ScriptedFleet.Clock();
        await using var fleet = await StartAsync(time);
        await OfferAsync<GoneJob>(fleet, time, "default");
        // What this worker knew of the others is out of date by now.
        time.Advance(TimeSpan.FromSeconds(10));
        var id = await fleet.InsertAsync("test.gone", "{}");

        await time.AdvanceUntilAsync(async () => await fleet.AttemptsAsync(id) is [{ Times: >= 8 }]);

        var run = (await fleet.FindAsync(id))!;
        Assert.StartsWith(
            "This worker does not know the job 'test.gone'. It waits for one of the 1 worker(s) of lane 'default' that know it.", run.Error,
            StringComparison.Ordinal);
        Assert.True(run.DueAt - Assert.Single(await fleet.AttemptsAsync(id)).EndedAt <= UnservedRuns.MaxPauseNearby * 1.2);
    }

    [Fact]
    public async Task Execute_UnknownJobThatAnotherLaneKnows_NamesTheLane()
    {
        var time = ScriptedFleet.Clock();
        await using var fleet = await StartAsync(time);
        await OfferAsync<GoneJob>(fleet, time, "reports");
        time.Advance(TimeSpan.FromSeconds(10));
        var id = await fleet.InsertAsync("test.gone", "{}");

        await time.AdvanceUntilAsync(async () => (await fleet.FindAsync(id))!.Error is not null);

        Assert.Contains(
            "knows the job 'test.gone'; it waits for one. Workers of lane 'reports' offer it.", (await fleet.FindAsync(id))!.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_RequiredArgumentIsMissing_WaitsUncountedAndNamesIt()
    {
        var time = ScriptedFleet.Clock();
        await using var fleet = await StartAsync(time);
        var id = await fleet.InsertAsync("test.needy", """{"first":"a"}""", maxAttempts: 1);

        await time.AdvanceUntilAsync(async () => await fleet.AttemptsAsync(id) is [{ Times: >= 2 }]);

        var run = (await fleet.FindAsync(id))!;
        Assert.Equal((RunState.Pending, 0, "Unserved"), (run.State, run.Attempt, run.ErrorType));
        Assert.StartsWith(
            "args.second is missing: job 'test.needy' needs it in this worker's version. No active worker of lane 'default' has another "
            + "version of the job; it waits for one.",
            run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_ArgsThatOnlyAnotherVersionTakes_WaitForIt()
    {
        var time = ScriptedFleet.Clock();
        await using var fleet = await StartAsync(time);
        await OfferAsync<NeedyTextJob>(fleet, time, "default");
        time.Advance(TimeSpan.FromSeconds(10));
        var (waits, fails) = (
            await fleet.InsertAsync("test.needy", """{"first":"a","second":"b"}"""),
            await fleet.InsertAsync("test.needy", """{"first":"a","second":true}"""));

        await fleet.AdvanceUntilAsync(time, fails, RunState.Failed);
        await time.AdvanceUntilAsync(async () => (await fleet.FindAsync(waits))!.Error is not null);

        var run = (await fleet.FindAsync(waits))!;
        Assert.Equal((RunState.Pending, 0), (run.State, run.Attempt));
        Assert.Contains(
            "Another version of the job accepts them. It waits for one of the 1 worker(s) of lane 'default' with another version of the "
            + "job.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WorkerThatKnowsTheJob_RunsWhatWaitedForIt()
    {
        using var folder = new TempFolder();
        RunId id;
        await using (var old = await ScriptedFleet.StartAsync(Script.Of(_ => { }), folder: folder))
        {
            id = await old.InsertAsync("test.gone", "{}");
            await Waiting.UntilAsync(async () => (await old.FindAsync(id))!.Error is not null);
            // As if it had waited for long.
            await old.Storage.WriteAsync(
                session => session.Db.Runs.ExecuteUpdateAsync(
                    set => set.SetProperty(r => r.DueAt, TimeProvider.System.GetUtcNow() + UnservedRuns.MaxPause), CancellationToken.None),
                CancellationToken.None);
        }

        await using var next = await ScriptedFleet.StartAsync(
            Script.Of(_ => { }), folder: folder, configure: services => services.AddFleetJobs(jobs => jobs.Add<GoneJob>()));

        var run = await next.WaitAsync(id);
        Assert.Equal((RunState.Succeeded, 1, null), (run.State, run.Attempt, run.Error));
    }

    [Fact]
    public async Task ListJobs_OfAWorker_TellsHowManyServeThem()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));

        var job = (await fleet.Http.GetFromJsonAsync<JsonObject>("/api/v1/jobs/test.needy"))!;

        Assert.Equal(1, job["servedBy"]!.GetValue<int>());
        Assert.Equal(16, job["version"]!.GetValue<string>().Length);
    }

    /// <summary>Another worker, of another program, which offers a job and does nothing.</summary>
    private static async Task OfferAsync<TJob>(EmbeddedFleet fleet, FakeTimeProvider time, string lane)
    {
        using var catalog = new JobCatalog(fleet.Storage, new JobRegistry([JobRegistration.For(typeof(TJob))]), time);
        await new PublishJobs(catalog, fleet.Storage, time, NullLogger<PublishJobs>.Instance)
            .ExecuteAsync(Somebody.Me, CancellationToken.None);
        await new RegisterWorkers(fleet.Storage, catalog).RegisterAsync(
            "other", new Dictionary<string, int> { [lane] = 1 }, TimeSpan.FromHours(10), CancellationToken.None);
    }

    private Task<EmbeddedFleet> StartAsync(FakeTimeProvider time) =>
        ScriptedFleet.StartAsync(Script.Of(_ => { }), time, configure: services => services.AddSingleton<ILoggerProvider>(_log));
}
