using System.Data.Common;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Execution;

public sealed class ExecuteRunsTests
{
    [Fact]
    public async Task Execute_HandlerSetsOutput_SucceedsAndLeavesNoAttemptRow()
    {
        await using var fleet = await ScriptedFleet.StartAsync(
            Script.Of(call => call.Context.SetOutput(new { greeting = "hello " + call.Word })));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted("world")));

        Assert.Equal(RunState.Succeeded, run.State);
        Assert.Equal("""{"greeting":"hello world"}""", run.OutputJson);
        Assert.Equal(1, run.Attempt);
        Assert.NotNull(run.StartedAt);
        Assert.True(run.FinishedAt >= run.StartedAt && run.StartedAt >= run.CreatedAt);
        Assert.Empty(await fleet.AttemptsAsync(run.Id));
    }

    [Fact]
    public async Task Execute_HandlerReturnsResult_StoresItAsOutput()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Needy("a", 1)));

        Assert.Equal("\"a1\"", run.OutputJson);
    }

    [Fact]
    public async Task Execute_OutputTooLarge_FailsNamingTheLimit()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(call => call.Context.SetOutput(new string('x', 300_000))));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 1 }));

        Assert.Equal(RunState.Failed, run.State);
        Assert.Contains("256 KiB", run.Error, StringComparison.Ordinal);
        Assert.Null(run.OutputJson);
    }

    [Fact]
    public async Task Execute_Context_TellsTheRunAtHand()
    {
        var script = Script.Of(_ => { });
        await using var fleet = await ScriptedFleet.StartAsync(script);

        var id = await fleet.Client.EnqueueAsync(new Ruled(), new EnqueueOptions { Tags = ["red", "blue"] });
        var context = (await script.NextAsync()).Context;

        Assert.Equal((id, "test.ruled", "narrow", 1), (context.RunId, context.Job, context.Lane, context.Attempt));
        Assert.Equal(["red", "blue"], context.Tags);
        Assert.Equal((await fleet.FindAsync(id))!.DueAt, context.DueTime);
        Assert.Null(context.FireTime);
        Assert.Null(context.Schedule);
    }

    [Fact]
    public async Task Execute_StoredUnderAlias_FindsTheJob()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(call => call.Context.SetOutput(call.Context.Job)));

        var run = await fleet.WaitAsync(await fleet.InsertAsync("test.old", "{}"));

        Assert.Equal((RunState.Succeeded, "\"test.ruled\""), (run.State, run.OutputJson));
    }

    [Theory]
    [InlineData("""{"first":5,"second":1}""", "first")]
    [InlineData("""{"first":5}""", "first")]
    [InlineData("""{"first":null,"second":1}""", "first")]
    [InlineData("null", "null")]
    [InlineData("[]", "test.needy")]
    public async Task Execute_ArgsDoNotFit_FailsAtOnceNamingJobAndArgument(string args, string named)
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));

        var run = await fleet.WaitAsync(await fleet.InsertAsync("test.needy", args));

        Assert.Equal((RunState.Failed, 1), (run.State, run.Attempt));
        Assert.Contains("test.needy", run.Error, StringComparison.Ordinal);
        Assert.Contains(named, run.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Execute_ProgressAndLog_AreKeptWithTheRun()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(call =>
        {
            call.Context.ReportProgress(0.2, "first");
            call.Context.ReportProgress(7, new string('x', 300));
            call.Context.Log.Information("line one");
            call.Context.Log.Warning("line two");
        }));

        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await fleet.WaitAsync(id);
        await Waiting.UntilAsync(async () => (await LinesAsync(fleet, id)).Count == 2 && (await fleet.FindAsync(id))!.Progress is not null);

        var run = (await fleet.FindAsync(id))!;
        Assert.Equal((1.0, new string('x', 200)), (run.Progress, run.ProgressMessage));
        Assert.Equal(
            [(JobLogLevel.Information, "line one", 1), (JobLogLevel.Warning, "line two", 1)],
            (await LinesAsync(fleet, id)).Select(l => (l.Level, l.Message, l.Attempt)));
    }

    [Fact]
    public async Task Execute_LogBeyondItsLimit_KeepsThousandLinesAndSaysSo()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(call =>
        {
            for (var i = 0; i < 1500; i++)
                call.Context.Log.Information(new string('x', 5000));
        }));

        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await Waiting.UntilAsync(async () => (await LinesAsync(fleet, id)).Count == 1001);

        var lines = await LinesAsync(fleet, id);
        Assert.Equal(4000, lines[0].Message.Length);
        Assert.StartsWith("More than 1000 lines", lines[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_FollowUps_ExistOnlyWhenTheParentSucceeds()
    {
        var script = new Script(async call =>
        {
            if (call.Word.Length == 0)
                return;
            await call.Context.EnqueueAsync(new Scripted());
            if (call.Word == "fail")
                throw new NonRetryableException("no");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script);

        var failed = await fleet.Client.EnqueueAsync(new Scripted("fail"));
        await fleet.WaitAsync(failed);
        var parent = await fleet.Client.EnqueueAsync(new Scripted("ok"));
        await fleet.WaitAsync(parent);
        await script.CalledAsync(3);

        await using var db = fleet.Storage.Read();
        var children = await db.Runs.AsNoTracking().Where(r => r.ParentId != null).ToListAsync();
        Assert.Equal(parent, Assert.Single(children).ParentId);
    }

    [Fact]
    public async Task Execute_FollowUpIsRefused_TellsTheHandler()
    {
        await using var fleet = await ScriptedFleet.StartAsync(new Script(
            call => call.Context.EnqueueAsync(new Scripted(), new EnqueueOptions { Delay = TimeSpan.FromSeconds(-1) })));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 1 }));

        Assert.Equal(RunState.Failed, run.State);
        Assert.Contains("delay", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_Event_IsPublishedOnlyWhenTheRunSucceeds()
    {
        var transport = new EventRecorder();
        await using var fleet = await ScriptedFleet.StartAsync(
            new Script(async call =>
            {
                await call.Context.PublishAsync(new Happened(call.Word));
                if (call.Word == "fail")
                    throw new NonRetryableException("no");
            }),
            configure: transport.AddTo);

        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted("fail")));
        var id = await fleet.Client.EnqueueAsync(new Scripted("ok"));
        await fleet.WaitAsync(id);
        await Waiting.UntilAsync(async () => !transport.Events.IsEmpty && await IsOutboxEmptyAsync(fleet));

        var sent = Assert.Single(transport.Events);
        Assert.Equal(("test.happened", """{"what":"ok"}""", id), (sent.Name, sent.Body, sent.RunId));
    }

    [Fact]
    public async Task Execute_CompletesInItsOwnTransaction_BothAreTrueTogether()
    {
        var script = new Script(call => call.Word == "child" ? Task.CompletedTask : call.Context.CompleteAsync(async (transaction, ct) =>
        {
            await InsertAsync(transaction, call.Context.RunId, call.Word, ct);
            call.Context.SetOutput("in the transaction");
            await call.Context.EnqueueAsync(new Ruled("child"), ct: ct);
            if (call.Word == "bad" && call.Context.Attempt == 1)
                throw new InvalidOperationException("after the insert");
        }));
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:Retry:FirstDelay=00:00:00"]);

        var good = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted("good")));
        var bad = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted("bad")));

        Assert.Equal((RunState.Succeeded, "\"in the transaction\"", 1), (good.State, good.OutputJson, good.Attempt));
        Assert.Equal((RunState.Succeeded, 2), (bad.State, bad.Attempt));
        Assert.Equal(1, await CountAsync(fleet, good.Id));
        Assert.Equal(1, await CountAsync(fleet, bad.Id));
        await Waiting.UntilAsync(() => CountChildrenDone(fleet, 2));
    }

    [Fact]
    public async Task Execute_ThrowsAfterItsOwnTransaction_StaysSucceeded()
    {
        var script = new Script(async call =>
        {
            await call.Context.CompleteAsync((transaction, ct) => InsertAsync(transaction, call.Context.RunId, "x", ct));
            throw new InvalidOperationException("too late");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script);

        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await script.NextAsync();
        await fleet.WaitAsync(id);
        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Needy("a", 1)));

        Assert.True(await fleet.IsAsync(id, RunState.Succeeded));
        Assert.Equal((1, 1), (await CountAsync(fleet, id), script.Calls));
        Assert.Empty(await fleet.AttemptsAsync(id));
    }

    [Fact]
    public async Task Execute_ScopedDependency_IsOnePerAttemptAndDisposedAfterIt()
    {
        var resources = new List<Resource>();
        await using var fleet = await EmbeddedFleet.StartAsync(
            services => JobServices.AddFleetJobs(
                services.AddScoped(_ =>
                {
                    var resource = new Resource();
                    resources.Add(resource);
                    return resource;
                }),
                jobs => jobs.Add<ScopedJob>()),
            [new("Fleet:Worker:Retry:FirstDelay", "00:00:00")]);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new ScopedArgs()));

        Assert.Equal((RunState.Succeeded, 2), (run.State, run.Attempt));
        Assert.Equal(2, resources.Count);
        Assert.All(resources, r => Assert.True(r.WasAliveInHandler));
        await Waiting.UntilAsync(() => resources.TrueForAll(r => r.IsDisposed));
    }

    [Fact]
    public async Task Execute_LaneWithTwoSlots_NeverRunsMoreAtOnce()
    {
        using var gate = new SemaphoreSlim(0);
        var script = new Script(call => gate.WaitAsync(call.Token));
        await using var fleet = await ScriptedFleet.StartAsync(script, settings: ["Worker:Lanes:narrow=2", "Worker:Lanes:default=2"]);

        var ids = await fleet.Client.EnqueueManyAsync<Ruled>([.. Enumerable.Range(0, 20).Select(i => new Ruled($"{i}"))]);
        await script.CalledAsync(2);
        for (var i = 0; i < 20; i++)
            gate.Release();
        foreach (var id in ids)
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);

        Assert.Equal((20, 2), (script.Calls, script.MostAtOnce));
    }

    private static async Task<List<RunLogLine>> LinesAsync(EmbeddedFleet fleet, RunId id)
    {
        await using var db = fleet.Storage.Read();
        return await db.RunLogs.AsNoTracking().Where(l => l.RunId == id).OrderBy(l => l.Id).ToListAsync();
    }

    private static async Task<bool> IsOutboxEmptyAsync(EmbeddedFleet fleet)
    {
        await using var db = fleet.Storage.Read();
        return !await db.Outbox.AnyAsync();
    }

    private static async Task<bool> CountChildrenDone(EmbeddedFleet fleet, int expected)
    {
        await using var db = fleet.Storage.Read();
        return await db.Runs.CountAsync(r => r.ParentId != null) == expected
            && await db.Runs.CountAsync(r => r.ParentId != null && r.State == RunState.Succeeded) == expected;
    }

    private static async Task<int> CountAsync(EmbeddedFleet fleet, RunId id)
    {
        await using var db = fleet.Storage.Read();
        var text = id.ToString();
        return await db.Database.SqlQuery<int>($"SELECT count(*) AS Value FROM fleet_diag_ledger WHERE run_id = {text}").SingleAsync();
    }

    private static async Task InsertAsync(DbTransaction transaction, RunId id, string key, CancellationToken ct)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT INTO fleet_diag_ledger (run_id, key) VALUES ('{id}', '{key}')";
        await command.ExecuteNonQueryAsync(ct);
    }

    [Job("test.scoped")]
    internal sealed record ScopedArgs;

    internal sealed class Resource : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public bool WasAliveInHandler { get; set; }

        public void Dispose() => IsDisposed = true;
    }

    internal sealed class ScopedJob(Resource resource, Resource same) : IJob<ScopedArgs>
    {
        public async Task RunAsync(ScopedArgs args, JobContext context, CancellationToken ct)
        {
            await Task.Yield();
            resource.WasAliveInHandler = ReferenceEquals(resource, same) && !resource.IsDisposed;
            if (context.Attempt == 1)
                throw new InvalidOperationException("Once more.");
        }
    }
}
