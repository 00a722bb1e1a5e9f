using System.Data.Common;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Fleet.Core.Effects;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Engine.Execution;

/// <summary>The context of one attempt: collects what is to be stored with the completion.</summary>
/// <remarks>Nothing can be added once the completion has been made: it would be lost, while its caller holds the id of a run that never
/// exists.</remarks>
internal sealed partial class RunContext(
    ClaimedRun run, JobDefinition? definition, EnqueueRuns enqueue, CompleteRuns complete,
    EffectSyntax syntax, RunReports reports, TimeProvider time, ILogger logger)
    : JobContext, IResultTaker, ICommitTaker
{
    private const int MaxMessage = 200;

    private readonly Lock _lock = new();
    private readonly List<NewRun> _followUps = [];
    private readonly List<OutboxMessage> _events = [];
    private CollectEffects? _effects;
    private string? _output;
    private Phase _phase;
    // Small on purpose: every run has these fields.
    private int _waitedMilliseconds;
    private string? _progressMessage;
    private RunLog? _log;

    public override RunId RunId => run.Id;

    public override string Job => definition?.Name ?? run.Job;

    public override string Lane => run.Lane;

    public override int Attempt => run.Attempt;

    public override DateTimeOffset DueTime => run.DueAt;

    public override DateTimeOffset? FireTime => run.FireTime;

    public override string? Schedule => run.ScheduleId;

    public override IReadOnlyList<string> Tags => GetRuns.ReadTags(run.Tags);

    public override JobLog Log => OwnLog;

    private RunLog OwnLog => _log ??= new RunLog(run, Secrets, reports, time, logger);

    /// <summary>The values of the run's secrets, which nothing that is stored or logged may hold.</summary>
    public SecretValues Secrets => _log?.Secrets ?? definition?.Secrets.ValuesIn(run.Args) ?? SecretValues.None;

    /// <summary>Follow-ups that the completion has stored, for their nudges.</summary>
    public IReadOnlyList<NewRun> FollowUps => _followUps;

    public bool HasEvents => _events.Count > 0;

    /// <summary>How long the handler waited for a transaction of Fleet's, until its work in it began.</summary>
    public TimeSpan Waited => TimeSpan.FromMilliseconds(_waitedMilliseconds);

    /// <summary>Whether it completed in a transaction that it had opened itself, on a connection that Fleet did not give it.</summary>
    public bool HasOwnTransaction { get; private set; }

    /// <summary>True once a completion was committed by Fleet itself: nothing is left to be written.</summary>
    public bool IsCommitted { get; private set; }

    /// <summary>True when the handler had a completion in a transaction of its own and has ended: whether it committed it,
    /// the database knows.</summary>
    public bool IsInDoubt { get; private set; }

    public override void ReportProgress(double fraction, string? message = null)
    {
        if (message is not null)
            _progressMessage = StoredText.Cut(Secrets.CutOf(message), MaxMessage);
        var clamped = double.IsNaN(fraction) ? 0 : Math.Clamp(fraction, 0, 1);
        reports.Add(new ProgressReport(run.Id, run.LeaseToken, clamped, _progressMessage));
    }

    /// <summary>Keeps a line that the handler has written to an <see cref="ILogger"/>. The process's log has it already.</summary>
    public void KeepLine(JobLogLevel level, string message) => OwnLog.Keep(level, message);

    public override void SetOutput<T>(T output)
    {
        RequireOpen(nameof(SetOutput));
        var json = OutputWriter.Write(output, out var problem)
            ?? throw new OutputRefusedException($"The output of job '{Job}' {problem}.", nameof(output));
        json = Secrets.CutOfJson(json);
        lock (_lock)
        {
            RequireOpen(nameof(SetOutput));
            _output = json;
        }
    }

    public void TakeResult<T>(T result)
    {
        if (_phase != Phase.Open)
        {
            if (result is not null)
            {
                Log.Warning(
                    "The returned result was not stored: CompleteAsync had completed the run before. "
                        + "Call SetOutput before CompleteAsync instead.");
            }

            return;
        }

        var json = OutputWriter.Write(result, out var problem);
        if (json is null)
        {
            // The work is done: it is not done again because its result cannot be kept.
            problem = $"The result of job '{Job}' {problem}; it was left out.";
            Log.Warning(problem);
            json = OutputWriter.Omitted(problem);
        }

        json = Secrets.CutOfJson(json);
        lock (_lock)
            _output = json;
    }

    public override async Task<RunId> EnqueueAsync<TArgs>(TArgs args, EnqueueOptions? options = null, CancellationToken ct = default)
    {
        RequireOpen(nameof(EnqueueAsync));
        var request = FleetClient.RequestFor(args, options) with { ParentId = run.Id };
        var followUp = await enqueue.AcceptAsync(request, ct);
        lock (_lock)
        {
            RequireOpen(nameof(EnqueueAsync));
            _followUps.Add(followUp);
        }

        return followUp.Id;
    }

    public override Task PublishAsync<TEvent>(TEvent message, CancellationToken ct = default)
    {
        RequireOpen(nameof(PublishAsync));
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
        {
            RequireOpen(nameof(PublishAsync));
            _events.Add(row);
        }

        return Task.CompletedTask;
    }

    public override void Effect(string sql, object? parameters = null)
    {
        RequireOpen(nameof(Effect));
        var effects = LazyInitializer.EnsureInitialized(ref _effects, () => new CollectEffects(syntax, Job));
        // What a property does when it is read is the handler's own: not under the lock.
        var read = effects.Read(sql, parameters);
        lock (_lock)
        {
            RequireOpen(nameof(Effect));
            effects.Add(read);
        }
    }

    public override async Task CompleteAsync(DbTransaction transaction, CancellationToken ct = default)
    {
        var completion = Seal();
        try
        {
            HasOwnTransaction = true;
            await complete.ExecuteInAsync(transaction, completion, ct);
        }
        catch (Exception e)
        {
            Unseal();
            // The caller opened the transaction on a database of another kind.
            if (e is ArgumentException { ParamName: "transaction" })
                throw new NonRetryableException(e.Message, e);
            throw;
        }
    }

    public override async Task CompleteAsync(Func<DbTransaction, CancellationToken, Task> work, CancellationToken ct = default)
    {
        int followUps, events, effects;
        string? output;
        bool wasSealed;
        var begun = time.GetTimestamp();
        lock (_lock)
        {
            if (_phase == Phase.Committed)
                throw Refusal(nameof(CompleteAsync));
            RefuseEffects();
            wasSealed = _phase == Phase.Sealed;
            (followUps, events, effects, output) = (_followUps.Count, _events.Count, _effects?.Effects.Count ?? 0, _output);
        }

        try
        {
            try
            {
                await complete.ExecuteAfterAsync(WorkAsync, Seal, ct);
            }
            catch (RunCompletedException) when (!wasSealed)
            {
                // An earlier call was committed and its answer lost. The work is done, once; this second time was rolled back.
            }

            MarkCommitted();
        }
        catch
        {
            Unseal();
            lock (_lock)
            {
                // What the work added goes with what it wrote: the handler may call this again.
                _followUps.RemoveRange(followUps, _followUps.Count - followUps);
                _events.RemoveRange(events, _events.Count - events);
                _effects?.Truncate(effects);
                _output = output;
            }

            throw;
        }

        Task WorkAsync(DbTransaction transaction, CancellationToken token)
        {
            _waitedMilliseconds += (int)time.GetElapsedTime(begun).TotalMilliseconds;
            return work(transaction, token);
        }
    }

    public void TakeCommit()
    {
        complete.Committed(new RunLease(run.Id, run.LeaseToken));
        MarkCommitted();
    }

    /// <summary>Ends the attempt for the handler, and for whatever it left running.</summary>
    public void Close(bool isGivenUp)
    {
        lock (_lock)
        {
            IsInDoubt |= _phase == Phase.Sealed;
            if (_phase < Phase.Ended)
                _phase = isGivenUp ? Phase.GivenUp : Phase.Ended;
        }
    }

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
                Effects = _effects?.Effects ?? [],
            };
        }
    }

    private Completion Seal()
    {
        lock (_lock)
        {
            switch (_phase)
            {
                case Phase.GivenUp:
                    throw new LeaseLostException(run.Id);
                case Phase.Ended or Phase.Committed:
                    throw Refusal(nameof(CompleteAsync));
                default:
                    RefuseEffects();
                    // A second time in another transaction, where the caller rolled the first one back.
                    _phase = Phase.Sealed;
                    return MakeCompletion();
            }
        }
    }

    private void MarkCommitted()
    {
        lock (_lock)
        {
            IsCommitted = true;
            if (_phase < Phase.Committed)
                _phase = Phase.Committed;
        }
    }

    private void Unseal()
    {
        lock (_lock)
        {
            if (_phase == Phase.Sealed)
                _phase = Phase.Open;
        }
    }

    private void RefuseEffects()
    {
        if (_effects is { Effects.Count: > 0 })
        {
            throw new InvalidOperationException(
                $"CompleteAsync was called after Effect in run {run.Id}: "
                    + "Fleet completes the run together with its effects when the handler returns. "
                    + "Use one of them: write through the transaction of CompleteAsync, or hand everything over with Effect and return.");
        }
    }

    private void RequireOpen(string member)
    {
        if (_phase != Phase.Open)
            throw Refusal(member);
    }

    private InvalidOperationException Refusal(string member) => new(
        _phase >= Phase.Ended
            ? $"{member} was called after attempt {run.Attempt} of run {run.Id} had ended: "
                + "nothing can be stored with it any more. Await everything that the handler starts."
            : $"{member} was called after CompleteAsync had completed run {run.Id}: "
                + "it could not be stored with the completion any more. Call it before CompleteAsync.");

    private enum Phase : byte
    {
        Open = 0,

        /// <summary>A completion is in a transaction, which may yet be rolled back.</summary>
        Sealed = 1,

        /// <summary>A completion is committed.</summary>
        Committed = 2,

        /// <summary>The handler has returned or thrown.</summary>
        Ended = 3,

        /// <summary>The handler was given up; it may still run.</summary>
        GivenUp = 4,
    }

    private sealed partial class RunLog(
        ClaimedRun run, SecretValues secrets, RunReports reports, TimeProvider time, ILogger logger) : JobLog
    {
        private const int MaxLines = 1000;
        private const int MaxLength = 4000;

        private int _lines;

        public SecretValues Secrets => secrets;

        public override void Write(JobLogLevel level, string message)
        {
            // A handler is not to fail by what it logs.
            message = secrets.CutOf(message ?? "");
            LogLine((LogLevel)((int)level + 1), message);
            Keep(level, message);
        }

        /// <summary>Stores a line with the run.</summary>
        public void Keep(JobLogLevel level, string message)
        {
            var number = Interlocked.Increment(ref _lines);
            if (number > MaxLines + 1)
                return;
            var text = number == MaxLines + 1
                ? $"More than {MaxLines} lines: the rest of this attempt's log is not kept."
                : StoredText.Cut(secrets.CutOf(message), MaxLength);
            reports.Add(new RunLogLine { RunId = run.Id, Attempt = run.Attempt, At = time.GetUtcNow(), Level = level, Message = text });
        }

        private void LogLine(LogLevel level, string message) => LogLine(logger, level, message);

        [LoggerMessage(Message = "{Message}")]
        private static partial void LogLine(ILogger logger, LogLevel level, string message);
    }
}
