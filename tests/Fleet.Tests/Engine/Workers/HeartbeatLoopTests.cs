using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Core.Workers;
using Fleet.Engine.Execution;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Workers;

/// <summary>When a heartbeat looks for runs that the database counts as the worker's and nobody executes: the answer to their claim was
/// lost.</summary>
public sealed class HeartbeatLoopTests
{
    private readonly FakeTimeProvider _time = ScriptedFleet.Clock();

    [Fact]
    public async Task Doubt_AnswerToAClaimWasLost_GivesTheRunBackAtTheSecondBeat()
    {
        await using var fleet = await StartAsync();
        var id = await ClaimUnansweredAsync(fleet);

        // Nothing is in doubt, and the runs under way are shorter than a beat.
        await BeatAsync(fleet, 3);
        Assert.True(await fleet.IsAsync(id, RunState.Running));

        fleet.Services.GetRequiredService<HeartbeatLoop>().Doubt();
        await BeatAsync(fleet, 2);
        await IsGivenBackAsync(fleet, id);
    }

    [Fact]
    public async Task Beat_NobodyDoubts_LooksAllTheSameOnceInAWhile()
    {
        await using var fleet = await StartAsync();
        var id = await ClaimUnansweredAsync(fleet);

        await BeatAsync(fleet, HeartbeatLoop.MaxBlindBeats + 2);

        await IsGivenBackAsync(fleet, id);
    }

    [Fact]
    public async Task Claim_NudgeOfARunThatThisWorkerHoldsAlready_IsInDoubt()
    {
        await using var fleet = await StartAsync();
        var id = await ClaimUnansweredAsync(fleet);

        await new Wire(fleet.Services).SendReadyAsync("default", [id], CancellationToken.None);
        // When one that came after it has ended, it was looked at, or soon is.
        var other = await fleet.Client.EnqueueAsync(new Scripted());
        await Waiting.UntilAsync(() => fleet.IsAsync(other, RunState.Succeeded));
        await BeatAsync(fleet, HeartbeatLoop.MaxBlindBeats / 2);

        await IsGivenBackAsync(fleet, id);
    }

    /// <summary>A handler that was given up hangs on while its run is claimed again and the answer is lost.</summary>
    [Fact]
    public async Task Beat_OnlyAnOlderClaimOfTheRunIsUnderWay_GivesTheRunBack()
    {
        var hang = new TaskCompletionSource();
        var script = new Script(call => call.Number == 1 ? hang.Task : Task.CompletedTask);
        await using var fleet = await StartAsync(
            script, ["Worker:StopGrace=00:00:01", "Worker:Retry:FirstDelay=00:10:00", "Worker:Retry:Jitter=0"]);
        var id = await fleet.Client.EnqueueAsync(new Ruled());
        await script.NextAsync();
        await _time.AdvanceUntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);

        await ClaimUnansweredAsync(fleet, id);
        fleet.Services.GetRequiredService<HeartbeatLoop>().Doubt();
        await BeatAsync(fleet, 3);

        await Waiting.UntilAsync(
            async () => (await fleet.AttemptsAsync(id)).Any(a => a is { Number: 2, Outcome: AttemptOutcome.Released }));
        hang.SetResult();
    }

    [Fact]
    public async Task Beat_AnswerToTheClaimIsStillAwaited_LeavesTheRun()
    {
        await using var fleet = await StartAsync();
        var running = fleet.Services.GetRequiredService<RunningRuns>();
        var id = await ClaimUnansweredAsync(fleet);
        RunId[] asked = [id];
        running.Asking(asked);

        fleet.Services.GetRequiredService<HeartbeatLoop>().Doubt();
        await BeatAsync(fleet, HeartbeatLoop.MaxBlindBeats + 2);
        Assert.Empty(await fleet.AttemptsAsync(id));
        Assert.True(await fleet.IsAsync(id, RunState.Running));

        running.Answered(asked);
        fleet.Services.GetRequiredService<HeartbeatLoop>().Doubt();
        await BeatAsync(fleet, 3);
        await IsGivenBackAsync(fleet, id);
    }

    [Fact]
    public async Task Beat_RunWaitsForAThread_LeavesItAndItRunsOnce()
    {
        var script = new Script(_ => Task.CompletedTask);
        await using var fleet = await StartAsync(script);
        var execute = fleet.Services.GetRequiredService<ExecuteRuns>();
        var run = await ClaimAsync(fleet, await fleet.InsertAsync("test.scripted", "{}"));
        var admitted = execute.Admit(run);

        fleet.Services.GetRequiredService<HeartbeatLoop>().Doubt();
        await BeatAsync(fleet, HeartbeatLoop.MaxBlindBeats + 2);
        await execute.ExecuteAsync(admitted, _ => { });

        Assert.Equal((1, RunState.Succeeded), (script.Calls, (await fleet.FindAsync(run.Id))!.State));
        Assert.Empty(await fleet.AttemptsAsync(run.Id));
    }

    [Theory]
    [InlineData(StopCause.LeaseLost, RunState.Running)]
    [InlineData(StopCause.Canceled, RunState.Canceled)]
    [InlineData(StopCause.Drained, RunState.Pending)]
    public async Task Execute_StoppedWhileItWaitedForAThread_DoesNotCallTheHandler(StopCause cause, RunState state)
    {
        var script = new Script(_ => Task.CompletedTask);
        // Nobody else takes what is given back.
        await using var fleet = await StartAsync(script, ["Worker:Lanes:other=1"]);
        var execute = fleet.Services.GetRequiredService<ExecuteRuns>();
        var run = await ClaimAsync(fleet, await fleet.InsertAsync("test.scripted", "{}"));
        var admitted = execute.Admit(run);
        var running = fleet.Services.GetRequiredService<RunningRuns>();
        if (cause == StopCause.LeaseLost)
            running.StopAll(cause);
        else
            running.Stop(run.Id, cause);

        await execute.ExecuteAsync(admitted, _ => { });

        Assert.Equal((0, state), (script.Calls, (await fleet.FindAsync(run.Id))!.State));
        Assert.False(running.Contains(run.Id));
    }

    /// <summary>Over a connection that hangs: the end of the lease does not wait for the end of the call.</summary>
    [Fact]
    public async Task Lease_OverWhileTheBeatHangs_TellsTheHandlersAtOnce()
    {
        var script = new Script(
            call => call.Number == 1 ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Token) : Task.CompletedTask);
        var gate = new StorageGate<Pulse>();
        await using var fleet = await StartAsync(script, configure: gate.AddTo);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        var first = await script.NextAsync();
        using (gate.Close())
        {
            fleet.Services.GetRequiredService<HeartbeatLoop>().Wake();
            await gate.ArrivedAsync();
            Assert.False(first.Token.IsCancellationRequested);

            var tripped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = first.Token.Register(tripped.SetResult);
            _time.Advance(TimeSpan.FromMinutes(5));
            await tripped.Task.WaitAsync(Waiting.Limit);
        }

        // Nobody took it meanwhile: the worker gives it back itself, without a failed attempt.
        await fleet.AdvanceUntilAsync(_time, id, RunState.Succeeded);
        Assert.All(await fleet.AttemptsAsync(id), a => Assert.Equal(AttemptOutcome.Released, a.Outcome));
    }

    [Fact]
    public async Task Retry_ClockIsAheadOfTheDatabase_IsDueByTheClockOfTheDatabase()
    {
        await using var fleet = await StartAsync();
        var run = await ClaimAsync(fleet, await fleet.InsertAsync("test.scripted", "{}"));
        fleet.Services.GetRequiredService<DatabaseClock>().Observe(_time.GetUtcNow() - TimeSpan.FromMinutes(10), _time.GetUtcNow());
        var now = _time.GetUtcNow();

        await fleet.Services.GetRequiredService<FailRuns>().ExecuteAsync(
            new Failure(run, AttemptOutcome.Failed, new RunError("T", "boom", null), now.AddMinutes(1)), CancellationToken.None);

        // Rounded up, so that runs that failed together share a nudge.
        var late = (await fleet.FindAsync(run.Id))!.DueAt - now.AddMinutes(-9);
        Assert.InRange(late, TimeSpan.Zero, HoldRetries.LongStep);
    }

    private static Task IsGivenBackAsync(EmbeddedFleet fleet, RunId id) => Waiting.UntilAsync(
        async () => (await fleet.AttemptsAsync(id)).Any(a => a is { Number: 1, Outcome: AttemptOutcome.Released }));

    /// <summary>A fleet whose worker has had its first beat, which looks in any case.</summary>
    private async Task<EmbeddedFleet> StartAsync(
        Script? script = null, string[]? settings = null, Action<IServiceCollection>? configure = null)
    {
        var fleet = await ScriptedFleet.StartAsync(script ?? new Script(_ => Task.CompletedTask), _time, settings, configure: configure);
        await BeatAsync(fleet, 1);
        return fleet;
    }

    /// <summary>Claims a run for the worker behind its back, as when it never hears of it.</summary>
    private async Task<RunId> ClaimUnansweredAsync(EmbeddedFleet fleet, RunId? wanted = null) =>
        (await ClaimAsync(fleet, wanted ?? await fleet.InsertAsync("test.scripted", "{}"))).Id;

    /// <summary>Claims a run, whenever it is due.</summary>
    private async Task<ClaimedRun> ClaimAsync(EmbeddedFleet fleet, RunId id)
    {
        var worker = fleet.Services.GetRequiredService<WorkerIdentity>().Id;
        var outcomes = await fleet.Storage.WriteAsync(
            session => fleet.Storage.Statements.ClaimAsync(
                session, worker, [id], _time.GetUtcNow().AddHours(1), passedGates: false, CancellationToken.None),
            CancellationToken.None);
        return Assert.Single(outcomes).Run!;
    }

    /// <summary>Lets so many heartbeats go by.</summary>
    private async Task BeatAsync(EmbeddedFleet fleet, int beats)
    {
        var loop = fleet.Services.GetRequiredService<HeartbeatLoop>();
        for (var i = 0; i < beats; i++)
        {
            var before = await AtAsync();
            _time.Advance(TimeSpan.FromMilliseconds(10));
            loop.Wake();
            await Waiting.UntilAsync(async () => await AtAsync() > before);
        }

        async Task<DateTimeOffset> AtAsync()
        {
            await using var db = fleet.Storage.Read();
            return await db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Active).Select(w => w.HeartbeatAt).SingleAsync();
        }
    }
}
