using Fleet.Core.Gates;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using static Fleet.Core.Explain.Spoken;

namespace Fleet.Core.Explain;

/// <summary>What a run waits for or does now.</summary>
internal sealed class TellNow(RunFacts facts)
{
    private readonly Run _run = facts.Run;
    private readonly Evidence _row = Evidence.OfRun(facts.Run.Id);

    /// <summary>The attempt under way or the next one, as <c>attempt 2 of 4</c>.</summary>
    private string AttemptOf
    {
        get
        {
            // The limit of a program's own policy is not stored.
            if (facts.LastAttempt is { Verdict: not null, MaxAttempts: null })
                return $"attempt {_run.Attempt + (_run.State == RunState.Pending ? 1 : 0)}";
            var used = _run.Attempt - _run.AttemptOffset + (_run.State == RunState.Pending ? 1 : 0);
            return $"attempt {Math.Max(1, used)} of {facts.Limit.Max}";
        }
    }

    /// <summary>Null unless the run is pending.</summary>
    public bool? MayStart => facts.Pending is { } pending
        ? pending.Paused is null
            && (pending.Hurdle == ClaimHurdle.None || (pending.Hurdle == ClaimHurdle.Gated && pending.Gate is null))
        : null;

    public IReadOnlyList<Sentence> All() => _run.State switch
    {
        RunState.Pending => OfPending(facts.Pending!),
        RunState.Running => [.. OfRunning()],
        _ => [],
    };

    private string Time(DateTimeOffset at) => At(at, facts.Now);

    private List<Sentence> OfPending(PendingFacts pending)
    {
        var reasons = new List<Sentence>();
        if (pending.Hurdle == ClaimHurdle.NotDue)
            reasons.Add(OfPause());
        if (pending.Paused is { } paused)
            reasons.Add(OfPausedLane(paused));
        if (WhoServes(pending) is { } served)
            reasons.Add(served);
        if (pending.Gate is { } gate)
            reasons.Add(OfGate(gate));
        if (pending.Hurdle == ClaimHurdle.NotDue)
            return reasons;
        if (pending.Slots > 0 && pending.Running >= pending.Slots && pending.Gate is null)
            reasons.Add(OfSlots(pending));
        if (pending.IsBrokerAway)
            reasons.Add(new(SentenceCode.BrokerAway, "The broker does not answer, so its nudge does not reach a worker.", null, []));
        if (!_run.Staged && reasons.Count == 0)
            reasons.Add(OfLeader(pending));
        return reasons.Count > 0
            ? reasons
            : [new(
                SentenceCode.MayStart,
                $"Nothing holds it: {AttemptOf} begins when a worker of lane '{_run.Lane}' handles its nudge. If the nudge was lost, the "
                    + $"leader sends it again, {Span(Reconcile.Grace)} to {Span(Reconcile.UnknownGrace)} after the due time.",
                null, [_row])];
    }

    /// <summary>Why the run is due later. The latest attempt says what the pause is for.</summary>
    private Sentence OfPause()
    {
        var due = $"{Time(_run.DueAt)}, {FromNow(_run.DueAt, facts.Now)}";
        var last = facts.Replays.Count > 0 && facts.Replays[^1].At > facts.LastAttempt?.EndedAt ? null : facts.LastAttempt;
        Evidence[] rows = last is null ? [_row] : [_row, Evidence.OfAttempt(last.Id, _run.Id)];
        var held = last is not null && _run.Staged && HoldRetries.IsShort(_run.DueAt - last.EndedAt)
            ? " The worker that ended the last attempt holds its nudge in memory; if that worker dies, the leader sends the nudge." : "";
        var code = held.Length > 0 ? SentenceCode.HeldByWorker : CodeOf(last?.Outcome);
        var text = last?.Outcome switch
        {
            null => $"It is due at {due}.",
            AttemptOutcome.Snoozed => $"The handler asked to run again at {due}.",
            AttemptOutcome.Unserved => $"It was given back by a worker that could not execute it. The next try is at {due}, or when a "
                + "worker starts that knows the job.",
            AttemptOutcome.Outage => $"Fleet's database failed under the last attempt; the next try is at {due}.",
            AttemptOutcome.Failed or AttemptOutcome.TimedOut => $"The retry policy set a pause: {AttemptOf} may begin at {due}.",
            _ => $"It is due again at {due}.",
        };
        return new(code, text + held, _run.DueAt, rows);
    }

    private static SentenceCode CodeOf(AttemptOutcome? outcome) => outcome switch
    {
        AttemptOutcome.Failed or AttemptOutcome.TimedOut => SentenceCode.RetryPause,
        AttemptOutcome.Snoozed => SentenceCode.SnoozePause,
        AttemptOutcome.Unserved => SentenceCode.UnservedPause,
        AttemptOutcome.Outage => SentenceCode.OutagePause,
        _ => SentenceCode.DueLater,
    };

    private Sentence OfPausedLane(LaneRow lane)
    {
        var reason = lane.PauseReason is { Length: > 0 } text ? $" Reason: {Quoted(text)}." : "";
        var end = lane.PausedUntil is { } until
            ? $" The pause ends at {Time(until)}, {FromNow(until, facts.Now)}." : " The pause lasts until somebody resumes the lane.";
        return new(
            SentenceCode.LanePaused,
            $"Lane '{lane.Name}' has been paused since {Time(lane.PausedSince!.Value)}, by {lane.PausedBy?.ToString() ?? "somebody"}: its "
                + $"runs wait.{reason}{end}",
            lane.PausedSince, [_row, Evidence.OfLane(lane.Name)]);
    }

    /// <summary>All workers of the lane were asked to take no new runs.</summary>
    private Sentence OfDrained(IReadOnlyList<WorkerRow> workers)
    {
        var last = workers.MaxBy(w => w.DrainSince)!;
        var who = workers.Count == 1
            ? $"The only worker of lane '{_run.Lane}', {last.Name}, was" : $"All {workers.Count} workers of lane '{_run.Lane}' were";
        var reason = last.DrainReason is { Length: > 0 } text ? $" Reason: {Quoted(text)}." : "";
        return new(
            SentenceCode.WorkersDrained,
            $"{who} asked to take no new runs{(workers.Count == 1 ? "" : "; the last one")} at {Time(last.DrainSince!.Value)}, by "
                + $"{last.DrainBy?.ToString() ?? "somebody"}.{reason}",
            last.DrainSince, [_row, .. workers.Take(RunFacts.MaxRows).Select(w => Evidence.OfWorker($"{w.Id}"))]);
    }

    /// <summary>Null if a worker of the lane takes runs and offers the job.</summary>
    private Sentence? WhoServes(PendingFacts pending)
    {
        var (serving, lane) = (pending.Serving, _run.Lane);
        if (pending.Slots == 0 && pending.Drained.Count > 0)
            return OfDrained(pending.Drained);
        if (serving.OnLane == 0)
        {
            var since = pending.LastServer is { } last
                ? $" The last one that did, {last.Name}, was last heard of at {Time(last.HeartbeatAt)}, "
                    + $"{FromNow(last.HeartbeatAt, facts.Clock)}."
                : " Whether one ever did is not stored.";
            var hint = Nearest.To(lane, serving.Lanes) is { } nearest ? $" Did you mean lane '{nearest}'?"
                : serving.Lanes.Count > 0 ? $" Workers serve {Lanes(serving.Lanes)}." : " No worker is active at all.";
            return new(
                SentenceCode.NoWorker, $"No active worker serves lane '{lane}'.{since}{hint}", pending.LastServer?.HeartbeatAt,
                pending.LastServer is { } row
                    ? [_row, Evidence.OfLane(lane), Evidence.OfWorker($"{row.Id}")] : [_row, Evidence.OfLane(lane)]);
        }

        if (serving.Able == 0)
        {
            var elsewhere = serving.Elsewhere.Count > 0
                ? $" Workers of {Lanes(serving.Elsewhere)} offer it." : " No active worker of any lane offers it.";
            var those = serving.OnLane == 1 ? "The only worker" : $"None of the {Count(serving.OnLane, "worker")}";
            var verb = serving.OnLane == 1 ? "does not offer" : "offers";
            return new(
                SentenceCode.JobNotOffered, $"{those} of lane '{lane}' {verb} job '{_run.Job}'.{elsewhere}", null,
                [_row, Evidence.OfJob(_run.Job)]);
        }

        // A worker that could not execute it gave it back, although the lane has one that offers the job.
        return facts.LastAttempt is { Outcome: AttemptOutcome.Unserved, Error: { } error } given && given.EndedAt >= _run.StartedAt
            ? new(
                SentenceCode.VersionNotOffered, $"The worker that tried last could not execute it: {Quoted(error)}.", given.EndedAt,
                [Evidence.OfAttempt(given.Id, _run.Id), Evidence.OfJob(_run.Job)])
            : null;
    }

    private static string Lanes(IReadOnlyList<string> lanes) => $"{(lanes.Count == 1 ? "lane" : "lanes")} {Names(lanes)}";

    private Sentence OfGate(GateReason reason)
    {
        var other = reason.Run is { } id ? $"run {id}" : "another run";
        Evidence[] rows = reason.Run is { } known ? [_row, Evidence.OfRun(known)] : [_row];
        var more = reason.Count > 1 ? $" {Count(reason.Count, "run")} come before it." : "";
        return reason.Kind switch
        {
            GateReasonKind.WaitsForTurn => new(
                SentenceCode.WaitsForTurn,
                $"It waits for its turn: {other} of the same schedule has not ended, and the overlap policy is 'queue'.{more}", null, rows),
            GateReasonKind.WaitsForBackfill => new(
                SentenceCode.WaitsForBackfill,
                $"It waits for its turn: {other}, of a backfill of the same schedule, is running.", null, rows),
            GateReasonKind.BackfillWaits => new(
                SentenceCode.BackfillWaits,
                "It belongs to a backfill, and waits until the other runs of its schedule that come before it have ended.", null, rows),
            GateReasonKind.WaitsForReplaced => new(
                SentenceCode.WaitsForReplaced,
                $"It takes the place of {other} of the same schedule, which is asked to stop and has not stopped yet.", null, rows),
            GateReasonKind.Skipped => new(
                SentenceCode.WillBeSkipped,
                $"The overlap policy is 'skip' and {other} of the same schedule has not ended: the next worker that looks at it "
                    + "cancels it.",
                null, rows),
            GateReasonKind.QueueIsFull => new(
                SentenceCode.WillBeSkipped,
                $"More than {Count(OverlapGate.QueueCap, "run")} of the same schedule wait before it: the next worker that looks at it "
                    + "cancels it.",
                null, rows),
            GateReasonKind.IsReplaced => new(
                SentenceCode.WillBeReplaced,
                $"The overlap policy is 'replace' and {other} of the same schedule is newer: the next worker that looks at it cancels it.",
                null, rows),
            _ => new(
                SentenceCode.LastChance,
                $"Its worker has died {Count(_run.Crashes, "time")} while running it, so it may run only where no other such run is "
                    + $"executing; {other} is.",
                null, rows),
        };
    }

    private Sentence OfSlots(PendingFacts pending)
    {
        var (ahead, isExact) = pending.Ahead;
        var before = ahead == 0 && isExact ? "No other run of the lane is due before it."
            : $"{(isExact ? "" : "At least ")}{Count(ahead, "run")} of the lane {(ahead == 1 ? "is" : "are")} due before it.";
        return new(
            SentenceCode.AllSlotsBusy,
            $"All slots of lane '{_run.Lane}' are busy: {Count(pending.Running, "run")} in {Count(pending.Slots, "slot")}. {before}", null,
            [_row, Evidence.OfLane(_run.Lane)]);
    }

    /// <summary>The leader has not sent its nudge yet.</summary>
    private Sentence OfLeader(PendingFacts pending) => pending.Leader switch
    {
        { } lease when lease.ExpiresAt > facts.Clock => new(
            SentenceCode.NotStaged, "It is due, and the leader sends its nudge at its next look, within a second.", null, [_row]),
        { ExpiresAt: var expired } lease when expired > DateTimeOffset.UnixEpoch => new(
            SentenceCode.NoLeader,
            $"No scheduler leads since {Time(expired)}, {FromNow(expired, facts.Clock)}: nobody sends its nudge.", expired,
            [_row, Evidence.OfLease(lease.Name)]),
        { } released => new(
            SentenceCode.NoLeader, "No scheduler leads: nobody sends its nudge. The last one stopped cleanly; when is not stored.", null,
            [_row, Evidence.OfLease(released.Name)]),
        null => new(SentenceCode.NoLeader, "No scheduler has ever led this fleet: nobody sends its nudge.", null, [_row]),
    };

    private IEnumerable<Sentence> OfRunning()
    {
        var worker = facts.WorkerOf(_run.WorkerId);
        var name = Worker(_run.WorkerId, worker);
        Evidence[] rows = worker is null ? [_row] : [_row, Evidence.OfWorker($"{worker.Id}")];
        var since = _run.StartedAt is { } started ? $" since {Time(started)}, for {Span(facts.Now - started)}" : "";
        var progress = _run.Progress is { } part
            ? $" It reports {Math.Round(part * 100)} %{(_run.ProgressMessage is { Length: > 0 } text ? $": {Quoted(text)}" : "")}." : "";
        var attempt = AttemptOf;
        yield return new(
            SentenceCode.Running, $"{char.ToUpperInvariant(attempt[0])}{attempt[1..]} has been running{since}, on {name}.{progress}",
            _run.StartedAt, rows);
        if (_run.CancelRequestedAt is { } requested)
        {
            yield return new(
                SentenceCode.CancelRequested,
                $"{Who(_run.CanceledBy)} asked it to stop at {Time(requested)}, {FromNow(requested, facts.Now)}; its handler has not "
                    + "stopped yet.",
                requested, [_row]);
        }

        switch (worker)
        {
            case null or { State: WorkerState.Gone }:
                yield return new(
                    SentenceCode.WorkerGone, "That worker is gone: the leader takes the run back at its next look.", null, rows);
                break;
            case { } silent when silent.LeaseUntil < facts.Clock:
                yield return new(
                    SentenceCode.WorkerSilent,
                    $"The last heartbeat of that worker came at {Time(silent.HeartbeatAt)}, {FromNow(silent.HeartbeatAt, facts.Clock)}. "
                        + "If it stays silent, the leader takes the run back.",
                    silent.HeartbeatAt, rows);
                break;
            case { State: WorkerState.Draining }:
                yield return new(
                    SentenceCode.WorkerDrains,
                    "That worker is shutting down: it lets the run go on for a while, and then gives it back.", null, rows);
                break;
        }
    }
}
