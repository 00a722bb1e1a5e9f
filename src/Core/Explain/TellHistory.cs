using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using static Fleet.Core.Explain.Spoken;

namespace Fleet.Core.Explain;

/// <summary>What happened to a run, in the order of time. What is not stored is not guessed: the sentence says so.</summary>
internal sealed class TellHistory(RunFacts facts)
{
    /// <summary>A start later than this after the due time is late.</summary>
    public static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(1);

    private readonly Run _run = facts.Run;
    private readonly Evidence _row = Evidence.OfRun(facts.Run);

    /// <summary>When the latest attempt was due; null when it has not started, or when that is not known any more.</summary>
    /// <remarks>The end of an attempt writes the due time of the next one into the row.</remarks>
    private DateTimeOffset? DueOfLatest =>
        _run.StartedAt is { } started && _run.DueAt <= started ? _run.DueAt : null;

    /// <summary>True if the latest attempt has a row of its own, with its end.</summary>
    private bool HasRowOfLatest =>
        _run.State is not (RunState.Running or RunState.Succeeded) && facts.LastAttempt is { } last && last.EndedAt >= _run.StartedAt;

    public IReadOnlyList<Sentence> All()
    {
        var sentences = new List<Sentence>();
        sentences.AddRange(Origin());
        if (facts.HasOlderAttempts)
        {
            sentences.Add(new(
                SentenceCode.AttemptsLeftOut,
                $"Only the latest {Count(RunFacts.MaxRows, "attempt")} are explained here; GET /runs/{{id}} lists up to 1,000.", null,
                [_row]));
        }

        // Attempts and replays, by the time when they ended or were asked for.
        var steps = facts.Attempts.Select((a, i) => (At: a.EndedAt, Make: (Func<IEnumerable<Sentence>>)(() => OfAttempt(a, i == 0))))
            .Concat(facts.Replays.Select(r => (r.At, Make: (Func<IEnumerable<Sentence>>)(() => [OfReplay(r)]))));
        foreach (var (_, make) in steps.OrderBy(s => s.At))
            sentences.AddRange(make());
        if (_run.StartedAt is { } started && !HasRowOfLatest)
            sentences.AddRange(OfStart(_run.Attempt, started, DueOfLatest, _run.WorkerId, isLatest: true));
        if (End() is { } end)
            sentences.Add(end);
        if (_run.State == RunState.Canceled && _run.StartedAt is null)
            sentences.Add(new(SentenceCode.NeverRan, "It never ran.", null, [_row]));
        return sentences;
    }

    /// <summary>What is still known about a run that was deleted.</summary>
    public IReadOnlyList<Sentence> Deleted()
    {
        var ended = _run.FinishedAt is { } finished ? $" at {Time(finished)}" : "";
        return
        [
            .. Origin(),
            new(SentenceCode.Deleted,
                $"It ended as {_run.DeletedFrom}{ended}. {Who(_run.DeletedBy)} deleted it at {Time(_run.DeletedAt!.Value)}; its args, its "
                    + "output, its attempts and its log are not stored any more.",
                _run.DeletedAt, [_row]),
        ];
    }

    private string Time(DateTimeOffset at) => At(at, facts.Now);

    private IEnumerable<Sentence> Origin()
    {
        var created = Time(_run.CreatedAt);
        if (_run is { ScheduleId: { } schedule, FireTime: { } fireTime })
        {
            Evidence[] rows = facts.HasSchedule ? [_row, Evidence.OfSchedule(schedule)] : [_row];
            yield return _run.EnqueuedBy is { } backfiller
                ? new(SentenceCode.Backfilled,
                    $"{backfiller} backfilled schedule '{schedule}' at {created}; this run stands for the fire time {Time(fireTime)}.",
                    _run.CreatedAt, rows)
                : _run.CreatedAt - fireTime > LateAfter
                ? new(SentenceCode.PlannedLate,
                    $"It stands for the fire time {Time(fireTime)} of schedule '{schedule}', but no scheduler planned it before {created}, "
                        + $"{Span(_run.CreatedAt - fireTime)} after that time.",
                    _run.CreatedAt, rows)
                : new(SentenceCode.Planned,
                    $"The scheduler planned it at {created} for the fire time {Time(fireTime)} of schedule '{schedule}'.", _run.CreatedAt,
                    rows);
        }
        else if (_run.ScheduleId is { } triggered)
        {
            yield return new(
                SentenceCode.Triggered, $"{Who(_run.EnqueuedBy)} ran schedule '{triggered}' by hand at {created}.", _run.CreatedAt,
                facts.HasSchedule ? [_row, Evidence.OfSchedule(triggered)] : [_row]);
        }
        else if (_run.ParentId is { } parent)
        {
            var gone = facts.Parent switch
            {
                null => " That run is not stored any more.",
                { DeletedAt: { } at } mark => $" {Who(mark.DeletedBy)} deleted that run at {Time(at)}.",
                _ => "",
            };
            yield return new(
                SentenceCode.FollowUp, $"The handler of run {parent} enqueued it at {created}.{gone}", _run.CreatedAt,
                facts.Parent is { } stored ? [_row, Evidence.OfRun(stored)] : [_row]);
        }
        else
        {
            var by = _run.EnqueuedBy?.ToString() ?? "A program";
            yield return new(SentenceCode.Enqueued, $"{by} enqueued it at {created}.", _run.CreatedAt, [_row]);
        }

        if (_run is { ScheduleId: { } deleted } && !facts.HasSchedule)
        {
            yield return new(
                SentenceCode.ScheduleDeleted,
                $"Schedule '{deleted}' is not stored any more; who deleted it is in the log of the scheduler.",
                null, [_row]);
        }

        // Every later attempt writes its own due time into the row.
        var isFirstDue = facts.Attempts.Count == 0 && _run is { Replays: 0, FireTime: null };
        if (isFirstDue && _run.DueAt - _run.CreatedAt > LateAfter)
        {
            yield return new(
                SentenceCode.Delayed,
                $"The caller asked for a delay of {Span(_run.DueAt - _run.CreatedAt)}, until {Time(_run.DueAt)}.", _run.DueAt,
                [_row]);
        }
    }

    private IEnumerable<Sentence> OfAttempt(Attempt attempt, bool isOldest)
    {
        // The due time of the first attempt is known for occurrences only: they are due at their fire time.
        var isFirst = isOldest && !facts.HasOlderAttempts && attempt.Number == 1;
        if (isFirst && _run is { FireTime: { } fireTime, EnqueuedBy: null } && attempt.StartedAt is { } started)
        {
            foreach (var sentence in OfStart(attempt.Number, started, fireTime, attempt.WorkerId, isLatest: false))
                yield return sentence;
        }

        yield return new(CodeOf(attempt.Outcome), TextOf(attempt), attempt.EndedAt, RowsOf(attempt));
        if (attempt is { Verdict: RetryVerdict.Retried })
        {
            var limit = attempt is { MaxAttempts: { } max, MaxAttemptsFrom: { } from }
                ? $"The limit is {Limit(new AttemptLimit(max, from), _run.Job)}, so it is tried again."
                : "The retry policy of the program decided that it is tried again.";
            yield return new(SentenceCode.Retried, limit, attempt.EndedAt, [Evidence.OfAttempt(attempt.Id, _run.Id)]);
        }
    }

    private Evidence[] RowsOf(Attempt attempt) => facts.WorkerOf(attempt.WorkerId) is { } worker
        ? [Evidence.OfAttempt(attempt.Id, _run.Id), Evidence.OfWorker($"{worker.Id}")]
        : [Evidence.OfAttempt(attempt.Id, _run.Id)];

    private string TextOf(Attempt attempt)
    {
        var worker = Worker(attempt.WorkerId, facts.WorkerOf(attempt.WorkerId));
        var begin = attempt.StartedAt is { } started
            ? $"Attempt {attempt.Number} began at {Time(started)} on {worker}"
            : $"Attempt {attempt.Number} ran on {worker}; when it began is not stored";
        var took = attempt.StartedAt is { } start ? $" after {Span(attempt.EndedAt - start)}" : "";
        var type = attempt.ErrorType is { } name && attempt.Outcome != AttemptOutcome.Unserved ? $"{name}: " : "";
        var error = attempt.Error is { Length: > 0 } text ? $": {type}{Quoted(text)}" : "";
        var times = attempt.Times > 1 ? $" {Count(attempt.Times, "time")} in a row, the last time" : "";
        var end = Time(attempt.EndedAt);
        return attempt.Outcome switch
        {
            AttemptOutcome.Failed => $"{begin} and failed{took}{error}.",
            AttemptOutcome.TimedOut => $"{begin} and was stopped{took}, because its timeout had passed{error}.",
            AttemptOutcome.Crashed => $"{begin}. That worker died, and the run was taken back at {end}.",
            AttemptOutcome.Released when attempt.ErrorType == RescueRuns.DrainedErrorType =>
                $"{begin}. That worker was killed while it drained, and the run was taken back at {end}. {NotCounted}",
            AttemptOutcome.Released => $"{begin} and was given back at {end}, because the worker was shut down. {NotCounted}",
            AttemptOutcome.Snoozed => $"The handler asked{times} at {end} to run again later. {NotCounted}",
            AttemptOutcome.Canceled => $"{begin} and was stopped{took}, because the run was canceled.",
            AttemptOutcome.Outage => $"{begin}. Fleet's database failed under it{took}{error}. {NotCounted}",
            AttemptOutcome.Unserved =>
                $"{Capital(worker)} could not execute it and gave it back{times} at {end}{error}. {NotCounted}",
            _ => $"{begin} and ended at {end} in a way that this version of Fleet does not know.",
        };
    }

    private const string NotCounted = "The attempt does not count.";

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static SentenceCode CodeOf(AttemptOutcome outcome) => outcome switch
    {
        AttemptOutcome.TimedOut => SentenceCode.AttemptTimedOut,
        AttemptOutcome.Crashed => SentenceCode.AttemptCrashed,
        AttemptOutcome.Released => SentenceCode.AttemptReleased,
        AttemptOutcome.Snoozed => SentenceCode.AttemptSnoozed,
        AttemptOutcome.Canceled => SentenceCode.AttemptCanceled,
        AttemptOutcome.Outage => SentenceCode.AttemptOutage,
        AttemptOutcome.Unserved => SentenceCode.AttemptUnserved,
        _ => SentenceCode.AttemptFailed,
    };

    private Sentence OfReplay(Replay replay)
    {
        var end = replay.FromFinishedAt is { } at ? $" at {Time(at)}" : "";
        var before = replay.FromState == RunState.Canceled
            ? $"been canceled{(replay.FromCanceledBy is { } by ? $" by {by}" : "")}{end}"
            : $"failed for good{end} after attempt {replay.FromAttempt}";
        return new(
            SentenceCode.Replayed, $"{replay.By} replayed it at {Time(replay.At)}. Before that it had {before}.", replay.At,
            [Evidence.OfReplay(replay.Id, _run.Id)]);
    }

    /// <summary>A start without the end of the attempt, and what made it late.</summary>
    private IEnumerable<Sentence> OfStart(int attempt, DateTimeOffset started, DateTimeOffset? due, WorkerId? worker, bool isLatest)
    {
        var row = facts.WorkerOf(worker);
        Evidence[] rows = row is null ? [_row] : [_row, Evidence.OfWorker($"{row.Id}")];
        var text = $"Attempt {attempt} started at {Time(started)} on {Worker(worker, row)}";
        if (due is not { } dueAt)
        {
            yield return new(SentenceCode.Started, $"{text}. When it was due is not stored any more.", started, rows);
            yield break;
        }

        var late = started - dueAt;
        if (late < LateAfter)
        {
            yield return new(SentenceCode.Started, $"{text}, {Span(late)} after it was due.", started, rows);
            yield break;
        }

        yield return new(SentenceCode.StartedLate, $"{text}, {Span(late)} after it was due.", started, rows);
        foreach (var cause in WhyLate(started, dueAt, row, isLatest))
            yield return cause;
    }

    /// <summary>The parts of the delay that rows tell, and the rest.</summary>
    private IEnumerable<Sentence> WhyLate(DateTimeOffset started, DateTimeOffset due, WorkerRow? worker, bool isLatest)
    {
        // Until when the delay is explained.
        var until = due;
        if (_run.FireTime == due && _run.CreatedAt > until)
            until = _run.CreatedAt;
        if (isLatest && facts.Before is var (other, endedAt) && endedAt > until)
        {
            until = endedAt;
            yield return new(
                SentenceCode.LateTurn,
                $"It waited for its turn until {Time(endedAt)}, when run {other} of the same schedule ended.", endedAt,
                [Evidence.OfRun(other)]);
        }

        if (worker is not null && worker.StartedAt > until && worker.StartedAt <= started)
        {
            var waited = worker.StartedAt - until;
            until = worker.StartedAt;
            yield return new(
                SentenceCode.LateWorker,
                $"The worker that took it had started only at {Time(worker.StartedAt)}, {Span(waited)} after the run could have begun. "
                    + "Whether another worker served the lane before is not stored.",
                worker.StartedAt, [Evidence.OfWorker($"{worker.Id}")]);
        }

        if (started - until >= LateAfter)
        {
            var rest = until == due ? "this time" : $"the last {Span(started - until)}";
            yield return new(
                SentenceCode.LateRest,
                $"What it waited for in {rest} is not stored: it may have been its nudge, a free slot, or a worker that serves lane "
                    + $"'{_run.Lane}'.",
                null, [_row]);
        }
    }

    private Sentence? End()
    {
        if (_run.FinishedAt is not { } finished)
            return null;
        var at = Time(finished);
        switch (_run.State)
        {
            case RunState.Succeeded:
                var took = _run.StartedAt is { } started ? $", {Span(finished - started)} after attempt {_run.Attempt} began" : "";
                return new(SentenceCode.Succeeded, $"It succeeded at {at}{took}.", finished, [_row]);
            case RunState.Failed:
                var (code, why) = WhyFailed();
                return new(
                    code, $"It failed for good at {at}: {why}.", finished,
                    facts.LastAttempt is { } last ? [_row, Evidence.OfAttempt(last.Id, _run.Id)] : [_row]);
            case RunState.Canceled:
                return OfCancel(finished, at);
            default:
                return null;
        }
    }

    private (SentenceCode Code, string Why) WhyFailed()
    {
        var last = facts.LastAttempt;
        if (_run.ErrorType == RescuedRun.ErrorType)
            return (SentenceCode.FailedCrashes, $"its worker died {Count(_run.Crashes, "time")} while running it, and the cap is "
                + $"{RescuedRun.CrashCap}");
        return last?.Verdict switch
        {
            RetryVerdict.AttemptsUsed when facts.Limit.Max == 1 =>
                (SentenceCode.FailedAttemptsUsed, $"its only attempt was used (the limit is {Limit(facts.Limit, _run.Job)})"),
            RetryVerdict.AttemptsUsed =>
                (SentenceCode.FailedAttemptsUsed, $"all attempts were used (the limit is {Limit(facts.Limit, _run.Job)})"),
            RetryVerdict.NotRetryable =>
                (SentenceCode.FailedNotRetryable, $"the handler said that another attempt is of no use ({_run.ErrorType})"),
            RetryVerdict.Refused =>
                (SentenceCode.FailedRefused, $"its result can never be stored, so another attempt is of no use ({_run.ErrorType})"),
            RetryVerdict.PolicyStopped => (SentenceCode.FailedByPolicy, "the retry policy of the program allowed no further attempt"),
            _ => (SentenceCode.FailedUnknown, "why it was not tried again is not stored"),
        };
    }

    private Sentence OfCancel(DateTimeOffset finished, string at)
    {
        // The text begins with a word for people who read it without a sentence around it.
        var why = _run.Error is { Length: > 0 } error ? $": {Quoted(error.Split(": ", 2) is [_, var rest] && _run.CancelCause is not
            CancelCause.Person ? rest : error)}" : "";
        return _run.CanceledBecause switch
        {
            CancelCause.Person => new(
                SentenceCode.Canceled, $"{Who(_run.CanceledBy)} canceled it; it ended at {at}{why}.", finished, [_row]),
            CancelCause.Overlap => new(
                SentenceCode.Skipped, $"The overlap policy of its schedule canceled it at {at}{why}.", finished, [_row]),
            CancelCause.Replaced => new(
                SentenceCode.Replaced, $"The overlap policy of its schedule canceled it at {at} in favour of another run{why}.", finished,
                [_row]),
            CancelCause.Revoked => new(
                SentenceCode.Revoked, $"{Who(_run.CanceledBy)} made a change that revoked it at {at}, before its fire time{why}.", finished,
                [_row]),
            _ => new(SentenceCode.Canceled, $"It was canceled at {at}; by whom is not stored{why}.", finished, [_row]),
        };
    }
}
