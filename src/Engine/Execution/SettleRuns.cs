using System.Threading.Channels;
using Fleet.Core.Effects;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Fleet.Engine.Workers;

namespace Fleet.Engine.Execution;

/// <summary>The third step of an attempt: writes its end. Whatever the handler or the retry policy did, the attempt ends: as a success, as
/// a counted attempt, or given back a limited number of times.</summary>
public sealed partial class SettleRuns
{
    /// <summary>How often a form is written again for an error that nobody knows; about a minute.</summary>
    private const int MaxTriesOfForm = 15;

    private static readonly RunError NotStorable = new(
        "Fleet.ErrorNotStorable", "The attempt failed; the database refused to store its error.", null);

    private readonly CompleteRuns _complete;
    private readonly FailRuns _fail;
    private readonly ReleaseRuns _release;
    private readonly EndAttempts _ends;
    private readonly JudgeAttempts _judge;
    private readonly Outages _outages;
    private readonly UnservedRuns _unserved;
    private readonly IStorage _storage;
    private readonly FailureLog _failures;
    private readonly TimeProvider _time;
    private readonly CarefulLogger _logger;

    public SettleRuns(
        CompleteRuns complete,
        FailRuns fail,
        ReleaseRuns release,
        EndAttempts ends,
        JudgeAttempts judge,
        UnservedRuns unserved,
        IStorage storage,
        FailureLog failures,
        TimeProvider time,
        ILogger<SettleRuns> logger)
    {
        (_complete, _fail, _release, _ends, _judge) = (complete, fail, release, ends, judge);
        (_outages, _unserved, _storage) = (new Outages(storage), unserved, storage);
        (_failures, _time, _logger) = (failures, time, new CarefulLogger(logger));
    }

    /// <summary>Writes a success. When the database refuses what the handler gave, the success is written without it; when it refuses an
    /// effect, the attempt has failed.</summary>
    internal async Task<SettledAttempt> SucceedAsync(RunHandle handle, JobDefinition? job)
    {
        var run = handle.Run;
        var context = handle.Context!;
        if (context.IsCommitted)
            return new SettledAttempt(SettleOutcome.AlreadyCompleted, RollupOutcome.Succeeded);
        var completion = context.MakeCompletion();
        try
        {
            try
            {
                return await CompleteAsync(completion, context.IsInDoubt);
            }
            catch (Exception e) when (e is not EffectFailedException)
            {
                // The work is done: what cannot be stored with it is left out, and it is not done again.
                List<Func<Task<SettledAttempt>>> forms = [() => CompleteAsync(completion, context.IsInDoubt)];
                if (completion.Output is not null)
                {
                    var omitted = OutputWriter.Omitted("The database refused to store the output.");
                    forms.Add(() => CompleteAsync(completion with { Output = omitted }, context.IsInDoubt));
                }

                var notStorable = new RunError(
                    "Fleet.ResultNotStorable", "The handler succeeded; the database refused to store its follow-up runs or events.", null);
                forms.Add(() => FailAsync(run, AttemptOutcome.Failed, notStorable, null));
                return await PersistAsync(run, forms, e);
            }
        }
        catch (EffectFailedException e)
        {
            // The handler returned, but its work is not done: the attempt failed as if the handler had thrown this.
            return await PersistAsync(run, await DecideFailureAsync(handle, job, AttemptOutcome.Failed, HandlerEnd.Of(e, handle.Secrets)));
        }
    }

    /// <summary>Writes any other end. The decision is made once; only its writing is repeated while the database is away.</summary>
    internal async Task<SettledAttempt> EndAsync(RunHandle handle, JobDefinition? job, AttemptOutcome outcome, HandlerEnd end) =>
        handle.Cause == StopCause.LeaseLost
            ? SettledAttempt.Lost
            : await PersistAsync(handle.Run, await DecideAsync(handle, job, outcome, end));

    /// <summary>Ends a run whose end could not be decided, because of an error of Fleet.</summary>
    internal Task<SettledAttempt> FailUndecidedAsync(ClaimedRun run) =>
        PersistAsync(run, [() => FailAsync(run, AttemptOutcome.Failed, NotStorable, null)]);

    /// <summary>Logs that somebody else has the run.</summary>
    internal void TellLost(ClaimedRun run) => _failures.LeaseLost(run);

    /// <summary>Makes the ways in which the end of an attempt can be written, the fullest first.</summary>
    private async Task<IReadOnlyList<Func<Task<SettledAttempt>>>> DecideAsync(
        RunHandle handle, JobDefinition? job, AttemptOutcome outcome, HandlerEnd end)
    {
        var run = handle.Run;
        switch (outcome)
        {
            case AttemptOutcome.Released:
                return [() => ReleaseAsync(run, outcome, "The worker was shut down.", TimeSpan.Zero)];
            case AttemptOutcome.Snoozed:
                var delay = JudgeAttempts.Clamp(((SnoozeException)end.Error!).Delay);
                return
                [
                    () => ReleaseAsync(run, outcome, end.Described!.Message, delay),
                    () => ReleaseAsync(run, outcome, "Snoozed.", delay),
                ];
            case AttemptOutcome.Canceled:
                return
                [
                    async () => new SettledAttempt(
                        await _ends.ExecuteAsync(Canceled(run), CancellationToken.None), RollupOutcome.Canceled),
                ];
            case AttemptOutcome.Unserved:
                var (reason, pause) = await _unserved.JudgeAsync(run, job is not null, (UnservedException)end.Error!);
                return [() => ReleaseAsync(run, outcome, reason, pause)];
            case AttemptOutcome.Outage:
                var failure = new Lazy<Task<IReadOnlyList<Func<Task<SettledAttempt>>>>>(
                    () => DecideFailureAsync(handle, job, AttemptOutcome.Failed, end));
                return [() => GiveBackAsync(run, end.Described!, failure), () => GiveBackAsync(run, NotStorable, failure)];
            default:
                return await DecideFailureAsync(handle, job, outcome, end);
        }
    }

    private async Task<IReadOnlyList<Func<Task<SettledAttempt>>>> DecideFailureAsync(
        RunHandle handle, JobDefinition? job, AttemptOutcome outcome, HandlerEnd end)
    {
        var run = handle.Run;
        var (error, described, delay, decision) = await _judge.JudgeFailureAsync(handle, job, outcome, end);
        if (delay is { } next)
            _failures.Retry(run, next, described);
        else
            // Where a handler says in words that it will never work, the words are enough.
            _failures.Dead(run, described, error is NonRetryableException ? null : new HandlerException(described));
        DateTimeOffset? retryAt = delay is { } pause ? _time.GetUtcNow() + pause : null;
        return
        [
            () => FailAsync(run, outcome, described, retryAt, decision),
            () => FailAsync(run, outcome, NotStorable, retryAt, decision),
        ];
    }

    /// <summary>Gives a run back whose handler met an outage of Fleet's database, uncounted and after a growing pause; counts the attempt
    /// when that has happened too often in a row, so that a run ends whose handler's own database is dead for good.</summary>
    private async Task<SettledAttempt> GiveBackAsync(
        ClaimedRun run, RunError error, Lazy<Task<IReadOnlyList<Func<Task<SettledAttempt>>>>> failure)
    {
        var before = await _outages.CountAsync(run.Id, CancellationToken.None);
        if (before >= Outages.MaxInARow)
            return await (await failure.Value)[ReferenceEquals(error, NotStorable) ? 1 : 0]();
        var pause = Outages.PauseAfter(before);
        var outcome = await _release.ExecuteAsync(run, AttemptOutcome.Outage, error, pause, CancellationToken.None);
        _failures.Outage(run, pause, error);
        return new SettledAttempt(outcome, RollupOutcome.Released);
    }

    /// <param name="completion">What is to be written.</param>
    /// <param name="isInDoubt">Whether the handler may have committed it already.</param>
    private async Task<SettledAttempt> CompleteAsync(Completion completion, bool isInDoubt)
    {
        if (isInDoubt && await _complete.IsCompletedAsync(new RunLease(completion.Id, completion.LeaseToken), CancellationToken.None))
            return new SettledAttempt(SettleOutcome.AlreadyCompleted, RollupOutcome.Succeeded);
        return new SettledAttempt(await _complete.ExecuteAsync(completion, CancellationToken.None), RollupOutcome.Succeeded);
    }

    private async Task<SettledAttempt> ReleaseAsync(ClaimedRun run, AttemptOutcome outcome, string reason, TimeSpan delay) =>
        new(await _release.ExecuteAsync(
            run.Id, run.LeaseToken, outcome, reason, delay, CancellationToken.None,
            lane: outcome == AttemptOutcome.Snoozed ? run.Lane : null), RollupOutcome.Released);

    private async Task<SettledAttempt> FailAsync(
        ClaimedRun run, AttemptOutcome outcome, RunError error, DateTimeOffset? retryAt, RetryDecision? decision = null)
    {
        var settled = await _fail.ExecuteAsync(new Failure(run, outcome, error, retryAt, decision), CancellationToken.None);
        return new SettledAttempt(
            settled,
            retryAt is null ? RollupOutcome.Failed : RollupOutcome.Retried,
            Dead: retryAt is null
                ? new DeadRun(run.Id, run.Job, run.Lane, run.Args, run.Attempt, error.Message, error.Type, _time.GetUtcNow())
                : null);
    }

    /// <summary>Writes until it is written. The run stays ours as long as heartbeats get through; once they do not, another worker takes it
    /// and the fence refuses this write.</summary>
    /// <param name="run">The run.</param>
    /// <param name="forms">The ways to write it; when the database refuses the data of one, the next is written.</param>
    /// <param name="failure">What the first of them met already.</param>
    private async Task<SettledAttempt> PersistAsync(
        ClaimedRun run, IReadOnlyList<Func<Task<SettledAttempt>>> forms, Exception? failure = null)
    {
        var form = 0;
        for (var failures = 0; ; failures++)
        {
            try
            {
                if (failure is null)
                    return await forms[form]();
            }
            catch (Exception e) when (e is not EffectFailedException)
            {
                failure = e;
            }

            switch (failure)
            {
                case null:
                    break;
                case ObjectDisposedException or ChannelClosedException:
                    // The process ends, and its storage has ended before: the run is rescued.
                    LogGoneFirst(run.Job, run.Id);
                    return SettledAttempt.Lost;
                case var e when form < forms.Count - 1 && IsRefusal(e, failures):
                    form++;
                    LogRefused(run.Job, run.Id, e);
                    break;
                default:
                    var pause = Outages.SettlePause(failures);
                    _failures.NotSettled(run, pause, failure);
                    await Task.Delay(pause, _time);
                    break;
            }

            failure = null;
        }
    }

    /// <summary>Whether the next form is to be tried: the data are at fault, or may be after so many failures that do not say that the
    /// database is away.</summary>
    private bool IsRefusal(Exception e, int failures) =>
        (!_storage.IsOutage(e) && !_storage.IsConflict(e)) || (failures >= MaxTriesOfForm && !_storage.IsUnavailable(e));

    private AttemptEnd Canceled(ClaimedRun run) => new()
    {
        Id = run.Id,
        LeaseToken = run.LeaseToken,
        Outcome = AttemptOutcome.Canceled,
        EndedAt = _time.GetUtcNow(),
        Next = RunState.Canceled,
        Counts = true,
    };

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The database refused the error or output of {Job} {RunId}; the result is written without it.")]
    private partial void LogRefused(string job, RunId runId, Exception e);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The storage was closed before the result of {Job} {RunId} was written; the scheduler rescues the run.")]
    private partial void LogGoneFirst(string job, RunId runId);
}

/// <summary>What was written about an attempt.</summary>
/// <param name="Outcome">Whether it was written.</param>
/// <param name="Written">How the attempt ended, if it was written.</param>
/// <param name="Dead">The copy for the dead letters, when the run has failed for good.</param>
internal readonly record struct SettledAttempt(SettleOutcome Outcome, RollupOutcome Written, DeadRun? Dead = null)
{
    /// <summary>The run belongs to somebody else, and nothing was written.</summary>
    public static SettledAttempt Lost { get; } = new(SettleOutcome.LeaseLost, RollupOutcome.Released);

    /// <summary>Whether the run has succeeded.</summary>
    public bool IsSuccess => Written == RollupOutcome.Succeeded;

    /// <summary>How the attempt ended. A cancel that came meanwhile wins over another attempt.</summary>
    public RollupOutcome End => Outcome == SettleOutcome.Canceled ? RollupOutcome.Canceled : Written;
}
