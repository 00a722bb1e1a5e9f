using System.Threading.Channels;
using Fleet.Core.Effects;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Fleet.Engine.Workers;

namespace Fleet.Engine.Execution;

/// <summary>Writes what came of an attempt. Whatever the handler, the retry policy or a listener did, the attempt ends: in success, in a
/// counted attempt, or given back a limited number of times.</summary>
public sealed partial class SettleRuns
{
    /// <summary>How often a form is written again for an error that nobody knows; about a minute.</summary>
    private const int MostOfOneForm = 15;

    private static readonly TimeSpan PolicyLimit = TimeSpan.FromSeconds(10);
    private static readonly RunError NotStorable = new("Fleet.ErrorNotStorable", "The attempt failed; the database refused to store its error.", null);

    private readonly EnqueueRuns _enqueue;
    private readonly CompleteRuns _complete;
    private readonly FailRuns _fail;
    private readonly ReleaseRuns _release;
    private readonly EndAttempts _ends;
    private readonly IRunGates _gates;
    private readonly IRetryPolicy _retry;
    private readonly RetryPolicy _builtIn;
    private readonly Outages _outages;
    private readonly UnservedRuns _unserved;
    private readonly IStorage _storage;
    private readonly DeadCopies _dead;
    private readonly FailureLog _failures;
    private readonly Wakers _wakers;
    private readonly TimeProvider _time;
    private readonly CarefulLogger _logger;

    public SettleRuns(
        EnqueueRuns enqueue,
        CompleteRuns complete,
        FailRuns fail,
        ReleaseRuns release,
        EndAttempts ends,
        IRunGates gates,
        IRetryPolicy retry,
        RetryPolicy builtIn,
        UnservedRuns unserved,
        IStorage storage,
        DeadCopies dead,
        FailureLog failures,
        Wakers wakers,
        TimeProvider time,
        ILogger<SettleRuns> logger)
    {
        (_enqueue, _complete, _fail, _release, _ends, _gates) = (enqueue, complete, fail, release, ends, gates);
        (_retry, _builtIn, _outages, _unserved) = (retry, builtIn, new Outages(storage), unserved);
        (_storage, _dead, _failures, _wakers, _time, _logger) = (storage, dead, failures, wakers, time, new CarefulLogger(logger));
    }

    /// <summary>Settles an attempt; returns when its fate is written, or is no longer ours to write. Never throws.</summary>
    /// <param name="handle">The attempt.</param>
    /// <param name="job">Its job; null when this process does not know it.</param>
    /// <param name="end">How the handler ended.</param>
    /// <param name="took">How long the handler took.</param>
    internal async Task ExecuteAsync(RunHandle handle, JobDefinition? job, HandlerEnd end, TimeSpan took)
    {
        var run = handle.Run;
        try
        {
            var outcome = Judge(handle, end);
            Measure(run, outcome, took);
            if (handle.Cause == StopCause.LeaseLost && outcome is not null)
            {
                _failures.LeaseLost(run);
                return;
            }

            // The decision is made once; only its writing is repeated while the database is away.
            var settled = outcome is null ? await SucceedAsync(handle, job) : await PersistAsync(run, await DecideAsync(handle, job, outcome.Value, end));
            if (settled.Outcome == SettleOutcome.LeaseLost)
                _failures.LeaseLost(run);
            else
                await FollowAsync(handle, settled);
        }
        catch (Exception e)
        {
            LogNotDecided(run.Job, run.Id, e);
            await PersistAsync(run, [() => FailAsync(run, AttemptOutcome.Failed, NotStorable, null)]);
        }
    }

    /// <summary>A delay within 0 and 3650 days.</summary>
    internal static TimeSpan Clamp(TimeSpan delay) => delay < TimeSpan.Zero ? TimeSpan.Zero : delay > RunRules.MaxDelay ? RunRules.MaxDelay : delay;

    /// <summary>What an attempt's end means; null is success.</summary>
    private static AttemptOutcome? Judge(RunHandle handle, HandlerEnd end) => (end.Error, handle.Cause) switch
    {
        (null, _) => null,
        (SnoozeException, StopCause.None) => AttemptOutcome.Snoozed,
        (UnservedException, not (StopCause.Canceled or StopCause.LeaseLost)) => AttemptOutcome.Unserved,
        (_, StopCause.Canceled) => AttemptOutcome.Canceled,
        (_, StopCause.TimedOut) => AttemptOutcome.TimedOut,
        (_, StopCause.Drained) => AttemptOutcome.Released,
        (_, StopCause.None) when end.IsOutage => AttemptOutcome.Outage,
        _ => AttemptOutcome.Failed,
    };

    private async Task<Settled> SucceedAsync(RunHandle handle, JobDefinition? job)
    {
        var run = handle.Run;
        var context = handle.Context!;
        if (context.IsCommitted)
            return new Settled(SettleOutcome.AlreadyCompleted, IsSuccess: true);
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
                List<Func<Task<Settled>>> forms = [() => CompleteAsync(completion, context.IsInDoubt)];
                if (completion.Output is not null)
                    forms.Add(() => CompleteAsync(completion with { Output = OutputWriter.Omitted("The database refused to store the output.") }, context.IsInDoubt));
                forms.Add(() => FailAsync(
                    run, AttemptOutcome.Failed, new RunError("Fleet.ResultNotStorable", "The handler succeeded; the database refused to store its follow-up runs or events.", null), null));
                return await PersistAsync(run, forms, e);
            }
        }
        catch (EffectFailedException e)
        {
            // The handler returned, but its work is not done: the attempt failed as if the handler had thrown this.
            return await PersistAsync(run, await DecideFailureAsync(handle, job, AttemptOutcome.Failed, HandlerEnd.Of(e)));
        }
    }

    /// <summary>Makes the ways in which the end of an attempt can be written, the fullest first.</summary>
    private async Task<IReadOnlyList<Func<Task<Settled>>>> DecideAsync(RunHandle handle, JobDefinition? job, AttemptOutcome outcome, HandlerEnd end)
    {
        var run = handle.Run;
        switch (outcome)
        {
            case AttemptOutcome.Released:
                return [() => ReleaseAsync(run, outcome, "The worker was shut down.", TimeSpan.Zero)];
            case AttemptOutcome.Snoozed:
                var delay = Clamp(((SnoozeException)end.Error!).Delay);
                return [() => ReleaseAsync(run, outcome, end.Described!.Message, delay), () => ReleaseAsync(run, outcome, "Snoozed.", delay)];
            case AttemptOutcome.Canceled:
                return [async () => new Settled(await _ends.ExecuteAsync(Canceled(run), CancellationToken.None))];
            case AttemptOutcome.Unserved:
                var (reason, pause) = await _unserved.JudgeAsync(run, job is not null, (UnservedException)end.Error!);
                return [() => ReleaseAsync(run, outcome, reason, pause)];
            case AttemptOutcome.Outage:
                var failure = new Lazy<Task<IReadOnlyList<Func<Task<Settled>>>>>(() => DecideFailureAsync(handle, job, AttemptOutcome.Failed, end));
                return [() => GiveBackAsync(run, end.Described!, failure), () => GiveBackAsync(run, NotStorable, failure)];
            default:
                return await DecideFailureAsync(handle, job, outcome, end);
        }
    }

    private async Task<IReadOnlyList<Func<Task<Settled>>>> DecideFailureAsync(RunHandle handle, JobDefinition? job, AttemptOutcome outcome, HandlerEnd end)
    {
        var run = handle.Run;
        var (error, described) = (end.Error!, end.Described!);
        if (outcome == AttemptOutcome.TimedOut)
        {
            error = new TimeoutException($"The attempt took longer than the job's timeout of {handle.Timeout:c}.", error);
            described = RunError.From(end.Error is OperationCanceledException || ReferenceEquals(end, HandlerEnd.GivenUp) ? new TimeoutException(error.Message) : error);
        }

        var delay = await NextDelayAsync(run, job, error);
        if (delay is { } next)
            _failures.Retry(run, next, described);
        else
            // Where a handler says in words that it will never work, the words are enough.
            _failures.Dead(run, described, error is NonRetryableException ? null : new HandlerException(described));
        DateTimeOffset? retryAt = delay is { } pause ? _time.GetUtcNow() + pause : null;
        return [() => FailAsync(run, outcome, described, retryAt), () => FailAsync(run, outcome, NotStorable, retryAt)];
    }

    /// <summary>Asks the policy. One of the application may throw, never return, or name a pause that no clock reaches.</summary>
    private async Task<TimeSpan?> NextDelayAsync(ClaimedRun run, JobDefinition? job, Exception error)
    {
        if (error is OutputRefusedException or EffectRefusedException)
            return null;
        if (ReferenceEquals(_retry, _builtIn))
            return _builtIn.NextDelay(run, job, error);
        try
        {
            var delay = await Task.Run(() => _retry.NextDelay(run, job, error)).WaitAsync(PolicyLimit, _time);
            return delay is { } pause ? Clamp(pause) : null;
        }
        catch (Exception e)
        {
            LogBadPolicy(run.Job, run.Id, RunError.From(e).Message);
            return _builtIn.NextDelay(run, job, error);
        }
    }

    /// <summary>Gives a run back whose handler met an outage of Fleet's database, uncounted and after a growing pause; counts the attempt
    /// when that has happened too often in a row, so that a run ends whose handler's own database is dead for good.</summary>
    private async Task<Settled> GiveBackAsync(ClaimedRun run, RunError error, Lazy<Task<IReadOnlyList<Func<Task<Settled>>>>> failure)
    {
        var before = await _outages.CountAsync(run.Id, CancellationToken.None);
        if (before >= Outages.MostInARow)
            return await (await failure.Value)[ReferenceEquals(error, NotStorable) ? 1 : 0]();
        var pause = Outages.PauseAfter(before);
        var outcome = await _release.ExecuteAsync(run, AttemptOutcome.Outage, error, pause, CancellationToken.None);
        _failures.Outage(run, pause, error);
        return new Settled(outcome);
    }

    /// <param name="completion">What is to be written.</param>
    /// <param name="isInDoubt">Whether the handler may have committed it already.</param>
    private async Task<Settled> CompleteAsync(Completion completion, bool isInDoubt)
    {
        if (isInDoubt && await _complete.IsCompletedAsync(new RunLease(completion.Id, completion.LeaseToken), CancellationToken.None))
            return new Settled(SettleOutcome.AlreadyCompleted, IsSuccess: true);
        return new Settled(await _complete.ExecuteAsync(completion, CancellationToken.None), IsSuccess: true);
    }

    private async Task<Settled> ReleaseAsync(ClaimedRun run, AttemptOutcome outcome, string reason, TimeSpan delay) =>
        new(await _release.ExecuteAsync(
            run.Id, run.LeaseToken, outcome, reason, delay, CancellationToken.None, lane: outcome == AttemptOutcome.Snoozed ? run.Lane : null));

    private async Task<Settled> FailAsync(ClaimedRun run, AttemptOutcome outcome, RunError error, DateTimeOffset? retryAt)
    {
        var settled = await _fail.ExecuteAsync(new Failure(run, outcome, error, retryAt), CancellationToken.None);
        return new Settled(
            settled, Dead: retryAt is null ? new DeadRun(run.Id, run.Job, run.Lane, run.Args, run.Attempt, error.Message, error.Type, _time.GetUtcNow()) : null);
    }

    /// <summary>Writes until it is written. The run stays ours as long as heartbeats get through; once they do not, another worker takes it
    /// and the fence refuses this write.</summary>
    /// <param name="run">The run.</param>
    /// <param name="forms">The ways to write it; when the database refuses the data of one, the next is written.</param>
    /// <param name="failure">What the first of them met already.</param>
    private async Task<Settled> PersistAsync(ClaimedRun run, IReadOnlyList<Func<Task<Settled>>> forms, Exception? failure = null)
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
                    return new Settled(SettleOutcome.LeaseLost);
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
        (!_storage.IsOutage(e) && !_storage.IsConflict(e)) || (failures >= MostOfOneForm && !_storage.IsUnavailable(e));

    /// <summary>Does what follows the end of a run. What fails of it is found by the scheduler; the run has ended.</summary>
    private async Task FollowAsync(RunHandle handle, Settled settled)
    {
        var run = handle.Run;
        try
        {
            if (run.PassesOn)
                await _gates.PassOnAsync(run.Id, CancellationToken.None);
            if (settled.Dead is { } dead)
                _dead.Add(dead);
            if (!settled.IsSuccess)
                return;
            var context = handle.Context!;
            if (context.FollowUps.Count > 0)
                _enqueue.Announce(context.FollowUps, [.. context.FollowUps.Select(f => new EnqueueOutcome(EnqueueStatus.Inserted, f.Id))]);
            if (context.HasEvents)
                _wakers.Outbox.Wake();
        }
        catch (Exception e)
        {
            LogNotFollowed(run.Job, run.Id, e);
        }
    }

    private void Measure(ClaimedRun run, AttemptOutcome? outcome, TimeSpan took)
    {
        try
        {
            FleetMetrics.Attempts.Add(1, new("job", run.Job), new("outcome", outcome?.ToString() ?? "Succeeded"));
            FleetMetrics.Duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("job", run.Job));
        }
        catch (Exception e)
        {
            LogBadListener(run.Job, run.Id, e);
        }
    }

    private AttemptEnd Canceled(ClaimedRun run) => new()
    {
        Id = run.Id,
        LeaseToken = run.LeaseToken,
        Outcome = AttemptOutcome.Canceled,
        EndedAt = _time.GetUtcNow(),
        Next = RunState.Canceled,
        Counts = true,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "The database refused the data with which {Job} {RunId} ended; it is written without them.")]
    private partial void LogRefused(string job, RunId runId, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The storage was closed before the end of {Job} {RunId} was written; the scheduler rescues the run.")]
    private partial void LogGoneFirst(string job, RunId runId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The retry policy failed for {Job} {RunId}, and the built-in policy decided: {Error}")]
    private partial void LogBadPolicy(string job, RunId runId, string error);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The end of {Job} {RunId} could not be decided, which is an error of Fleet; the run is Failed.")]
    private partial void LogNotDecided(string job, RunId runId, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What follows the end of {Job} {RunId} failed: a nudge, or the copy of a dead letter; the run itself has ended.")]
    private partial void LogNotFollowed(string job, RunId runId, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "A listener of metrics threw at {Job} {RunId}; the run goes on without it.")]
    private partial void LogBadListener(string job, RunId runId, Exception e);

    /// <summary>What was written.</summary>
    private readonly record struct Settled(SettleOutcome Outcome, bool IsSuccess = false, DeadRun? Dead = null);
}
