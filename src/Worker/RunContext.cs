using System.Data.Common;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Fleet.Core;
using Fleet.Core.Outbox;
using Fleet.Core.Runs;
using Fleet.Core.Storage;

namespace Fleet.Worker;

/// <summary>The context of one attempt: collects what is to be stored with the completion.</summary>
internal sealed partial class RunContext(
    ClaimedRun run, string jobName, EnqueueRuns enqueue, CompleteRuns complete, RunReports reports, TimeProvider time, ILogger logger) : JobContext
{
    private const int MaxMessage = 200;

    private readonly Lock _lock = new();
    private readonly List<NewRun> _followUps = [];
    private readonly List<OutboxMessage> _events = [];
    private string? _output;
    private string? _progressMessage;
    private RunLog? _log;

    public override RunId RunId => run.Id;

    public override string Job => jobName;

    public override string Lane => run.Lane;

    public override int Attempt => run.Attempt;

    public override DateTimeOffset DueTime => run.DueAt;

    public override DateTimeOffset? FireTime => run.FireTime;

    public override string? Schedule => run.ScheduleId;

    public override IReadOnlyList<string> Tags => GetRuns.ReadTags(run.Tags);

    public override JobLog Log => _log ??= new RunLog(run, reports, time, logger);

    /// <summary>Follow-ups that the completion has stored, for their nudges.</summary>
    public IReadOnlyList<NewRun> FollowUps => _followUps;

    public bool HasEvents => _events.Count > 0;

    public override void ReportProgress(double fraction, string? message = null)
    {
        if (message is not null)
            _progressMessage = StoredText.Cut(message, MaxMessage);
        var clamped = double.IsNaN(fraction) ? 0 : Math.Clamp(fraction, 0, 1);
        reports.Add(new ProgressReport(run.Id, run.LeaseToken, clamped, _progressMessage));
    }

    public override void SetOutput<T>(T output)
    {
        var json = JsonSerializer.Serialize(output, FleetJson.Payload);
        if (RunRules.CheckArgsSize(json) is not null)
            throw new ArgumentException($"The output of job '{jobName}' is larger than 256 KiB.", nameof(output));
        _output = json;
    }

    public override async Task<RunId> EnqueueAsync<TArgs>(TArgs args, EnqueueOptions? options = null, CancellationToken ct = default)
    {
        var request = FleetClient.RequestFor(args, options) with { ParentId = run.Id };
        var followUp = await enqueue.AcceptAsync(request, ct);
        lock (_lock)
            _followUps.Add(followUp);
        return followUp.Id;
    }

    public override Task PublishAsync<TEvent>(TEvent message, CancellationToken ct = default)
    {
        var type = message.GetType();
        var name = type.GetCustomAttribute<EventAttribute>()?.Name
            ?? throw new InvalidOperationException($"{type} cannot be published: it has no [Event(\"name\")] attribute.");
        if (RunRules.CheckName("[Event] name", name) is { } error)
            throw new InvalidOperationException($"{type}: {error.Message}");
        var now = time.GetUtcNow();
        var row = new OutboxMessage
        {
            MessageId = Guid.CreateVersion7(now),
            Name = name,
            Body = JsonSerializer.Serialize(message, type, FleetJson.Payload),
            RunId = run.Id,
            TraceParent = Activity.Current?.Id,
            CreatedAt = now,
            NextTryAt = now,
        };
        lock (_lock)
            _events.Add(row);
        return Task.CompletedTask;
    }

    public override Task CompleteAsync(DbTransaction transaction, CancellationToken ct = default) =>
        complete.ExecuteInAsync(transaction, MakeCompletion(), ct);

    public override Task CompleteAsync(Func<DbTransaction, CancellationToken, Task> work, CancellationToken ct = default) =>
        complete.ExecuteAfterAsync(work, MakeCompletion, ct);

    public Completion MakeCompletion()
    {
        lock (_lock)
        {
            return new Completion
            {
                Id = run.Id,
                LeaseToken = run.LeaseToken,
                FinishedAt = time.GetUtcNow(),
                Output = _output,
                FollowUps = _followUps,
                Events = _events,
            };
        }
    }

    private sealed partial class RunLog(ClaimedRun run, RunReports reports, TimeProvider time, ILogger logger) : JobLog
    {
        private const int MaxLines = 1000;
        private const int MaxLength = 4000;

        private int _lines;

        public override void Write(JobLogLevel level, string message)
        {
            LogLine((LogLevel)((int)level + 1), message);
            var number = Interlocked.Increment(ref _lines);
            if (number > MaxLines + 1)
                return;
            var text = number == MaxLines + 1
                ? $"More than {MaxLines} lines: the rest of this attempt's log is not kept."
                : StoredText.Cut(message, MaxLength);
            reports.Add(new RunLogLine { RunId = run.Id, Attempt = run.Attempt, At = time.GetUtcNow(), Level = level, Message = text });
        }

        private void LogLine(LogLevel level, string message) => LogLine(logger, level, message);

        [LoggerMessage(Message = "{Message}")]
        private static partial void LogLine(ILogger logger, LogLevel level, string message);
    }
}
