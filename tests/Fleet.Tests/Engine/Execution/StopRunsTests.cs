using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Execution;
using Fleet.Engine.Workers;
using Fleet.Testing;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Execution;

/// <summary>Timeout, cancel, drain and a lost lease: the four reasons for which a handler is asked to stop.</summary>
public sealed class StopRunsTests
{
    private readonly FakeTimeProvider _time = ScriptedFleet.Clock();
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Timeout_HandlerHeedsItsToken_IsRetriedAndTheErrorNamesTheTimeout()
    {
        var script = new Script(call => call.Number == 1 ? ForeverAsync(call.Token) : Task.CompletedTask);
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Ruled());
        var first = await script.NextAsync();
        var begun = _time.GetUtcNow();

        await _time.AdvanceUntilAsync(() => first.Token.IsCancellationRequested);
        Assert.InRange((_time.GetUtcNow() - begun).TotalSeconds, 4.9, 6);
        var done = await fleet.AdvanceUntilAsync(_time, id, RunState.Succeeded);

        Assert.Equal(2, done.Attempt);
        var row = Assert.Single(await fleet.AttemptsAsync(id));
        Assert.Equal((AttemptOutcome.TimedOut, "System.TimeoutException"), (row.Outcome, row.ErrorType));
        Assert.Contains("timeout of 00:00:05", row.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timeout_HandlerIgnoresItsToken_GivesTheRunUpAndKeepsTheSlotTaken()
    {
        var script = new Script(call => call.Number == 1 ? _release.Task : Task.CompletedTask);
        await using var fleet = await ScriptedFleet.StartAsync(
            script, _time, ["Worker:Lanes:narrow=1", "Worker:Lanes:default=4", "Worker:StopGrace=00:00:03"]);
        var transport = new Wire(fleet.Services);
        var id = await fleet.Client.EnqueueAsync(new Ruled());
        await script.NextAsync();
        var begun = _time.GetUtcNow();

        await _time.AdvanceUntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);
        Assert.InRange(((await fleet.AttemptsAsync(id))[0].EndedAt - begun).TotalSeconds, 7.9, 12);
        Assert.Equal(AttemptOutcome.TimedOut, (await fleet.AttemptsAsync(id))[0].Outcome);

        // Its second attempt is due and at the door; the only slot is still taken by the first.
        await _time.AdvanceUntilAsync(async () => await transport.CountWaitingAsync("narrow", CancellationToken.None) > 0);
        await fleet.AdvanceUntilAsync(_time, await fleet.Client.EnqueueAsync(new Scripted()), RunState.Succeeded);
        Assert.Equal((RunState.Pending, 2), ((await fleet.FindAsync(id))!.State, script.Calls));

        _release.SetResult();
        var done = await fleet.AdvanceUntilAsync(_time, id, RunState.Succeeded);
        Assert.Equal((2, 3), (done.Attempt, script.Calls));
    }

    [Fact]
    public async Task Stop_TransportNeverEndsItsSubscriptions_GoesOnWithoutIt()
    {
        var transport = new ScriptedTransport { EndOfSubscription = _release.Task };
        var fleet = await ScriptedFleet.StartAsync(
            new Script(_ => Task.CompletedTask), _time, configure: services => services.AddTransport(transport));

        var stop = fleet.DisposeAsync().AsTask();
        await _time.AdvanceUntilAsync(() => stop.IsCompleted);

        await stop;
        Assert.False(_release.Task.IsCompleted);
    }

    [Fact]
    public async Task Timeout_Always_EndsAsFailedWithTheTimeoutAsError()
    {
        var script = new Script(call => ForeverAsync(call.Token));
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);

        var run = await fleet.AdvanceUntilAsync(_time, await fleet.Client.EnqueueAsync(new Ruled()), RunState.Failed);

        Assert.Equal(2, run.Attempt);
        Assert.Contains("timeout of 00:00:05", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_Pending_NeverRuns()
    {
        var script = Script.Of(_ => { });
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted("canceled"), new EnqueueOptions { Delay = TimeSpan.FromSeconds(10) });

        Assert.Equal(CancelResult.Canceled, await fleet.Client.CancelAsync(id, "changed my mind"));
        Assert.Equal(CancelResult.AlreadyEnded, await fleet.Client.CancelAsync(id));
        Assert.Equal(CancelResult.NotFound, await fleet.Client.CancelAsync(RunId.New(_time.GetUtcNow())));
        await fleet.AdvanceUntilAsync(
            _time, await fleet.Client.EnqueueAsync(new Scripted("later"), new EnqueueOptions { Delay = TimeSpan.FromSeconds(20) }),
            RunState.Succeeded);

        var run = (await fleet.FindAsync(id))!;
        Assert.Equal((RunState.Canceled, "changed my mind", 0), (run.State, run.Error, run.Attempt));
        Assert.Equal(("later", 1), ((await script.NextAsync()).Word, script.Calls));
    }

    [Fact]
    public async Task Cancel_Running_TripsTheTokenWithinASecondAndEndsAsCanceled()
    {
        var script = new Script(call => ForeverAsync(call.Token));
        using var log = new LogRecorder();
        await using var fleet = await ScriptedFleet.StartAsync(script, configure: log.AddTo);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        var call = await script.NextAsync();
        var tripped = TrippedAsync(call.Token);

        Assert.Equal(CancelResult.Requested, await fleet.Client.CancelAsync(id, "stop it"));
        await tripped.WaitAsync(TimeSpan.FromSeconds(1));
        var run = await fleet.WaitAsync(id);

        Assert.Equal((RunState.Canceled, "stop it", 1), (run.State, run.Error, run.Attempt));
        Assert.Equal(AttemptOutcome.Canceled, Assert.Single(await fleet.AttemptsAsync(id)).Outcome);
        await Waiting.UntilAsync(() => log.Lines.Any(line => line.Contains(
            $"Run {id} is canceled by {ThisProcess.Program}; its handler is asked to stop.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Cancel_MessageIsLost_TheHeartbeatBringsIt()
    {
        var script = new Script(call => ForeverAsync(call.Token));
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        var call = await script.NextAsync();

        var now = _time.GetUtcNow();
        await fleet.Storage.WriteAsync(
            session => session.Db.Runs.Where(r => r.Id == id).ExecuteUpdateAsync(set => set.SetProperty(r => r.CancelRequestedAt, now)),
            CancellationToken.None);
        await fleet.AdvanceUntilAsync(_time, id, RunState.Canceled);

        Assert.True(call.Token.IsCancellationRequested);
        Assert.InRange((_time.GetUtcNow() - now).TotalSeconds, 0, 10);
    }

    [Fact]
    public async Task Cancel_HandlerFinishesAllTheSame_Succeeds()
    {
        var script = new Script(async call =>
        {
            await TrippedAsync(call.Token);
            call.Context.SetOutput("done before it mattered");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await script.NextAsync();

        await fleet.Client.CancelAsync(id);
        var run = await fleet.WaitAsync(id);

        Assert.Equal((RunState.Succeeded, "\"done before it mattered\""), (run.State, run.OutputJson));
        Assert.Null(run.Error);
    }

    [Fact]
    public async Task Cancel_WhileWaitingForARetry_EndsAsCanceled()
    {
        var script = Script.Of(_ => throw new InvalidOperationException("Boom."));
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await Waiting.UntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);

        Assert.Equal(CancelResult.Canceled, await fleet.Client.CancelAsync(id));
        var other = await fleet.Client.EnqueueAsync(new Needy("a", 1), new EnqueueOptions { Delay = TimeSpan.FromSeconds(10) });
        await fleet.AdvanceUntilAsync(_time, other, RunState.Succeeded);

        Assert.Equal((true, 1), (await fleet.IsAsync(id, RunState.Canceled), script.Calls));
    }

    [Fact]
    public async Task Stop_RunUnderWay_LetsItFinish()
    {
        using var folder = new TempFolder();
        var script = new Script(async call =>
        {
            await _release.Task;
            call.Token.ThrowIfCancellationRequested();
        });
        var fleet = await ScriptedFleet.StartAsync(script, _time, folder: folder);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await script.NextAsync();

        var storage = fleet.Storage;
        var stopped = fleet.DisposeAsync().AsTask();
        await Waiting.UntilAsync(() => IsDrainingAsync(storage));
        _release.SetResult();
        await stopped.WaitAsync(Waiting.Limit);

        await using var restarted = await ScriptedFleet.StartAsync(Script.Of(_ => { }), _time, folder: folder);
        var run = (await restarted.FindAsync(id))!;
        Assert.Equal((RunState.Succeeded, 1, 1), (run.State, run.Attempt, script.Calls));
        Assert.Empty(await restarted.AttemptsAsync(id));
    }

    [Fact]
    public async Task Stop_WorkersTableIsAway_WaitsForTheRunAllTheSame()
    {
        var finished = false;
        var script = new Script(async call =>
        {
            await _release.Task;
            finished = !call.Token.IsCancellationRequested;
        });
        var fleet = await ScriptedFleet.StartAsync(script);
        await fleet.Client.EnqueueAsync(new Scripted());
        await script.NextAsync();
        await fleet.Storage.WriteAsync(
            async session =>
            {
                await using var command = session.Transaction.Connection!.CreateCommand();
                command.Transaction = session.Transaction;
                command.CommandText = "ALTER TABLE fleet_workers RENAME TO workers_away";
                return await command.ExecuteNonQueryAsync();
            },
            CancellationToken.None);

        using var stopping = fleet.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(_release.SetResult);
        await fleet.DisposeAsync();

        Assert.True(finished);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_RunTakesLongerThanTheDrain_IsReleasedAndFinishedAfterTheRestart(bool heedsItsToken)
    {
        using var folder = new TempFolder();
        var script = new Script(call => heedsItsToken ? ForeverAsync(call.Token) : _release.Task);
        var fleet = await ScriptedFleet.StartAsync(script, _time, folder: folder);
        var id = await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 1 });
        var call = await script.NextAsync();
        var begun = _time.GetUtcNow();

        var storage = fleet.Storage;
        var stopped = fleet.DisposeAsync().AsTask();
        await Waiting.UntilAsync(() => IsDrainingAsync(storage));
        await _time.AdvanceUntilAsync(() => call.Token.IsCancellationRequested);
        Assert.InRange((_time.GetUtcNow() - begun).TotalSeconds, 29.9, 32);
        await _time.AdvanceUntilAsync(() => stopped.IsCompleted);
        await stopped;

        var again = Script.Of(_ => { });
        await using var restarted = await ScriptedFleet.StartAsync(again, _time, folder: folder);
        var run = await restarted.AdvanceUntilAsync(_time, id, RunState.Succeeded);
        Assert.Equal((1, 1, 0), (run.Attempt, again.Calls, run.Crashes));
        var row = Assert.Single(await restarted.AttemptsAsync(id));
        Assert.Equal((AttemptOutcome.Released, 1), (row.Outcome, row.Number));
        _release.TrySetResult();
    }

    [Fact]
    public async Task LeaseLost_WorkerDeclaredGone_DropsTheResultAndExecutesAgain()
    {
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var script = new Script(async call =>
        {
            await (call.Number == 1 ? _release.Task : second.Task);
            call.Context.SetOutput($"call {call.Number}");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Scheduler:Rescue=00:00:00.1"]);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        var first = await script.NextAsync();
        var lost = (await fleet.FindAsync(id))!.WorkerId;

        var tripped = TrippedAsync(first.Token);
        await DeclareGoneAsync(fleet);
        fleet.Services.GetRequiredService<HeartbeatLoop>().Wake();
        await tripped.WaitAsync(Waiting.Limit);
        await script.NextAsync();

        // The first comes back with its result while the second runs: it must not count.
        _release.SetResult();
        var running = fleet.Services.GetRequiredService<RunningRuns>();
        await script.EndedAsync(1);
        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Needy("a", 1)));
        Assert.True(await fleet.IsAsync(id, RunState.Running));
        Assert.True(running.Contains(id));
        second.SetResult();

        var run = await fleet.WaitAsync(id);
        Assert.Equal((RunState.Succeeded, "\"call 2\""), (run.State, run.OutputJson));
        var after = (await fleet.FindAsync(id))!;
        Assert.NotEqual(lost, after.WorkerId);
        Assert.Equal((1, AttemptOutcome.Crashed), (after.Crashes, Assert.Single(await fleet.AttemptsAsync(id)).Outcome));
    }

    [Fact]
    public async Task LeaseLost_OwnTransaction_IsRefusedAndLeavesNoTrace()
    {
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var refused = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var script = new Script(async call =>
        {
            await (call.Number == 1 ? _release.Task : second.Task);
            if (call.Number > 1)
                return;
            refused.SetResult(await Record.ExceptionAsync(() => call.Context.CompleteAsync(
                async (transaction, ct) =>
                {
                    await using var command = transaction.Connection!.CreateCommand();
                    command.Transaction = transaction;
                    command.CommandText = "INSERT INTO fleet_diag_ledger (run_id, key) VALUES ('lost', 'lost')";
                    await command.ExecuteNonQueryAsync(ct);
                },
                CancellationToken.None)));
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Scheduler:Rescue=00:00:00.1"]);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await script.NextAsync();

        await DeclareGoneAsync(fleet);
        // The run is running again, under another token.
        await script.NextAsync();
        _release.SetResult();

        Assert.IsType<LeaseLostException>(await refused.Task.WaitAsync(Waiting.Limit));
        Assert.True(await fleet.IsAsync(id, RunState.Running));
        second.SetResult();
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
        await using var db = fleet.Storage.Read();
        Assert.Equal(0, await db.Database.SqlQuery<int>($"SELECT count(*) AS Value FROM fleet_diag_ledger").SingleAsync());
    }

    private static async Task ForeverAsync(CancellationToken ct)
    {
        await TrippedAsync(ct);
        ct.ThrowIfCancellationRequested();
    }

    private static async Task TrippedAsync(CancellationToken ct)
    {
        var tripped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = ct.Register(tripped.SetResult);
        await tripped.Task;
    }

    private static Task<int> DeclareGoneAsync(EmbeddedFleet fleet) => fleet.Storage.WriteAsync(
        session => session.Db.Workers.ExecuteUpdateAsync(set => set.SetProperty(w => w.State, WorkerState.Gone)), CancellationToken.None);

    private static async Task<bool> IsDrainingAsync(IStorage storage)
    {
        await using var db = storage.Read();
        return await db.Workers.AnyAsync(w => w.State == WorkerState.Draining);
    }
}
