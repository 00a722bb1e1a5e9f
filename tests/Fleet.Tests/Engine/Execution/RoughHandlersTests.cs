using System.Data.Common;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Execution;

/// <summary>Handlers that block their thread, throw where nobody expects it, or never come back. They harm their own run, and nobody
/// else's.</summary>
public sealed class RoughHandlersTests : IDisposable
{
    private readonly ManualResetEventSlim _release = new();

    public void Dispose() => _release.Set();

    [Fact]
    public async Task Timeout_HandlerBlocksItsThread_GivesTheRunUp()
    {
        var script = Script.Of(call =>
        {
            if (call.Number == 1)
                _release.Wait(Waiting.Limit);
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:StopGrace=00:00:00.5"], configure: Brief);

        var id = await fleet.Client.EnqueueAsync(new BriefArgs());
        await fleet.WaitUntilAsync(id, RunState.Succeeded);

        Assert.Equal((2, 0), (script.Calls, script.Ended - 1));
        var row = Assert.Single(await fleet.AttemptsAsync(id));
        Assert.Equal((AttemptOutcome.TimedOut, 0), (row.Outcome, (await fleet.FindAsync(id))!.Crashes));
        _release.Set();
    }

    [Fact]
    public async Task Cancel_HandlerBlocksItsThread_EndsAsCanceled()
    {
        var script = Script.Of(_ => _release.Wait(Waiting.Limit));
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:StopGrace=00:00:00.5"]);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await script.NextAsync();

        await fleet.Client.CancelAsync(id);

        Assert.Equal(RunState.Canceled, (await fleet.WaitAsync(id)).State);
        Assert.Equal(0, script.Ended);
        _release.Set();
    }

    [Fact]
    public async Task Stop_HandlersBlockTheirThreads_GivesAllBackUncounted()
    {
        using var folder = new TempFolder();
        var script = Script.Of(_ => _release.Wait(TimeSpan.FromMinutes(1)));
        var fleet = await ScriptedFleet.StartAsync(
            script, settings: ["Worker:Drain=00:00:00.2", "Worker:Lanes:default=40"], folder: folder);
        var ids = await fleet.Client.EnqueueManyAsync<Scripted>([.. Enumerable.Range(0, 40).Select(_ => new Scripted())]);
        await script.CalledAsync(40);

        await fleet.DisposeAsync();

        Assert.Equal(0, script.Ended);
        _release.Set();
        await using var restarted = await ScriptedFleet.StartAsync(Script.Of(_ => { }), folder: folder);
        foreach (var id in ids)
        {
            Assert.Equal((RunState.Succeeded, 1), ((await restarted.WaitAsync(id)).State, (await restarted.FindAsync(id))!.Attempt));
            Assert.Equal(0, (await restarted.FindAsync(id))!.Crashes);
        }
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("blocks")]
    public async Task Timeout_CallbackOnTheTokenIsBad_HarmsItsOwnRunOnly(string how)
    {
        var script = new Script(async call =>
        {
            if (call.Word != how)
                return;
            var never = new TaskCompletionSource();
            call.Token.Register(() => never.TrySetCanceled());
            call.Token.Register(() =>
            {
                if (how == "blocks")
                    _release.Wait(Waiting.Limit);
                throw new InvalidOperationException("callback");
            });
            await never.Task;
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:StopGrace=00:00:00.5"], configure: Brief);

        var id = await fleet.Client.EnqueueAsync(new BriefArgs(how), new EnqueueOptions { MaxAttempts = 1 });
        var run = await fleet.WaitAsync(id);
        var other = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal((RunState.Failed, RunState.Succeeded), (run.State, other.State));
        Assert.Equal(AttemptOutcome.TimedOut, Assert.Single(await fleet.AttemptsAsync(id)).Outcome);
    }

    [Fact]
    public async Task Stop_CallbacksThrowOrBlock_DrainsAllRuns()
    {
        using var folder = new TempFolder();
        var script = new Script(async call =>
        {
            var never = new TaskCompletionSource();
            if (call.Word == "throws")
                call.Token.Register(() => throw new InvalidOperationException("callback"));
            if (call.Word == "blocks")
                call.Token.Register(() => _release.Wait(TimeSpan.FromMinutes(1)));
            call.Token.Register(() => never.TrySetCanceled());
            await never.Task;
        });
        var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:Drain=00:00:00.2"], folder: folder);
        var ids = await fleet.Client.EnqueueManyAsync<Scripted>([new("throws"), new("blocks"), new("fine")]);
        await script.CalledAsync(3);

        await fleet.DisposeAsync();
        _release.Set();

        await using var restarted = await ScriptedFleet.StartAsync(Script.Of(_ => { }), folder: folder);
        foreach (var id in ids)
        {
            Assert.Equal(RunState.Succeeded, (await restarted.WaitAsync(id)).State);
            Assert.Equal([AttemptOutcome.Released], (await restarted.AttemptsAsync(id)).Select(a => a.Outcome));
        }
    }

    [Theory]
    [InlineData("fine")]
    [InlineData("throws")]
    [InlineData("blocks")]
    [InlineData("never ends")]
    public async Task Execute_DisposableHandler_IsDisposedOncePerAttemptWhateverThatDoes(string how)
    {
        var traces = new Traces(_release);
        await using var fleet = await EmbeddedFleet.StartAsync(
            services =>
                services.AddSingleton(traces).AddScoped<Tool>().AddFleetJobs(jobs => jobs.Add<DisposableJob>().Add<AsyncDisposableJob>()),
            [new("Fleet:Worker:Retry:FirstDelay", "00:00:00"), new("Fleet:Worker:StopGrace", "00:00:00.3")]);

        var plain = await fleet.Client.EnqueueAsync(new DisposableArgs(how));
        var asynchronous = await fleet.Client.EnqueueAsync(new AsyncDisposableArgs(how));

        // Each fails at its first attempt.
        Assert.Equal((RunState.Succeeded, 2), ((await fleet.WaitAsync(plain)).State, (await fleet.FindAsync(plain))!.Attempt));
        Assert.Equal(
            (RunState.Succeeded, 2), ((await fleet.WaitAsync(asynchronous)).State, (await fleet.FindAsync(asynchronous))!.Attempt));
        await Waiting.UntilAsync(() => traces.Disposed == 4);
        Assert.True(traces.ToolsWereAlive);
        _release.Set();
        await Waiting.UntilAsync(() => traces.ToolsDisposed == 4);
    }

    [Fact]
    public async Task Execute_LeavesATaskBehindThatFails_IsLoggedWithItsRun()
    {
        var log = new LogRecorder();
        var script = Script.Of(call => _ = Task.Run(() => throw new InvalidOperationException("left behind"), CancellationToken.None));
        await using var fleet = await ScriptedFleet.StartAsync(script, configure: log.AddTo);

        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await fleet.WaitAsync(id);

        // The runtime tells of such a task when it collects it.
        await Waiting.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return log.Lines.Any(
                l => l.Contains(
                    $"A task that the handler of test.scripted {id} started failed, and nobody awaited it: left behind",
                    StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task Context_UsedAfterCompleteAsync_Throws()
    {
        var refusals = new List<Exception?>();
        var script = new Script(async call =>
        {
            await call.Context.CompleteAsync((_, _) => Task.CompletedTask);
            refusals.Add(await Record.ExceptionAsync(() => call.Context.EnqueueAsync(new Ruled())));
            refusals.Add(await Record.ExceptionAsync(() => call.Context.PublishAsync(new Happened("x"))));
            refusals.Add(Record.Exception(() => call.Context.SetOutput(1)));
            refusals.Add(await Record.ExceptionAsync(() => call.Context.CompleteAsync((_, _) => Task.CompletedTask)));
            call.Context.ReportProgress(0.5);
            call.Context.Log.Information("still heard");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script);

        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await fleet.WaitAsync(id);
        await script.EndedAsync(1);

        Assert.Equal(4, refusals.Count);
        Assert.All(
            refusals,
            e => Assert.Contains(
                $"CompleteAsync had completed run {id}", Assert.IsType<InvalidOperationException>(e).Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Context_UsedAfterTheAttempt_Throws()
    {
        JobContext? leaked = null;
        var script = Script.Of(call => leaked = call.Context);
        await using var fleet = await ScriptedFleet.StartAsync(script);
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await fleet.WaitAsync(id);

        Exception?[] refusals =
        [
            await Record.ExceptionAsync(() => leaked!.EnqueueAsync(new Ruled())),
            await Record.ExceptionAsync(() => leaked!.PublishAsync(new Happened("x"))),
            Record.Exception(() => leaked!.SetOutput(1)),
            await Record.ExceptionAsync(() => leaked!.CompleteAsync((_, _) => Task.CompletedTask)),
        ];

        Assert.All(
            refusals,
            e => Assert.Contains("after attempt 1 of run", Assert.IsType<InvalidOperationException>(e).Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Context_WorkFailsAndIsDoneAgain_KeepsWhatTheLastOneAdded()
    {
        var script = new Script(async call =>
        {
            if (call.Word == "child")
                return;
            await Assert.ThrowsAsync<IOException>(() => call.Context.CompleteAsync((_, _) => WorkAsync(fails: true)));
            await call.Context.CompleteAsync((_, _) => WorkAsync(fails: false));

            async Task WorkAsync(bool fails)
            {
                await call.Context.EnqueueAsync(new Scripted("child"));
                if (fails)
                    throw new IOException("io");
            }
        });
        await using var fleet = await ScriptedFleet.StartAsync(script);

        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        await using var db = fleet.Storage.Read();
        Assert.Equal(1, await db.Runs.CountAsync(r => r.ParentId != null));
    }

    [Theory]
    [InlineData("enqueue")]
    [InlineData("enqueue many")]
    [InlineData("cancel")]
    [InlineData("complete")]
    public async Task CompleteAsync_WorkWritesThroughFleet_IsRefusedAndNobodyHangs(string what)
    {
        Exception? refusal = null;
        IFleetClient client = null!;
        var script = new Script(async call =>
        {
            if (call.Word.Length == 0)
                return;
            await call.Context.CompleteAsync(async (_, _) =>
            {
                refusal = await Record.ExceptionAsync(() => what switch
                {
                    "enqueue" => client.EnqueueAsync(new Ruled()),
                    "enqueue many" => client.EnqueueManyAsync<Ruled>([new(), new()]),
                    "cancel" => client.CancelAsync(call.Context.RunId),
                    _ => call.Context.CompleteAsync((_, _) => Task.CompletedTask),
                });
            });
        });
        await using var fleet = await ScriptedFleet.StartAsync(script);
        client = fleet.Client;

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted("nested")));

        Assert.Equal(RunState.Succeeded, run.State);
        Assert.Contains("would wait for itself", Assert.IsType<InvalidOperationException>(refusal).Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()))).State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CompleteAsync_WorkTakesTooLong_IsRolledBackAndTheOthersGoOn(bool heedsItsToken)
    {
        var time = ScriptedFleet.Clock();
        async Task SlowWorkAsync(DbTransaction transaction, CancellationToken ct)
        {
            await using var command = transaction.Connection!.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "INSERT INTO fleet_diag_ledger (run_id, key) VALUES ('slow', 'slow')";
            await command.ExecuteNonQueryAsync(CancellationToken.None);
            if (heedsItsToken)
                await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
            else
                _release.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
        }

        var script = new Script(call => call.Word.Length == 0 || call.Context.Attempt > 1
            ? Task.CompletedTask
            : call.Context.CompleteAsync(SlowWorkAsync));
        await using var fleet = await ScriptedFleet.StartAsync(script, time);
        var slow = await fleet.Client.EnqueueAsync(new Scripted("slow"));
        await script.NextAsync();

        await time.AdvanceUntilAsync(async () => (await fleet.AttemptsAsync(slow)).Count == 1);
        var other = await fleet.AdvanceUntilAsync(time, await fleet.Client.EnqueueAsync(new Scripted()), RunState.Succeeded);

        Assert.Contains("took longer than 00:00:30", (await fleet.AttemptsAsync(slow))[0].Error, StringComparison.Ordinal);
        Assert.Equal(1, other.Attempt);
        await fleet.AdvanceUntilAsync(time, slow, RunState.Succeeded);
        await using var db = fleet.Storage.Read();
        Assert.Equal(0, await db.Database.SqlQuery<int>($"SELECT count(*) AS Value FROM fleet_diag_ledger").SingleAsync());
        _release.Set();
    }

    [Fact]
    public async Task Execute_RoughHandlersOfAllSorts_TheOthersSucceedAtTheirFirstAttempt()
    {
        string[] sorts = ["blocks", "ignores", "throws odd", "bad callback", "never returns", "bad disposal", "nonsense", "leaks"];
        var log = new LogRecorder();
        await using var fleet = await EmbeddedFleet.StartAsync(
            services =>
            {
                log.AddTo(services);
                services.AddSingleton(new Traces(_release)).AddFleetJobs(jobs => jobs.Add<RoughJob>().Add<CalmJob>());
            },
            [new("Fleet:Worker:StopGrace", "00:00:00.5"), new("Fleet:Worker:Retry:MaxAttempts", "1")]);

        var rough = new List<RunId>();
        foreach (var sort in sorts.Concat(sorts).Concat(sorts))
            rough.Add(await fleet.Client.EnqueueAsync(new RoughArgs(sort)));
        var calm = await fleet.Client.EnqueueManyAsync<CalmArgs>([.. Enumerable.Range(0, 100).Select(_ => new CalmArgs())]);

        foreach (var id in calm)
        {
            await fleet.WaitAsync(id);
            var run = (await fleet.FindAsync(id))!;
            Assert.Equal((RunState.Succeeded, 1, 0), (run.State, run.Attempt, run.Crashes));
            Assert.Empty(await fleet.AttemptsAsync(id));
        }

        foreach (var id in rough)
        {
            var run = await fleet.WaitAsync(id);
            Assert.True(run.HasEnded);
            Assert.Equal((1, 0), (run.Attempt, (await fleet.FindAsync(id))!.Crashes));
        }

        _release.Set();
    }

    private static void Brief(IServiceCollection services) => services.AddFleetJobs(jobs => jobs.Add<BriefJob>());

    [Job("test.brief", Timeout = "00:00:00.5")]
    internal sealed record BriefArgs(string Word = "");

    internal sealed class BriefJob(Script script) : IJob<BriefArgs>
    {
        // The synchronous part of the script is the handler's own: it blocks the thread that calls it.
        public Task RunAsync(BriefArgs args, JobContext context, CancellationToken ct) => script.PlayAsync(args.Word, context, ct);
    }

    /// <summary>What handlers leave behind.</summary>
    internal sealed class Traces(ManualResetEventSlim release)
    {
        private int _disposed;
        private int _tools;

        public int Disposed => Volatile.Read(ref _disposed);

        public bool ToolsWereAlive { get; private set; } = true;

        /// <summary>How many of the services that handlers were given are disposed.</summary>
        public int ToolsDisposed => Volatile.Read(ref _tools);

        public ManualResetEventSlim Release => release;

        public void CountTool() => Interlocked.Increment(ref _tools);

        public void Count(Tool tool)
        {
            ToolsWereAlive &= !tool.IsDisposed;
            Interlocked.Increment(ref _disposed);
        }
    }

    internal sealed class Tool(Traces traces) : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose()
        {
            IsDisposed = true;
            traces.CountTool();
        }
    }

    [Job("test.disposable")]
    internal sealed record DisposableArgs(string How);

    internal sealed class DisposableJob(Traces traces, Tool tool) : IJob<DisposableArgs>, IDisposable
    {
        private string _how = "";

        public Task RunAsync(DisposableArgs args, JobContext context, CancellationToken ct)
        {
            _how = args.How;
            return context.Attempt == 1 ? throw new InvalidOperationException("Once more.") : Task.CompletedTask;
        }

        public void Dispose()
        {
            traces.Count(tool);
            if (_how is "blocks" or "never ends")
                traces.Release.Wait(Waiting.Limit);
            if (_how == "throws")
                throw new InvalidOperationException("dispose");
        }
    }

    [Job("test.disposable.async")]
    internal sealed record AsyncDisposableArgs(string How);

    internal sealed class AsyncDisposableJob(Traces traces, Tool tool) : IJob<AsyncDisposableArgs>, IAsyncDisposable
    {
        private string _how = "";

        public async Task RunAsync(AsyncDisposableArgs args, JobContext context, CancellationToken ct)
        {
            _how = args.How;
            await Task.Yield();
            if (context.Attempt == 1)
                throw new InvalidOperationException("Once more.");
        }

        public async ValueTask DisposeAsync()
        {
            traces.Count(tool);
            await Task.Yield();
            if (_how == "blocks")
                traces.Release.Wait(Waiting.Limit);
            while (_how == "never ends" && !traces.Release.IsSet)
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            if (_how == "throws")
                throw new InvalidOperationException("dispose");
        }
    }

    [Job("test.calm")]
    internal sealed record CalmArgs;

    internal sealed class CalmJob : IJob<CalmArgs, int>
    {
        public async Task<int> RunAsync(CalmArgs args, JobContext context, CancellationToken ct)
        {
            await Task.Yield();
            return 1;
        }
    }

    [Job("test.rough", Timeout = "00:00:00.5")]
    internal sealed record RoughArgs(string Sort);

    internal sealed class RoughJob(Traces traces) : IJob<RoughArgs, object>, IDisposable
    {
        private bool _isBad;

        public Task<object> RunAsync(RoughArgs args, JobContext context, CancellationToken ct)
        {
            switch (args.Sort)
            {
                case "blocks":
                    traces.Release.Wait(Waiting.Limit, CancellationToken.None);
                    break;
                case "ignores":
                    return IgnoreAsync();
                case "throws odd":
                    throw Trouble.Named("message throws");
                case "bad callback":
                    ct.Register(() => throw new InvalidOperationException("callback"));
                    ct.Register(() => traces.Release.Wait(Waiting.Limit));
                    return new TaskCompletionSource<object>().Task;
                case "never returns":
                    return new TaskCompletionSource<object>().Task;
                case "bad disposal":
                    _isBad = true;
                    break;
                case "nonsense":
                    return null!;
                case "leaks":
                    _ = LeakAsync(context);
                    break;
            }

            return Task.FromResult<object>(typeof(string));
        }

        public void Dispose()
        {
            if (_isBad)
                throw Trouble.Named("text throws");
        }

        private static async Task LeakAsync(JobContext context)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            context.SetOutput("too late");
        }

        private async Task<object> IgnoreAsync()
        {
            while (!traces.Release.IsSet)
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            return 1;
        }
    }
}

file static class Waits
{
    public static Task WaitUntilAsync(this EmbeddedFleet fleet, RunId id, RunState state) =>
        Waiting.UntilAsync(() => fleet.IsAsync(id, state));
}
