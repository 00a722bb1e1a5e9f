using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Fleet.Engine.Execution;

namespace Fleet.Engine.Workers;

/// <summary>Names the run whose handler ends the process, where it can be known: by an exception on a thread that the handler left behind,
/// or by
/// <c>Environment.Exit</c>. Then the other runs of the process are given back, so that they are not blamed for a crash that they did not
/// cause.</summary>
/// <remarks>The run goes with the execution context (<see cref="CurrentRun"/>). What ends the process without a word, as <c>kill -9</c> and
/// a stack overflow do, is found by the rescue as before.</remarks>
public sealed partial class LastWords : IHostedService, IDisposable
{
    /// <summary>How long the end of the process is held up to give runs back.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>When they may start elsewhere: not before this process is gone for certain.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly RunningRuns _running;
    private readonly ReleaseRuns _release;
    private readonly CarefulLogger _logger;

    // Of tasks that nobody awaits only the exception is left when the runtime tells of it.
    private readonly ConditionalWeakTable<Exception, RunHandle> _throwers = [];
    private int _isSpoken;
    private bool _isListening;

    public LastWords(RunningRuns running, ReleaseRuns release, ILogger<LastWords> logger) =>
        (_running, _release, _logger) = (running, release, new CarefulLogger(logger));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _isListening = true;
        AppDomain.CurrentDomain.FirstChanceException += OnFirstChance;
        AppDomain.CurrentDomain.UnhandledException += OnUnhandled;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        TaskScheduler.UnobservedTaskException += OnUnobserved;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        if (!_isListening)
            return;
        _isListening = false;
        AppDomain.CurrentDomain.FirstChanceException -= OnFirstChance;
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandled;
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        TaskScheduler.UnobservedTaskException -= OnUnobserved;
    }

    /// <summary>Says who ends the process, and gives back the runs of the others.</summary>
    /// <param name="how">What ends it, after "The process ends: ".</param>
    /// <param name="suspects">The runs that may have ended it.</param>
    private void Speak(string how, IReadOnlyList<RunHandle> suspects)
    {
        if (Interlocked.Exchange(ref _isSpoken, 1) != 0)
            return;
        var others = _running.All.Where(h => !suspects.Contains(h) && !h.Settled.IsCompleted).ToList();
        if (suspects.Count + others.Count == 0)
            return;
        // The line goes to stderr too: the console's log is written by a thread that may not get to it any more.
        if (suspects.Count == 0)
        {
            LogUnknown(how, others.Count, Names(others));
            Console.Error.WriteLine($"fleet: {how}; under way were {Names(others)}.");
            return;
        }

        LogKnown(how, Names(suspects), others.Count);
        Console.Error.WriteLine($"fleet: {how}, in the handler of {Names(suspects)}, or in work that it left running.");
        Task.Run(() => GiveBackAsync(others, $"{how}, in the handler of {Names(suspects)}.")).Wait(Limit);
    }

    private static string Names(IReadOnlyCollection<RunHandle> handles)
    {
        const int most = 20;
        var names = string.Join(" or ", handles.Take(most).Select(h => $"{h.Run.Job} {h.Run.Id} (attempt {h.Run.Attempt})"));
        return handles.Count > most ? $"{names} or {handles.Count - most} more" : names;
    }

    private async Task GiveBackAsync(IEnumerable<RunHandle> handles, string reason)
    {
        try
        {
            await Task.WhenAll(handles.Select(h => _release.ExecuteAsync(
                h.Run.Id, h.Run.LeaseToken, AttemptOutcome.Released,
                "The worker's process ended: " + reason, Pause, CancellationToken.None)));
        }
        catch (Exception e)
        {
            LogNotGivenBack(e);
        }
    }

    private void OnFirstChance(object? sender, FirstChanceExceptionEventArgs e)
    {
        if (Mine(CurrentRun.Value) is { } handle)
            _throwers.AddOrUpdate(e.Exception, handle);
    }

    private void OnUnhandled(object sender, UnhandledExceptionEventArgs e)
    {
        var error = e.ExceptionObject as Exception;
        var culprit = Mine(CurrentRun.Value) ?? (error is null ? null : FindThrower(error));
        var type = error is null ? e.ExceptionObject.GetType().FullName : RunError.From(error).Type;
        Speak($"an exception that nobody caught ended the process ({type})", culprit is null ? [] : [culprit]);
    }

    // A handler that called Environment.Exit still occupies its thread.
    private void OnExit(object? sender, EventArgs e) => Speak(
        $"the process was ended with exit code {Environment.ExitCode}",
        [.. CurrentRun.OnThreads().Where(h => Mine(h) is not null && !h.Settled.IsCompleted)]);

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs e)
    {
        foreach (var error in e.Exception.Flatten().InnerExceptions)
        {
            if (FindThrower(error) is not { } handle)
                continue;
            var described = RunError.From(error, handle.Secrets);
            LogUnobserved(handle.Run.Job, handle.Run.Id, described.Message, new HandlerException(described));
        }
    }

    private RunHandle? FindThrower(Exception error) => _throwers.TryGetValue(error, out var handle) ? handle : null;

    private RunHandle? Mine(RunHandle? handle) => handle?.Owner == _running ? handle : null;

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "The process ends: {How}, in the handler of {Culprits}, or in work that it left running. "
            + "The other {Others} executing run(s) are given back and do not count an attempt.")]
    private partial void LogKnown(string how, string culprits, int others);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The process ends: {How}. {Count} run(s) were executing: {Names}.")]
    private partial void LogUnknown(string how, int count, string names);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "A task that the handler of {Job} {RunId} started failed, and nobody awaited it: {Error}")]
    private partial void LogUnobserved(string job, RunId runId, string error, Exception e);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Executing runs could not be given back before the process ended; each of them counts a crash.")]
    private partial void LogNotGivenBack(Exception e);
}
