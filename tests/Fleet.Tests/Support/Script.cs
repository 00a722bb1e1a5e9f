using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Support;

/// <summary>A job that does what the test's <see cref="Script"/> says.</summary>
[Job("test.scripted")]
public sealed record Scripted(string Word = "");

/// <summary>The same with rules of its own: one lane, two attempts, five seconds each.</summary>
[Job("test.ruled", Lane = "narrow", MaxAttempts = 2, Timeout = "00:00:05", Aliases = ["test.old"])]
public sealed record Ruled(string Word = "");

/// <summary>Two words, both needed.</summary>
[Job("test.needy")]
public sealed record Needy(string First, int Second);

/// <summary>An event that scripted jobs publish.</summary>
[Event("test.happened")]
public sealed record Happened(string What);

internal sealed class ScriptedJob(Script script) : IJob<Scripted>
{
    public Task RunAsync(Scripted args, JobContext context, CancellationToken ct) => script.PlayAsync(args.Word, context, ct);
}

internal sealed class RuledJob(Script script) : IJob<Ruled>
{
    public Task RunAsync(Ruled args, JobContext context, CancellationToken ct) => script.PlayAsync(args.Word, context, ct);
}

internal sealed class NeedyJob : IJob<Needy, string>
{
    public Task<string> RunAsync(Needy args, JobContext context, CancellationToken ct) => Task.FromResult(args.First + args.Second);
}

/// <summary>One call of a scripted handler.</summary>
/// <param name="Number">From 1, over all runs.</param>
/// <param name="Word">The run's argument.</param>
/// <param name="Context">The run at hand.</param>
/// <param name="Token">What the handler was given.</param>
internal sealed record Call(int Number, string Word, JobContext Context, CancellationToken Token);

/// <summary>What scripted handlers do, and the signals by which a test follows them.</summary>
internal sealed class Script(Func<Call, Task> body)
{
    private readonly Channel<Call> _started = Channel.CreateUnbounded<Call>();
    private readonly ConcurrentDictionary<RunId, TaskCompletionSource> _startOf = new();
    private readonly Tally _calls = new();
    private readonly Tally _ended = new();
    private int _now;
    private int _most;

    /// <summary>How many calls there were.</summary>
    public int Calls => _calls.Count;

    /// <summary>How many handlers ran at once, at most.</summary>
    public int MostAtOnce => Volatile.Read(ref _most);

    /// <summary>How many calls have ended.</summary>
    public int Ended => _ended.Count;

    /// <summary>Waits until handlers were called so often; fails the test after 30 s.</summary>
    public Task CalledAsync(int times) => _calls.ReachesAsync(times);

    /// <summary>Waits until so many calls have ended; fails the test after 30 s.</summary>
    public Task EndedAsync(int calls) => _ended.ReachesAsync(calls);

    /// <summary>Waits until the handler of a run has been called; fails the test after 30 s.</summary>
    public Task StartedAsync(RunId run) => StartOf(run).Task.WaitAsync(Waiting.Limit);

    /// <summary>A script without asynchronous steps.</summary>
    public static Script Of(Action<Call> body) => new(call =>
    {
        body(call);
        return Task.CompletedTask;
    });

    /// <summary>The next call that starts; fails the test after 30 s.</summary>
    public async Task<Call> NextAsync()
    {
        using var limit = new CancellationTokenSource(Waiting.Limit);
        return await _started.Reader.ReadAsync(limit.Token);
    }

    /// <summary>The job pack of the tests.</summary>
    public void AddTo(IServiceCollection services) => services.AddSingleton(this)
        .AddFleetJobs(jobs => jobs.Add<ScriptedJob>().Add<RuledJob>().Add<NeedyJob>());

    public async Task PlayAsync(string word, JobContext context, CancellationToken ct)
    {
        var now = Interlocked.Increment(ref _now);
        for (var most = _most; now > most; most = _most)
            Interlocked.CompareExchange(ref _most, now, most);
        var call = new Call(_calls.Add(), word, context, ct);
        StartOf(context.RunId).TrySetResult();
        _started.Writer.TryWrite(call);
        try
        {
            await body(call);
        }
        finally
        {
            Interlocked.Decrement(ref _now);
            _ended.Add();
        }
    }

    private TaskCompletionSource StartOf(RunId run) =>
        _startOf.GetOrAdd(run, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
