using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;

namespace Fleet.Engine.Execution;

/// <summary>What a line of <see cref="FailureLog"/> says.</summary>
internal enum FailureKind
{
    /// <summary>An attempt failed and is tried again.</summary>
    Retry,

    /// <summary>A run failed for good.</summary>
    Dead,

    /// <summary>A run was given back because the database failed under its handler.</summary>
    Outage,

    /// <summary>The result of a run was dropped because its lease was lost.</summary>
    LeaseLost,

    /// <summary>The end of a run could not be written yet.</summary>
    NotSettled,
}

/// <summary>Logs how attempts ended, and no more of it than a person can read. The first lines of a job and kind of error are written at
/// once and in full. Of what comes after them, every <see cref="Window"/> has one line: how many there were, and the
/// last of them.</summary>
/// <remarks>Only lines are left out. Attempts, runs and metrics have every failure.</remarks>
public sealed partial class FailureLog : IDisposable
{
    /// <summary>Lines in full within a window, for each job and type of error.</summary>
    public const int MaxAlike = 5;

    /// <summary>The same for runs that failed for good: somebody has to look at each of them.</summary>
    public const int MaxDeadAlike = 20;

    /// <summary>Lines in full within a window, of all jobs and errors of a kind together.</summary>
    public const int MaxOfKind = 50;

    /// <summary>Summaries at the end of a window; what is left shares one line.</summary>
    public const int MaxSummaries = 20;

    /// <summary>How long what is alike is counted before it is summed up.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>Of more jobs and errors than these within a window, the rest is counted together.</summary>
    private const int MaxKeys = 1000;

    private static readonly int Kinds = Enum.GetValues<FailureKind>().Length;

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Counter> _counters = [];
    private readonly int[] _lines = new int[Kinds];
    private readonly ITimer _timer;
    private long _begun;
    private bool _isOpen;

    public FailureLog(ILogger<SettleRuns> logger, TimeProvider time)
    {
        (_logger, _time) = (new CarefulLogger(logger), time);
        // Made here and not at the first failure: it would keep that run's scopes for ever.
        _timer = time.CreateTimer(static log => ((FailureLog)log!).EndWindow(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Retry(ClaimedRun run, TimeSpan delay, RunError error)
    {
        if (MayWrite(FailureKind.Retry, run, error.Type, error.Message))
            LogRetry(run.Job, run.Id, run.Attempt, delay, error.Message);
    }

    /// <param name="run">The run.</param>
    /// <param name="error">Its last error.</param>
    /// <param name="exception">The error with its stack; null where the words are enough.</param>
    public void Dead(ClaimedRun run, RunError error, Exception? exception)
    {
        if (MayWrite(FailureKind.Dead, run, error.Type, error.Message))
            LogDead(run.Job, run.Id, run.Attempt, error.Message, exception);
    }

    public void Outage(ClaimedRun run, TimeSpan pause, RunError error)
    {
        if (MayWrite(FailureKind.Outage, run, error.Type, error.Message))
            LogOutage(run.Job, run.Id, pause, error.Message);
    }

    public void LeaseLost(ClaimedRun run)
    {
        if (MayWrite(FailureKind.LeaseLost, run, "", "the lease was lost"))
            LogLeaseLost(run.Job, run.Id);
    }

    public void NotSettled(ClaimedRun run, TimeSpan pause, Exception e)
    {
        if (MayWrite(FailureKind.NotSettled, run, e.GetType().Name, e.Message))
            LogNotSettled(run.Job, run.Id, pause, e);
    }

    /// <summary>Sums up what has not been told yet.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        EndWindow();
    }

    /// <returns>False when the line is only counted.</returns>
    private bool MayWrite(FailureKind kind, ClaimedRun run, string errorType, string error)
    {
        lock (_lock)
        {
            if (!_isOpen)
            {
                (_isOpen, _begun) = (true, _time.GetTimestamp());
                _timer.Change(Window, Timeout.InfiniteTimeSpan);
            }

            var key = new Key(kind, run.Job, errorType);
            if (!_counters.TryGetValue(key, out var counter))
            {
                if (_counters.Count >= MaxKeys)
                    key = new Key(kind, "", "");
                if (!_counters.TryGetValue(key, out counter))
                    _counters.Add(key, counter = new Counter());
            }

            if (counter.Written < counter.Most(kind) && _lines[(int)kind] < MaxOfKind)
            {
                counter.Written++;
                _lines[(int)kind]++;
                return true;
            }

            counter.Left++;
            counter.Last = (run.Job, run.Id, run.Attempt, errorType, error);
            return false;
        }
    }

    private void EndWindow()
    {
        List<(FailureKind Kind, int Count, Last Last)> left = [];
        TimeSpan window;
        lock (_lock)
        {
            if (!_isOpen)
                return;
            window = _time.GetElapsedTime(_begun);
            foreach (var (key, counter) in _counters.ToArray())
            {
                if (counter.Left == 0)
                {
                    _counters.Remove(key);
                    continue;
                }

                left.Add((key.Kind, counter.Left, counter.Last));
                counter.Reset();
            }

            // While something goes on, the next window sees whether it still does.
            _isOpen = _counters.Count > 0;
            _begun = _time.GetTimestamp();
            Array.Clear(_lines);
            if (_isOpen)
                _timer.Change(Window, Timeout.InfiniteTimeSpan);
        }

        left.Sort(static (a, b) => a.Kind == b.Kind
            ? b.Count.CompareTo(a.Count)
            : (b.Kind == FailureKind.Dead).CompareTo(a.Kind == FailureKind.Dead));
        foreach (var (kind, count, last) in left.Take(MaxSummaries))
        {
            LogMore(
                LevelOf(kind), count, last.Job, TextOf(kind), Math.Round(window.TotalSeconds, 1),
                last.RunId, last.Attempt, last.ErrorType, last.Error);
        }

        if (left.Count > MaxSummaries)
            LogOthers(left.Skip(MaxSummaries).Sum(l => l.Count), left.Count - MaxSummaries, Math.Round(window.TotalSeconds, 1));
    }

    private static LogLevel LevelOf(FailureKind kind) => kind == FailureKind.Dead ? LogLevel.Error : LogLevel.Warning;

    private static string TextOf(FailureKind kind) => kind switch
    {
        FailureKind.Retry => "attempt(s) failed and are tried again",
        FailureKind.Dead => "run(s) failed for good",
        FailureKind.Outage => "run(s) met an outage of the database and were given back",
        FailureKind.LeaseLost => "result(s) were dropped because their runs are no longer this worker's",
        _ => "time(s) the end of a run could not be written",
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} of {Job} {RunId} failed; next try in {Delay}: {Error}")]
    private partial void LogRetry(string job, RunId runId, int attempt, TimeSpan delay, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Job} {RunId} failed for good at attempt {Attempt}: {Error}")]
    private partial void LogDead(string job, RunId runId, int attempt, string error, Exception? e);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Job} {RunId} met an outage of the database. It starts again in {Delay}, and the attempt does not count: {Error}")]
    private partial void LogOutage(string job, RunId runId, TimeSpan delay, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Job} {RunId} is no longer this worker's; its result was dropped.")]
    private partial void LogLeaseLost(string job, RunId runId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The result of {Job} {RunId} could not be written; next try in {Pause}.")]
    private partial void LogNotSettled(string job, RunId runId, TimeSpan pause, Exception e);

    [LoggerMessage(
        Message = "{Count} more of {Job} in the last {Seconds} s: {What}. The last was {RunId}, attempt {Attempt}, {ErrorType}: {Error}")]
    private partial void LogMore(
        LogLevel level, int count, string job, string what, double seconds, RunId runId, int attempt, string errorType, string error);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} more failures of {Others} other jobs or errors in the last {Seconds} s; "
            + "attempts and metrics are complete.")]
    private partial void LogOthers(int count, int others, double seconds);

    private readonly record struct Key(FailureKind Kind, string Job, string ErrorType);

    private readonly record struct Last(string Job, RunId RunId, int Attempt, string ErrorType, string Error)
    {
        public static implicit operator Last((string Job, RunId RunId, int Attempt, string ErrorType, string Error) last) =>
            new(last.Job, last.RunId, last.Attempt, last.ErrorType, last.Error);
    }

    private sealed class Counter
    {
        private bool _goesOn;

        public int Written { get; set; }

        public int Left { get; set; }

        public Last Last { get; set; }

        /// <summary>One line in full where the window before had more than could be written.</summary>
        public int Most(FailureKind kind) => _goesOn ? 1 : kind == FailureKind.Dead ? MaxDeadAlike : MaxAlike;

        public void Reset() => (_goesOn, Written, Left) = (true, 0, 0);
    }
}
