using System.Diagnostics.Metrics;
using System.Reflection;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Fleet.Engine.Execution;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Execution;

/// <summary>Whatever a handler throws or returns, and whatever fails while that is written: the attempt ends and counts.</summary>
public sealed class SettleRunsTests
{
    private static readonly EnqueueOptions Once = new() { MaxAttempts = 1 };

    private readonly FakeTimeProvider _time = ScriptedFleet.Clock();

    [Theory]
    [InlineData("message is null", "(no message)")]
    [InlineData("message throws", "its message cannot be read: InvalidOperationException")]
    [InlineData("stack throws", "BadStack")]
    [InlineData("text throws", "BadText")]
    [InlineData("message is huge", "xxx")]
    [InlineData("message holds NUL and half a pair", "a\uFFFDb\uFFFDc")]
    [InlineData("inner message throws", "outer ---> Fleet.Tests.Support.Trouble+BadMessage: (its message cannot be read")]
    [InlineData("aggregate of bad ones", "NoMessage: (no message)")]
    [InlineData("data throws", "BadData")]
    public async Task Execute_ExceptionCannotBeRead_EndsAfterOneAttempt(string kind, string expected)
    {
        var script = Script.Of(_ => throw Trouble.Named(kind));
        await using var fleet = await ScriptedFleet.StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), Once));

        Assert.Equal((RunState.Failed, 1, 1), (run.State, run.Attempt, script.Calls));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        var row = Assert.Single(await fleet.AttemptsAsync(run.Id));
        Assert.True(row.Error!.Length <= 2000 && row.Stack is null or { Length: <= 4000 });
    }

    [Fact]
    public async Task Execute_HugeMessage_IsCutInTheLogToo()
    {
        var log = new LogRecorder();
        var script = Script.Of(call =>
        {
            if (call.Context.Attempt == 1)
                throw Trouble.Named("message is huge");
            throw new InvalidOperationException("outer", Trouble.Named("message is huge"));
        });
        await using var fleet = await ScriptedFleet.StartAsync(
            script, settings: ["Worker:Retry:FirstDelay=00:00:00"], configure: log.AddTo);

        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 2 }));

        await Waiting.UntilAsync(() => log.Lines.Any(l => l.Contains("failed for good", StringComparison.Ordinal)));
        Assert.True(log.Lines.Max(l => l.Length) < 20_000);
    }

    [Fact]
    public async Task Execute_LogAndListenersThrow_SucceedsAndFailsAsWithout()
    {
        var log = new LogRecorder();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => Listen(instrument, self) };
        var script = Script.Of(call =>
        {
            if (call.Word == "bad")
                throw new InvalidOperationException("Boom.");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, configure: log.AddTo);
        log.BeforeLine = () => throw new InvalidOperationException("The log is broken.");
        var ours = await fleet.Client.EnqueueAsync(new Scripted("good"), Once);
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("The listener is broken."));
        listener.Start();

        var bad = await fleet.Client.EnqueueAsync(new Scripted("bad"), Once);

        Assert.Equal((RunState.Succeeded, 1), ((await fleet.WaitAsync(ours)).State, (await fleet.WaitAsync(ours)).Attempt));
        Assert.Equal((RunState.Failed, "Boom."), ((await fleet.WaitAsync(bad)).State, (await fleet.WaitAsync(bad)).Error));
        log.BeforeLine = () => { };

        static void Listen(Instrument instrument, MeterListener self)
        {
            if (instrument.Meter.Name == FleetMetrics.Name && instrument.Name == "fleet.attempts.duration")
                self.EnableMeasurementEvents(instrument);
        }
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("never returns")]
    public async Task Fail_PolicyIsBroken_TheBuiltInDecides(string how)
    {
        using var released = new ManualResetEventSlim();
        var policy = new Policy(
            () => how == "throws" ? throw new InvalidOperationException("policy") : released.Wait(Waiting.Limit) ? TimeSpan.Zero : null);
        var script = Script.Of(_ => throw new InvalidOperationException("Boom."));
        await using var fleet = await ScriptedFleet.StartAsync(
            script, _time, configure: services => services.AddSingleton<IRetryPolicy>(policy));
        var id = await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 2 });

        var run = await fleet.AdvanceUntilAsync(_time, id, RunState.Failed);

        released.Set();
        Assert.Equal((2, 2, "Boom."), (run.Attempt, script.Calls, run.Error));
    }

    [Theory]
    [InlineData("-00:00:05", 0)]
    [InlineData("10675199.02:48:05.4775807", 3650)]
    public async Task Fail_PolicyNamesADelayOutOfRange_IsBounded(string delay, int expectedDays)
    {
        var policy = new Policy(() => TimeSpan.Parse(delay));
        var script = Script.Of(call =>
        {
            if (call.Number == 1)
                throw new InvalidOperationException("Boom.");
        });
        await using var fleet = await ScriptedFleet.StartAsync(
            script, _time, configure: services => services.AddSingleton<IRetryPolicy>(policy));
        var id = await fleet.Client.EnqueueAsync(new Scripted());

        await Waiting.UntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);

        var row = (await fleet.AttemptsAsync(id))[0];
        Assert.Equal(TimeSpan.FromDays(expectedDays), (await fleet.FindAsync(id))!.DueAt - row.EndedAt);
        Assert.Equal(RetryVerdict.Retried, row.Verdict);
    }

    [Fact]
    public async Task Fail_SettingIsEmpty_TheDefaultsCount()
    {
        var script = Script.Of(_ => throw new InvalidOperationException("Boom."));
        await using var fleet = await ScriptedFleet.StartAsync(
            script, _time, ["Worker:Retry:MaxAttempts=", "Worker:Retry:FirstDelay=", "Worker:Retry:Jitter="]);

        var run = await fleet.AdvanceUntilAsync(_time, await fleet.Client.EnqueueAsync(new Scripted()), RunState.Failed);

        Assert.Equal(4, run.Attempt);
    }

    [Fact]
    public async Task Fail_SignalInsideWrappers_IsHeeded()
    {
        var script = Script.Of(call => throw (call.Word switch
        {
            "aggregate" =>
                new AggregateException(new NonRetryableException("no"), new AggregateException(new NonRetryableException("never"))),
            "invocation" => new TargetInvocationException(new NonRetryableException("no")),
            "type" => new TypeInitializationException("T", new NonRetryableException("no")),
            "mixed" => new AggregateException(new NonRetryableException("no"), new IOException("io")),
            "after" => new AggregateException(
                new RetryAfterException(TimeSpan.FromMinutes(1), "a"), new RetryAfterException(TimeSpan.FromMinutes(2), "b")),
            "snooze" => new TargetInvocationException(new AggregateException(call.Context.Snooze(TimeSpan.FromMinutes(3), "later"))),
            _ => (Exception)new InvalidOperationException(call.Word),
        }));
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);

        foreach (var word in new[] { "aggregate", "invocation", "type" })
        {
            var run = await fleet.WaitAsyncOf(word);
            Assert.Equal((RunState.Failed, 1, "no"), (run.State, run.Attempt, run.Error));
        }

        Assert.InRange(await DelayOfAsync("mixed"), 0.7, 1.3);
        Assert.Equal(120, await DelayOfAsync("after"));
        Assert.Equal(180, await DelayOfAsync("snooze"));

        async Task<double> DelayOfAsync(string word)
        {
            var id = await fleet.Client.EnqueueAsync(new Scripted(word));
            await Waiting.UntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);
            return ((await fleet.FindAsync(id))!.DueAt - (await fleet.AttemptsAsync(id))[0].EndedAt).TotalSeconds;
        }
    }

    [Fact]
    public void RunError_Wrapped_NamesTheCausesWithinItsBounds()
    {
        var error = RunError.From(
            Caught(
                () => throw new TypeInitializationException(
                    "Shop.Prices", Caught(() => throw new FileNotFoundException("prices.json is not there")))));
        var deep = RunError.From(Enumerable.Range(0, 100).Aggregate(
            new InvalidOperationException(new string('a', 5000)), (inner, i) =>
                new InvalidOperationException($"{i}" + new string('b', 5000), inner)));

        Assert.Equal("System.TypeInitializationException", error.Type);
        Assert.Contains("Shop.Prices", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(" ---> System.IO.FileNotFoundException: prices.json is not there", error.Message, StringComparison.Ordinal);
        Assert.Contains("End of inner exception stack trace", error.Stack, StringComparison.Ordinal);
        Assert.True(deep.Message.Length <= 2000);
        Assert.Contains("98b", deep.Message, StringComparison.Ordinal);

        static Exception Caught(Action action) => Record.Exception(action)!;
    }

    [Theory]
    [InlineData("large", "larger than 256 KiB")]
    [InlineData("endless", "larger than 256 KiB")]
    [InlineData("cycle", "cycle")]
    [InlineData("nan", "infinity")]
    [InlineData("type", "System.Type")]
    [InlineData("getter", "The getter is broken.")]
    public async Task Execute_ResultCannotBeStored_SucceedsOnceAndSaysWhatIsMissing(string kind, string expected)
    {
        NonsenseJob.Calls = 0;
        await using var fleet = await EmbeddedFleet.StartAsync(services => services.AddFleetJobs(jobs => jobs.Add<NonsenseJob>()));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Nonsense(kind)));

        Assert.Equal((RunState.Succeeded, 1, 1), (run.State, run.Attempt, NonsenseJob.Calls));
        Assert.StartsWith("""{"$omitted":"The result of job 'test.nonsense' """, run.OutputJson, StringComparison.Ordinal);
        Assert.Contains(expected, run.OutputJson, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("large", "larger than 256 KiB")]
    [InlineData("nan", "infinity")]
    public async Task SetOutput_CannotBeStored_ThrowsAndIsNotTriedAgain(string kind, string expected)
    {
        var script = Script.Of(call => call.Context.SetOutput(NonsenseJob.Make(kind)));
        await using var fleet = await ScriptedFleet.StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal((RunState.Failed, 1, 1), (run.State, run.Attempt, script.Calls));
        Assert.StartsWith("The output of job 'test.scripted' ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_HandlerReturnsNullForATask_FailsInWords()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(services => services.AddFleetJobs(jobs => jobs.Add<NullTaskJob>()));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new NullTask(), Once));

        Assert.Equal(
            (RunState.Failed, "The handler of job 'test.null' returned null; RunAsync has to return a Task."), (run.State, run.Error));
    }

    [Fact]
    public async Task Fail_DatabaseAway_IsGivenBackUncountedWithGrowingPauses()
    {
        var script = Script.Of(call =>
        {
            if (call.Number <= 5)
                throw new InvalidOperationException("saving", new SqliteException("database is locked", 5));
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted(), Once);
        await Waiting.UntilAsync(async () => (await fleet.AttemptsAsync(id)).Count == 1);

        // Visible while it waits.
        var waiting = (await fleet.FindAsync(id))!;
        Assert.Equal((RunState.Pending, 0, "System.InvalidOperationException"), (waiting.State, waiting.Attempt, waiting.ErrorType));
        Assert.Contains("database is locked", waiting.Error, StringComparison.Ordinal);

        var done = await fleet.AdvanceUntilAsync(_time, id, RunState.Succeeded);
        var rows = await fleet.AttemptsAsync(id);
        Assert.Equal((1, null), (done.Attempt, done.Error));
        Assert.All(rows, row => Assert.Equal((AttemptOutcome.Outage, 1), (row.Outcome, row.Number)));
        var starts = rows.Skip(1).Select(r => r.StartedAt!.Value).Append(done.StartedAt!.Value);
        var pauses = rows.Zip(starts, (row, next) => (next - row.EndedAt).TotalSeconds).ToList();
        for (var i = 0; i < pauses.Count; i++)
            Assert.True(pauses[i] >= 0.75 * Math.Pow(2, i), $"pause {i} is {pauses[i]} s");
    }

    [Fact]
    public async Task Fail_DatabaseAwayForGood_CountsInTheEnd()
    {
        var script = Script.Of(_ => throw new SqliteException("disk I/O error", 10));
        await using var fleet = await ScriptedFleet.StartAsync(script, _time);
        var id = await fleet.Client.EnqueueAsync(new Scripted(), Once);

        await Waiting.UntilAsync(async () =>
        {
            _time.Advance(TimeSpan.FromSeconds(20));
            return await fleet.IsAsync(id, RunState.Failed);
        });

        Assert.Equal((1, 21), ((await fleet.FindAsync(id))!.Attempt, script.Calls));
        Assert.Equal(AttemptOutcome.Failed, (await fleet.AttemptsAsync(id))[^1].Outcome);
    }

    [Fact]
    public async Task Fail_SaysNonRetryableAboutAnOutage_IsFinal()
    {
        var script = Script.Of(_ => throw new NonRetryableException("I mean it.", new SqliteException("busy", 5)));
        await using var fleet = await ScriptedFleet.StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal((RunState.Failed, 1), (run.State, run.Attempt));
    }

    [Theory]
    [InlineData("good", RunState.Succeeded)]
    [InlineData("bad", RunState.Failed)]
    public async Task Settle_DatabaseRefusesTheData_IsWrittenWithoutThem(string word, RunState expected)
    {
        var script = Script.Of(call =>
        {
            call.Context.SetOutput("unwelcome");
            if (call.Word == "bad")
                throw new InvalidOperationException("unwelcome");
        });
        await using var fleet = await ScriptedFleet.StartAsync(script);
        await fleet.Storage.WriteAsync(
            session => session.ExecuteAsync("""
                CREATE TRIGGER picky BEFORE UPDATE ON fleet_runs WHEN NEW.output LIKE '%unwelcome%' OR NEW.error LIKE '%unwelcome%'
                BEGIN SELECT RAISE(ABORT, 'The database does not like this text.'); END
                """),
            CancellationToken.None);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(word), Once));

        Assert.Equal((expected, 1, 1), (run.State, run.Attempt, script.Calls));
        Assert.Equal(
            expected == RunState.Succeeded
                ? """{"$omitted":"The database refused to store the output."}"""
                : "The attempt failed; the database refused to store its error.",
            run.OutputJson ?? run.Error);
    }

    [Theory]
    [InlineData("Fleet:Worker:DefaultTimeout", "60.00:00:00")]
    [InlineData("Fleet:Worker:DefaultTimeout", "00:00:00.0000001")]
    [InlineData("Fleet:Worker:StopGrace", "50.00:00:00")]
    [InlineData("Fleet:Worker:Drain", "60")]
    public async Task Start_DurationOutOfRange_IsRefusedByName(string setting, string value)
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(() => EmbeddedFleet.StartAsync(settings: [new(setting, value)]));

        Assert.StartsWith(setting + ": '", refused.Message, StringComparison.Ordinal);
    }

    private sealed class Policy(Func<TimeSpan?> next) : IRetryPolicy
    {
        public TimeSpan? NextDelay(ClaimedRun run, JobDefinition? job, Exception error) => next();
    }

    [Job("test.nonsense")]
    public sealed record Nonsense(string Kind);

    public sealed class NonsenseJob : IJob<Nonsense, object>
    {
        private static int _calls;

        public static int Calls
        {
            get => Volatile.Read(ref _calls);
            set => Volatile.Write(ref _calls, value);
        }

        public Task<object> RunAsync(Nonsense args, JobContext context, CancellationToken ct)
        {
            Interlocked.Increment(ref _calls);
            return Task.FromResult(Make(args.Kind));
        }

        public static object Make(string kind)
        {
            switch (kind)
            {
                case "large":
                    return new string('x', 300_000);
                case "endless":
                    return Endless();
                case "cycle":
                    var node = new Node();
                    node.Next = node;
                    return node;
                case "nan":
                    return new { Value = double.NaN };
                case "type":
                    return new { Value = typeof(string) };
                default:
                    return new BadGetter();
            }
        }

        private static IEnumerable<int> Endless()
        {
            for (var i = 0; ; i++)
                yield return i;
        }
    }

    public sealed class Node
    {
        public Node? Next { get; set; }
    }

    public sealed class BadGetter
    {
        private readonly string _name = "";

        public string Name => _name.Length > 0 ? _name : throw new InvalidOperationException("The getter is broken.");
    }

    [Job("test.null")]
    public sealed record NullTask;

    public sealed class NullTaskJob : IJob<NullTask>
    {
        public Task RunAsync(NullTask args, JobContext context, CancellationToken ct) => null!;
    }
}

file static class Waits
{
    public static async Task<RunInfo> WaitAsyncOf(this EmbeddedFleet fleet, string word)
    {
        var id = await fleet.Client.EnqueueAsync(new Scripted(word));
        await Waiting.UntilAsync(() => fleet.IsAsync(id, RunState.Failed));
        return GetRuns.ToInfo((await fleet.FindAsync(id))!);
    }
}
