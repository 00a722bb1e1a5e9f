using System.Collections.Concurrent;
using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;
using Fleet.Testing;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Execution;

/// <summary>Code around handlers: what it sees, what it may do, and how its errors are judged.</summary>
public sealed class MiddlewareTests
{
    private readonly ConcurrentQueue<string> _trace = new();
    private Func<JobInvocation, JobStep, CancellationToken, Task> _body = (_, next, ct) => next(ct);

    [Fact]
    public async Task Middleware_ForAllAndForOneJob_RunsInTheOrderOfRegistration()
    {
        await using var fleet = await StartAsync(
            Script.Of(call => _trace.Enqueue("handler " + call.Context.Job)),
            jobs => jobs.Use<Named<One>>().UseFor<Scripted, Named<Two>>().Use<Named<Three>>());

        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));
        Assert.Equal(["One>", "Two>", "Three>", "handler test.scripted", "<Three", "<Two", "<One"], Take());

        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Ruled()));
        Assert.Equal(["One>", "Three>", "handler test.ruled", "<Three", "<One"], Take());
    }

    [Fact]
    public async Task Middleware_Invocation_HasContextArgsAndResult()
    {
        JobInvocation? seen = null;
        object? before = "unset";
        _body = async (invocation, next, ct) =>
        {
            (seen, before) = (invocation, invocation.Result);
            await next(ct);
            invocation.Result = $"{invocation.Result}, seen";
        };
        await using var fleet = await StartAsync(Script.Of(_ => { }), jobs => jobs.Use<Scriptable>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Needy("a", 1)));

        Assert.Equal((run.Id, new Needy("a", 1)), (seen!.Context.RunId, seen.Args));
        Assert.Null(before);
        Assert.Equal("\"a1, seen\"", run.OutputJson);
    }

    [Theory]
    [InlineData(null, """{"by":"handler"}""")]
    [InlineData("middleware", "\"middleware\"")]
    public async Task Middleware_JobWithoutResult_KeepsTheOutputUnlessAResultIsSet(string? result, string output)
    {
        _body = async (invocation, next, ct) =>
        {
            await next(ct);
            invocation.Result = result;
        };
        await using var fleet = await StartAsync(
            Script.Of(call => call.Context.SetOutput(new { by = "handler" })), jobs => jobs.Use<Scriptable>());

        Assert.Equal(output, (await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()))).OutputJson);
    }

    [Fact]
    public async Task Middleware_DoesNotCallNext_SucceedsWithoutTheHandler()
    {
        _body = (invocation, _, _) =>
        {
            if (invocation.Args is Scripted)
                invocation.Result = "known already";
            return Task.CompletedTask;
        };
        var script = Script.Of(_ => { });
        await using var fleet = await StartAsync(script, jobs => jobs.Use<Scriptable>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));
        var other = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Needy("a", 1)));

        Assert.Equal((RunState.Succeeded, "\"known already\"", 0), (run.State, run.OutputJson, script.Calls));
        Assert.Equal((RunState.Succeeded, null), (other.State, other.OutputJson));
    }

    [Fact]
    public async Task Middleware_CatchesWhatTheHandlerThrew_Succeeds()
    {
        _body = async (_, next, ct) =>
        {
            var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => next(ct));
            _trace.Enqueue(thrown.Message);
        };
        await using var fleet = await StartAsync(
            Script.Of(_ => throw new InvalidOperationException("boom")), jobs => jobs.Use<Scriptable>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal((RunState.Succeeded, 1), (run.State, run.Attempt));
        Assert.Equal(["boom"], Take());
    }

    [Fact]
    public async Task Middleware_Throws_IsJudgedAsTheHandler()
    {
        var errors = new ConcurrentQueue<Exception>(
        [
            new InvalidOperationException("first"),
            new RetryAfterException(TimeSpan.Zero, "second"), new SnoozeException(TimeSpan.Zero, "third"),
            new NonRetryableException("fourth"),
        ]);
        _body = async (_, next, ct) =>
        {
            await next(ct);
            if (errors.TryDequeue(out var error))
                throw error;
        };
        await using var fleet = await StartAsync(Script.Of(_ => { }), jobs => jobs.Use<Scriptable>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 9 }));

        Assert.Equal((RunState.Failed, "fourth", 3), (run.State, run.Error, run.Attempt));
        Assert.Equal(
            [AttemptOutcome.Failed, AttemptOutcome.Failed, AttemptOutcome.Snoozed, AttemptOutcome.Failed],
            (await fleet.AttemptsAsync(run.Id)).Select(a => a.Outcome));
    }

    [Fact]
    public async Task Middleware_RunIsCanceled_SeesItsTokenTrip()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _body = async (_, _, ct) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        };
        await using var fleet = await StartAsync(Script.Of(_ => { }), jobs => jobs.Use<Scriptable>());

        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await begun.Task.WaitAsync(Waiting.Limit);
        await fleet.Client.CancelAsync(id);

        Assert.Equal(RunState.Canceled, (await fleet.WaitAsync(id)).State);
    }

    [Fact]
    public async Task Middleware_CallsNextTwice_FailsAfterOneCall()
    {
        _body = async (_, next, ct) =>
        {
            await next(ct);
            await next(ct);
        };
        var script = Script.Of(_ => { });
        await using var fleet = await StartAsync(script, jobs => jobs.Use<Scriptable>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 1 }));

        Assert.Equal((RunState.Failed, 1), (run.State, script.Calls));
        Assert.Contains("called next a second time", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_KeepsNextAndCallsItAfterItsReturn_IsRefused()
    {
        JobStep? kept = null;
        _body = (_, next, _) =>
        {
            kept = next;
            return Task.CompletedTask;
        };
        var script = Script.Of(_ => { });
        await using var fleet = await StartAsync(script, jobs => jobs.Use<Scriptable>());
        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        var refused = await Record.ExceptionAsync(() => kept!(CancellationToken.None));

        Assert.Contains("or after it had returned", Assert.IsType<InvalidOperationException>(refused).Message, StringComparison.Ordinal);
        Assert.Equal(0, script.Calls);
    }

    [Fact]
    public async Task Middleware_DoesNotAwaitNext_EndsWithTheHandler()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _body = (invocation, rest, ct) =>
        {
            _ = rest(ct);
            return Task.CompletedTask;
        };
        var script = new Script(async _ =>
        {
            await release.Task;
            throw new NonRetryableException("late");
        });
        await using var fleet = await StartAsync(
            script, jobs => jobs.Use<Releasing>().Use<Scriptable>(), services => services.AddSingleton(release));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal((RunState.Failed, "late"), (run.State, run.Error));
    }

    [Fact]
    public async Task Middleware_ThrowsWhileTheHandlerRuns_EndsWithTheHandler()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _body = (invocation, rest, ct) =>
        {
            _ = rest(ct);
            throw new NonRetryableException("early");
        };
        var script = new Script(_ => release.Task);
        await using var fleet = await StartAsync(script, jobs => jobs.Use<Scriptable>());

        var id = await fleet.Client.EnqueueAsync(new Scripted());
        await script.NextAsync();
        Assert.Equal(RunState.Running, (await fleet.FindAsync(id))!.State);
        release.SetResult();
        var run = await fleet.WaitAsync(id);

        Assert.Equal((RunState.Failed, "early"), (run.State, run.Error));
    }

    [Fact]
    public async Task Middleware_ReturnsNull_FailsNamingIt()
    {
        _body = (_, _, _) => null!;
        await using var fleet = await StartAsync(Script.Of(_ => { }), jobs => jobs.Use<Scriptable>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 1 }));

        Assert.Contains($"{typeof(Scriptable)} returned null", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_ArgsDoNotFit_IsNotCalled()
    {
        await using var fleet = await StartAsync(Script.Of(_ => { }), jobs => jobs.Use<Named<One>>());

        var run = await fleet.WaitAsync(await fleet.InsertAsync("test.needy", """{"first":5,"second":1}"""));

        Assert.Equal(RunState.Failed, run.State);
        Assert.Empty(_trace);
    }

    [Fact]
    public async Task Middleware_Instance_IsOnePerAttemptInTheScopeOfTheHandler()
    {
        await using var fleet = await StartAsync(
            Script.Of(_ => { }),
            jobs => jobs.Add<SharingJob>().Use<SharingMiddleware>(),
            services => services.AddScoped<Shared>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Sharing()));

        Assert.Equal((RunState.Succeeded, 2), (run.State, run.Attempt));
        var (trace, ids) = (Take(), new List<string>());
        foreach (var line in trace)
            ids.Add(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(["middleware", "handler", "disposed", "middleware", "handler"], trace.Take(5).Select(l => l.Split(' ')[0]));
        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(ids[0], ids[2]);
        Assert.NotEqual(ids[0], ids[3]);
    }

    [Fact]
    public void UseFor_JobIsNotThere_IsRefusedNamingBoth()
    {
        using var services = new ServiceCollection().AddFleetJobs(jobs => jobs.Add<NeedyJob>().UseFor<Scripted, Scriptable>())
            .AddSingleton<JobRegistry>()
            .BuildServiceProvider();

        var refused = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<JobRegistry>());

        Assert.Equal(
            $"The middleware {typeof(Scriptable)} is for the job of {typeof(Scripted)}, "
                + "which has no handler here; add it with AddFleetJobs.",
            refused.Message);
    }

    [Fact]
    public async Task Middleware_VirtualFleet_RunsOnItsClock()
    {
        _body = async (invocation, next, ct) =>
        {
            _trace.Enqueue($"attempt {invocation.Context.Attempt}");
            if (invocation.Context.Attempt == 1)
                await Task.Delay(TimeSpan.FromHours(1), Clock!, ct);
            await next(ct);
        };
        await using var fleet = await VirtualFleet.StartAsync(ScriptedFleet.Clock().GetUtcNow(), services =>
        {
            Script.Of(_ => _trace.Enqueue("handler")).AddTo(services);
            services.AddSingleton(this).AddFleetJobs(jobs => jobs.Use<Scriptable>());
        });
        Clock = fleet.Time;

        // The job's timeout of 5 s ends the first attempt in its middleware.
        var id = await fleet.Client.EnqueueAsync(new Ruled());
        await fleet.RunForAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(["attempt 1", "attempt 2", "handler"], Take());
        Assert.Equal(RunState.Succeeded, (await fleet.GetRunsAsync(TestContext.Current.CancellationToken)).Single(r => r.Id == id).State);
    }

    [Fact]
    public async Task Example_OfTheDocs_DoesWhatTheySay()
    {
        await using var fleet = await StartAsync(
            Script.Of(_ => { }),
            jobs => jobs.Add<ImportOrdersJob>().UseFor<ImportOrders, TenantMiddleware>(),
            services => services.AddScoped<CurrentTenant>());

        var open = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new ImportOrders("acme")));
        var closed = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new ImportOrders("closed")));

        Assert.Equal((RunState.Succeeded, "\"orders of acme\""), (open.State, open.OutputJson));
        Assert.Equal((RunState.Failed, 1), (closed.State, closed.Attempt));
        Assert.StartsWith("The tenant closed has left.", closed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Example_InTheDocs_IsTheCodeOfThisTest()
    {
        var source = File.ReadAllText(Path.Combine(Repository.Root, "tests/Fleet.Tests/Engine/Execution/TenantMiddleware.cs"));
        var example = source[source.IndexOf("public sealed class TenantMiddleware", StringComparison.Ordinal)..].TrimEnd();

        Assert.Contains(example, File.ReadAllText(Path.Combine(Repository.Root, "docs/middleware.md")), StringComparison.Ordinal);
    }

    private TimeProvider? Clock { get; set; }

    private Task<EmbeddedFleet> StartAsync(Script script, Action<JobsBuilder> jobs, Action<IServiceCollection>? configure = null) =>
        ScriptedFleet.StartAsync(script, settings: ["Worker:Retry:FirstDelay=00:00:00"], configure: services =>
        {
            services.AddSingleton(this).AddFleetJobs(jobs);
            configure?.Invoke(services);
        });

    private List<string> Take()
    {
        var taken = new List<string>();
        while (_trace.TryDequeue(out var line))
            taken.Add(line);
        return taken;
    }

    private sealed class One;

    private sealed class Two;

    private sealed class Three;

    private sealed class Named<TName>(MiddlewareTests test) : IJobMiddleware
    {
        public async Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct)
        {
            test._trace.Enqueue(typeof(TName).Name + ">");
            await next(ct);
            test._trace.Enqueue("<" + typeof(TName).Name);
        }
    }

    private sealed class Scriptable(MiddlewareTests test) : IJobMiddleware
    {
        public Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct) => test._body(invocation, next, ct);
    }

    /// <summary>Lets the handler go on once the middleware inside has returned.</summary>
    private sealed class Releasing(TaskCompletionSource release) : IJobMiddleware
    {
        public async Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct)
        {
            var rest = next(ct);
            release.SetResult();
            await rest;
        }
    }

    [Job("test.sharing")]
    private sealed record Sharing;

    private sealed class Shared
    {
        public string Id { get; } = Guid.NewGuid().ToString();
    }

    private sealed class SharingJob(Shared shared, MiddlewareTests test) : IJob<Sharing>
    {
        public Task RunAsync(Sharing args, JobContext context, CancellationToken ct)
        {
            test._trace.Enqueue("handler " + shared.Id);
            return context.Attempt == 1 ? throw new InvalidOperationException("Once more.") : Task.CompletedTask;
        }
    }

    private sealed class SharingMiddleware(Shared shared, MiddlewareTests test) : IJobMiddleware, IDisposable
    {
        public Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct)
        {
            test._trace.Enqueue("middleware " + shared.Id);
            return next(ct);
        }

        public void Dispose() => test._trace.Enqueue("disposed " + shared.Id);
    }
}
