using System.Text.Json;
using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Engine.Execution;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Execution;

/// <summary>The seam between the engine and the work.</summary>
public sealed class RunExecutorTests
{
    private static readonly InProcessExecutor Executor = new();

    [Fact]
    public async Task Executor_OfTheApplication_DoesTheWorkAndIsJudgedAsAHandler()
    {
        var script = Script.Of(_ => { });
        await using var fleet = await ScriptedFleet.StartAsync(
            script,
            settings: ["Worker:Retry:FirstDelay=00:00:00"],
            configure: services => services.AddSingleton<IRunExecutor, ElsewhereExecutor>());

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted("x")));

        Assert.Equal((RunState.Succeeded, 2, 0), (run.State, run.Attempt, script.Calls));
        Assert.Equal("""{"elsewhere":"test.scripted"}""", run.OutputJson);
        Assert.Equal("The container ended with code 1.", Assert.Single(await fleet.AttemptsAsync(run.Id)).Error);
    }

    [Fact]
    public void InProcessExecutor_NoMiddleware_AllocatesNoMoreThanACallByHand()
    {
        var byHand = Allocated(_ => { }, new ByHand().CallAsync);
        var plain = Allocated(_ => { }, ThroughExecutorAsync);
        var wrapped = Allocated(jobs => jobs.Use<PassingMiddleware>(), ThroughExecutorAsync);

        TestContext.Current.SendDiagnosticMessage($"by hand {byHand} bytes, through the executor {plain}, with a middleware {wrapped}");
        // The measure works: middleware is seen in it.
        Assert.True(wrapped > plain, $"{wrapped} > {plain}");
        Assert.True(plain <= byHand, $"{plain} <= {byHand}");
    }

    private static Task ThroughExecutorAsync(JobDefinition job, ClaimedRun run, IServiceProvider services, JobContext context) =>
        Executor.ExecuteAsync(job, run, services, context, CancellationToken.None);

    /// <summary>The least that a call allocates. The handler is suspended once, so that the objects of asynchronous methods count; it
    /// goes on on this thread.</summary>
    private static long Allocated(
        Action<JobsBuilder> configure, Func<JobDefinition, ClaimedRun, IServiceProvider, JobContext, Task> call)
    {
        var gate = new Gate();
        using var services = new ServiceCollection().AddLogging().AddSingleton(gate)
            .AddFleetJobs(jobs => configure(jobs.Add<SuspendingJob>()))
            .AddSingleton<JobRegistry>()
            .BuildServiceProvider();
        var job = services.GetRequiredService<JobRegistry>().Find("test.suspending")!;
        var run = new ClaimedRun
        {
            Id = RunId.New(Verbs.Noon),
            LeaseToken = 1,
            Job = job.Name,
            Lane = job.Lane,
            Args = "{}",
            Attempt = 1,
            AttemptOffset = 0,
            MaxAttempts = null,
            DueAt = Verbs.Noon,
            StartedAt = Verbs.Noon,
        };
        var least = long.MaxValue;
        for (var i = 0; i < 200; i++)
        {
            using var scope = services.CreateScope();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var called = call(job, run, scope.ServiceProvider, null!);
            gate.Open();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.True(called.IsCompletedSuccessfully, called.Exception?.ToString());
        }

        return least;
    }

    /// <summary>What a call takes at least: it reads the args, makes the handler and awaits it.</summary>
    private sealed class ByHand
    {
        private readonly ObjectFactory _factory = ActivatorUtilities.CreateFactory(typeof(SuspendingJob), []);

        public async Task CallAsync(JobDefinition job, ClaimedRun run, IServiceProvider services, JobContext context)
        {
            var args = JsonSerializer.Deserialize<Suspending>(run.Args, FleetJson.Payload)!;
            await ((SuspendingJob)_factory(services, null)).RunAsync(args, context, CancellationToken.None);
        }
    }

    private sealed class Gate
    {
        private TaskCompletionSource _opened = new();

        public Task Opened => _opened.Task;

        public void Open()
        {
            var opened = _opened;
            _opened = new TaskCompletionSource();
            opened.SetResult();
        }
    }

    [Job("test.suspending")]
    private sealed record Suspending;

    private sealed class SuspendingJob(Gate gate) : IJob<Suspending>
    {
        public Task RunAsync(Suspending args, JobContext context, CancellationToken ct) => gate.Opened;
    }

    private sealed class PassingMiddleware : IJobMiddleware
    {
        public Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct) => next(ct);
    }

    private sealed class ElsewhereExecutor : IRunExecutor
    {
        public Task ExecuteAsync(JobDefinition job, ClaimedRun run, IServiceProvider services, JobContext context, CancellationToken ct)
        {
            if (context.Attempt == 1)
                throw new InvalidOperationException("The container ended with code 1.");
            context.SetOutput(new { elsewhere = job.Name });
            return Task.CompletedTask;
        }
    }
}
