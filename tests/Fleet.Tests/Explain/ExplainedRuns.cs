using Fleet.Core.Gates;
using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Explain;

/// <summary>Situations of runs, each made by the verbs that lead to it, at noon of 22 November 2026.</summary>
internal sealed class ExplainedRuns(Verbs fleet, FakeTimeProvider time)
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly RetryDecision Retried = new(RetryVerdict.Retried, new AttemptLimit(4, AttemptLimitSource.Setting));

    private WorkerId _worker;

    /// <summary>Each situation by its name, with the run that is explained.</summary>
    public static IReadOnlyList<(string Name, Func<ExplainedRuns, Task<RunId>> Make)> All { get; } =
    [
        ("enqueued, nothing holds it", async s => await s.EnqueueAsync()),
        ("enqueued by a person with a delay", async s => await s.EnqueueByPersonAsync(new() { Delay = TimeSpan.FromMinutes(90) })),
        ("the lane is misspelt", async s => await s.EnqueueAsync(new() { Lane = "defualt" })),
        ("the lane is paused", s => s.PausedLaneAsync(until: null)),
        ("the lane is paused for an hour", s => s.PausedLaneAsync(TimeSpan.FromHours(1))),
        ("the pause of the lane has ended by itself", s => s.PausedLaneAsync(TimeSpan.FromMinutes(1))),
        ("the only worker was drained", s => s.DrainedAsync()),
        ("no worker is active, and none is stored", async s => await s.EnqueueAsync()),
        ("the only worker died", s => s.AfterDeathAsync()),
        ("the only worker left cleanly", s => s.AfterLeavingAsync()),
        ("no worker offers the job", s => s.UnknownJobAsync()),
        ("another version of the job is needed", s => s.UnservedAsync(dueIn: TimeSpan.Zero)),
        ("given back as unserved, again and again", s => s.UnservedAsync(dueIn: TimeSpan.FromMinutes(1), times: 3)),
        ("waits for a retry", s => s.FailedAsync(TimeSpan.FromMinutes(2), Retried)),
        ("a worker holds the retry", s => s.FailedAsync(TimeSpan.FromSeconds(2), Retried)),
        ("the policy of the program retries", s => s.FailedAsync(TimeSpan.FromMinutes(2), new(RetryVerdict.Retried, null))),
        ("snoozed", s => s.ReleasedAsync(AttemptOutcome.Snoozed, TimeSpan.FromMinutes(30))),
        ("released by a drain", s => s.ReleasedAsync(AttemptOutcome.Released, TimeSpan.Zero)),
        ("the database failed under it", s => s.OutageAsync()),
        ("waits for its turn", s => s.OverlapAsync(OverlapPolicy.Queue, runs: true)),
        ("two come first", s => s.OverlapAsync(OverlapPolicy.Queue, runs: true, more: 1)),
        ("will be skipped", s => s.OverlapAsync(OverlapPolicy.Skip, runs: true)),
        ("was skipped", s => s.OverlapAsync(OverlapPolicy.Skip, runs: true, claims: true)),
        ("waits for the one that it replaces", s => s.OverlapAsync(OverlapPolicy.Replace, runs: true)),
        ("was replaced", s => s.ReplacedAsync(claims: true)),
        ("will be replaced", s => s.ReplacedAsync(claims: false)),
        ("more than a hundred wait", s => s.OverlapAsync(OverlapPolicy.Queue, runs: true, more: 101)),
        ("a backfill waits", s => s.BackfillAsync(explainsBackfill: true)),
        ("a live run waits for a backfill", s => s.BackfillAsync(explainsBackfill: false)),
        ("its last chance", s => s.LastChanceAsync()),
        ("all slots are busy", s => s.BusyAsync()),
        ("due, and the leader sends the nudge", s => s.NotStagedAsync(leads: true)),
        ("due, and nobody leads", s => s.NotStagedAsync(leads: false)),
        ("the broker does not answer", s => s.BrokerAwayAsync()),
        ("deleted", s => s.DeletedAsync()),
        ("its parent was deleted", s => s.ParentDeletedAsync()),
        ("running", async s => (await s.StartAsync()).Id),
        ("running, asked to stop", s => s.AskedToStopAsync()),
        ("running on a worker that drains", s => s.DrainingAsync()),
        ("running on a worker that is silent", s => s.SilentAsync(rescue: false)),
        ("running on a worker that is gone", s => s.GoneAsync()),
        ("rescued", s => s.SilentAsync(rescue: true)),
        ("succeeded at the second attempt", s => s.SucceededAsync()),
        ("failed, all attempts used", s => s.FailedForGoodAsync(RetryVerdict.AttemptsUsed, 2)),
        ("failed at its only attempt", s => s.FailedForGoodAsync(RetryVerdict.AttemptsUsed, 1)),
        ("failed, not retryable", s => s.FailedForGoodAsync(RetryVerdict.NotRetryable, 4)),
        ("failed, its result is refused", s => s.FailedForGoodAsync(RetryVerdict.Refused, 4)),
        ("failed by the policy of the program", s => s.FailedForGoodAsync(RetryVerdict.PolicyStopped, null)),
        ("failed, nobody stored why", s => s.FailedForGoodAsync(null, null)),
        ("failed by a timeout", s => s.FailedForGoodAsync(RetryVerdict.AttemptsUsed, 1, AttemptOutcome.TimedOut)),
        ("failed, killed its workers", s => s.CrashedAsync()),
        ("canceled before it ran", s => s.CanceledAsync()),
        ("canceled while it ran", s => s.CanceledWhileRunningAsync()),
        ("replayed", s => s.ReplayedAsync()),
        ("more attempts than are explained", s => s.ManyAttemptsAsync()),
        ("planned, started on time", s => s.PlannedAsync(late: TimeSpan.FromMilliseconds(12))),
        ("planned, started late", s => s.PlannedAsync(late: TimeSpan.FromMinutes(61))),
        ("planned, started late by a new worker", s => s.PlannedAsync(late: TimeSpan.FromMinutes(61), newWorker: true)),
        ("planned after a misfire", s => s.MisfireAsync()),
        ("waited for its turn, then ran", s => s.TurnAsync()),
        ("first attempt late, then retried", s => s.LateThenRetriedAsync()),
        ("triggered by hand", s => s.TriggeredAsync(deletes: false)),
        ("the schedule was deleted", s => s.TriggeredAsync(deletes: true)),
        ("backfilled", s => s.BackfilledAsync()),
        ("revoked by a pause", s => s.RevokedAsync()),
        ("the follow-up of a run", s => s.FollowUpAsync()),
    ];

    public async Task BeginAsync(string name)
    {
        if (!name.StartsWith("no worker is active", StringComparison.Ordinal))
            _worker = await fleet.RegisterAsync();
    }

    private Task<RunId> EnqueueAsync(EnqueueOptions? options = null) => fleet.EnqueueAsync(options);

    private async Task<RunId> EnqueueByPersonAsync(EnqueueOptions options) =>
        (await fleet.Get<EnqueueRuns>().ExecuteAsync(Verbs.Request(options) with { By = Somebody.Me }, None)).Id;

    private async Task<ClaimedRun> StartAsync()
    {
        var run = await fleet.StartAsync(_worker);
        time.Advance(TimeSpan.FromSeconds(3.2));
        return run;
    }

    private async Task<RunId> PausedLaneAsync(TimeSpan? until)
    {
        await fleet.Get<PauseLanes>().PauseAsync(
            "default", time.GetUtcNow() + until, "The mail server is being moved.", Somebody.Me, expected: null, None);
        time.Advance(TimeSpan.FromMinutes(5));
        return await fleet.EnqueueAsync();
    }

    private async Task<RunId> DrainedAsync()
    {
        await fleet.Get<DrainWorkers>().DrainAsync(_worker, "Its disk is full.", Somebody.Me, None);
        time.Advance(TimeSpan.FromMinutes(5));
        return await fleet.EnqueueAsync();
    }

    private async Task<RunId> AfterDeathAsync()
    {
        await fleet.ExpireAsync(_worker);
        await fleet.RescueAsync();
        time.Advance(TimeSpan.FromMinutes(4));
        return await fleet.EnqueueAsync();
    }

    private async Task<RunId> AfterLeavingAsync()
    {
        await fleet.Get<Heartbeat>().ExecuteAsync(
            _worker, TimeSpan.FromHours(1), new Dictionary<string, long> { ["default"] = 1 }, withHeld: false, None);
        await fleet.Get<RegisterWorkers>().LeaveAsync(_worker, None);
        time.Advance(TimeSpan.FromMinutes(4));
        return await fleet.EnqueueAsync();
    }

    private async Task<RunId> DeletedAsync()
    {
        var run = await StartAsync();
        await fleet.FailAsync(run, error: "The printer is on fire.");
        time.Advance(TimeSpan.FromMinutes(5));
        await fleet.DeleteAsync(run.Id);
        return run.Id;
    }

    private async Task<RunId> ParentDeletedAsync()
    {
        var parent = await StartAsync();
        var child = await fleet.Get<EnqueueRuns>().AcceptAsync(Verbs.Request() with { ParentId = parent.Id }, None);
        await fleet.Get<CompleteRuns>().ExecuteAsync(fleet.Completion(parent) with { FollowUps = [child] }, None);
        time.Advance(TimeSpan.FromMinutes(5));
        await fleet.DeleteAsync(parent.Id);
        return child.Id;
    }

    private async Task<RunId> UnknownJobAsync() => (await fleet.InsertAsync(fleet.NewRun() with { Job = "report", Staged = true }))[0].Id;

    private async Task<RunId> UnservedAsync(TimeSpan dueIn, int times = 1)
    {
        var id = await fleet.EnqueueAsync();
        for (var i = 0; i < times; i++)
        {
            var run = await fleet.ClaimAsync(_worker, id);
            time.Advance(TimeSpan.FromMilliseconds(5));
            await fleet.Get<ReleaseRuns>().ExecuteAsync(
                run.Id, run.LeaseToken, AttemptOutcome.Unserved, "args.count: it is missing. Another version of the job accepts them.",
                i + 1 < times ? TimeSpan.Zero : dueIn, None);
        }

        return id;
    }

    private async Task<RunId> FailedAsync(TimeSpan retryIn, RetryDecision decision)
    {
        var run = await StartAsync();
        await fleet.FailAsync(run, retryIn, "The printer is on fire.", decision);
        time.Advance(TimeSpan.FromSeconds(1));
        return run.Id;
    }

    private async Task<RunId> ReleasedAsync(AttemptOutcome outcome, TimeSpan delay)
    {
        var run = await StartAsync();
        await fleet.ReleaseAsync(run, outcome, delay);
        return run.Id;
    }

    private async Task<RunId> OutageAsync()
    {
        var run = await StartAsync();
        await fleet.Get<ReleaseRuns>().ExecuteAsync(
            run, AttemptOutcome.Outage, new RunError("Npgsql.NpgsqlException", "Connection refused", null), TimeSpan.FromSeconds(20), None);
        return run.Id;
    }

    private async Task<RunId> PlanAsync(OverlapPolicy overlap, int second = 0, int due = 0) => (await fleet.InsertAsync(
        fleet.NewRun(schedule: "nightly", fireTime: fleet.Now.AddSeconds(second)) with
        {
            Overlap = overlap,
            DueAt = fleet.Now.AddSeconds(due),
            Staged = true,
        }))[0].Id;

    private async Task<RunId> OverlapAsync(OverlapPolicy overlap, bool runs, int more = 0, bool claims = false)
    {
        var first = await PlanAsync(overlap);
        if (runs)
            await fleet.ClaimAsync(_worker, first);
        for (var i = 0; i < more; i++)
            await PlanAsync(overlap, second: i + 1);
        var id = await PlanAsync(overlap, second: more + 1);
        if (claims)
            await fleet.TryClaimAsync(_worker, id);
        return id;
    }

    private async Task<RunId> ReplacedAsync(bool claims)
    {
        var older = await PlanAsync(OverlapPolicy.Replace);
        await fleet.ClaimAsync(_worker, await PlanAsync(OverlapPolicy.Allow, second: 5));
        if (claims)
            await fleet.TryClaimAsync(_worker, older);
        return older;
    }

    private async Task<RunId> BackfillAsync(bool explainsBackfill)
    {
        var backfill = await PlanAsync(OverlapGate.Backfill);
        if (explainsBackfill)
        {
            await PlanAsync(OverlapPolicy.Queue, second: 1);
            return backfill;
        }

        await fleet.ClaimAsync(_worker, backfill);
        return await PlanAsync(OverlapPolicy.Queue, second: 1);
    }

    private async Task CrashAsync()
    {
        await fleet.ExpireAsync(_worker);
        await fleet.RescueAsync();
        _worker = await fleet.RegisterAsync();
    }

    private async Task<RunId> LastChanceAsync()
    {
        RunId[] ids = [await fleet.EnqueueAsync(), await fleet.EnqueueAsync()];
        for (var i = 0; i < 2; i++)
        {
            foreach (var id in ids)
                await fleet.ClaimAsync(_worker, id);
            await CrashAsync();
        }

        await fleet.ClaimAsync(_worker, ids[0]);
        return ids[1];
    }

    private async Task<RunId> BusyAsync()
    {
        for (var i = 0; i < 8; i++)
            await fleet.StartAsync(_worker);
        await fleet.EnqueueAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        return await fleet.EnqueueAsync();
    }

    private async Task<RunId> NotStagedAsync(bool leads)
    {
        if (leads)
            await fleet.LeadAsync();
        return (await fleet.InsertAsync(fleet.NewRun()))[0].Id;
    }

    private async Task<RunId> BrokerAwayAsync()
    {
        fleet.Transport.Outage = e => e is TimeoutException;
        fleet.Transport.GaugeFailure = new TimeoutException();
        return await fleet.EnqueueAsync();
    }

    private async Task<RunId> AskedToStopAsync()
    {
        var run = await StartAsync();
        await fleet.CancelAsync(run.Id);
        time.Advance(TimeSpan.FromSeconds(12));
        return run.Id;
    }

    private async Task<RunId> DrainingAsync()
    {
        var run = await StartAsync();
        await fleet.Get<RegisterWorkers>().DrainAsync(_worker, None);
        return run.Id;
    }

    private async Task<RunId> SilentAsync(bool rescue)
    {
        var run = await StartAsync();
        await fleet.ExpireAsync(_worker);
        if (rescue)
            await fleet.RescueAsync();
        return run.Id;
    }

    private async Task<RunId> GoneAsync()
    {
        var run = await StartAsync();
        await fleet.Get<RegisterWorkers>().LeaveAsync(_worker, None);
        return run.Id;
    }

    private async Task<RunId> SucceededAsync()
    {
        var run = await StartAsync();
        await fleet.FailAsync(run, TimeSpan.FromSeconds(2), "Not yet.", Retried);
        time.Advance(TimeSpan.FromSeconds(2.5));
        run = await fleet.ClaimAsync(_worker, run.Id);
        time.Advance(TimeSpan.FromMilliseconds(420));
        await fleet.CompleteAsync(run);
        return run.Id;
    }

    private async Task<RunId> FailedForGoodAsync(RetryVerdict? verdict, int? limit, AttemptOutcome outcome = AttemptOutcome.Failed)
    {
        var run = await StartAsync();
        var decision = verdict is { } known
            ? new RetryDecision(known, limit is { } max ? new AttemptLimit(max, AttemptLimitSource.Job) : null)
            : (RetryDecision?)null;
        var error = outcome == AttemptOutcome.TimedOut
            ? new RunError("System.TimeoutException", "The attempt took longer than the job's timeout of 00:00:03.", null)
            : new RunError("Shop.NoSuchOrderException", "There is no order 7.", null);
        if (verdict == RetryVerdict.AttemptsUsed && limit == 2)
        {
            await fleet.Get<FailRuns>().ExecuteAsync(
                new Failure(run, outcome, error, fleet.Now, decision!.Value with { Verdict = RetryVerdict.Retried }), None);
            run = await fleet.ClaimAsync(_worker, run.Id);
            time.Advance(TimeSpan.FromSeconds(2));
        }

        await fleet.Get<FailRuns>().ExecuteAsync(new Failure(run, outcome, error, null, decision), None);
        return run.Id;
    }

    private async Task<RunId> CrashedAsync()
    {
        var id = await fleet.EnqueueAsync();
        for (var i = 0; i < RescuedRun.CrashCap; i++)
        {
            await fleet.ClaimAsync(_worker, id);
            time.Advance(TimeSpan.FromSeconds(1));
            await CrashAsync();
        }

        return id;
    }

    private async Task<RunId> CanceledAsync()
    {
        var id = await fleet.EnqueueAsync(new() { Delay = TimeSpan.FromMinutes(5) });
        time.Advance(TimeSpan.FromSeconds(20));
        await fleet.CancelAsync(id, "not needed");
        return id;
    }

    private async Task<RunId> CanceledWhileRunningAsync()
    {
        var run = await StartAsync();
        await fleet.CancelAsync(run.Id, "not needed");
        await fleet.Get<EndAttempts>().ExecuteAsync(
            new AttemptEnd
            {
                Id = run.Id,
                LeaseToken = run.LeaseToken,
                Outcome = AttemptOutcome.Canceled,
                EndedAt = fleet.Now,
                Next = RunState.Canceled,
                Counts = true,
            },
            None);
        return run.Id;
    }

    private async Task<RunId> ReplayedAsync()
    {
        var id = await CanceledAsync();
        time.Advance(TimeSpan.FromDays(1));
        await fleet.ReplayAsync(id);
        var run = await fleet.ClaimAsync(_worker, id);
        await fleet.FailAsync(run, decision: new(RetryVerdict.NotRetryable, new AttemptLimit(4, AttemptLimitSource.Run)));
        time.Advance(TimeSpan.FromMinutes(1));
        await fleet.ReplayAsync(id);
        return id;
    }

    private async Task<RunId> ManyAttemptsAsync()
    {
        var id = await fleet.EnqueueAsync();
        for (var i = 0; i <= RunFactsMaxRows; i++)
        {
            await fleet.FailAsync(
                await fleet.ClaimAsync(_worker, id), TimeSpan.Zero, "boom",
                new(RetryVerdict.Retried, new AttemptLimit(99, AttemptLimitSource.JobSetting)));
        }

        return id;
    }

    private const int RunFactsMaxRows = 20;

    private async Task PutAsync(string every = "1h", OverlapPolicy overlap = OverlapPolicy.Allow) =>
        await fleet.Get<PutSchedules>().ExecuteAsync(
            new ScheduleRequest
            {
                Id = "nightly",
                Job = "note",
                Args = """{"text":"a"}""",
                Trigger = new TriggerSpec { Every = every },
                Overlap = overlap,
            },
            "api", Somebody.Me, None);

    private async Task<RunId> FirstOccurrenceAsync()
    {
        await fleet.Get<PlanOccurrences>().ExecuteAsync(await fleet.LeadAsync(), TimeSpan.FromHours(1), None);
        return (await fleet.ListAsync(db => db.Runs.Where(r => r.ScheduleId == "nightly").OrderBy(r => r.FireTime).Select(r => r.Id)))[0];
    }

    private async Task<RunId> PlannedAsync(TimeSpan late, bool newWorker = false)
    {
        await PutAsync();
        var id = await FirstOccurrenceAsync();
        time.Advance(TimeSpan.FromHours(1));
        if (newWorker)
        {
            time.Advance(late - TimeSpan.FromMilliseconds(5));
            _worker = await fleet.RegisterAsync();
            late = TimeSpan.FromMilliseconds(5);
        }

        time.Advance(late);
        var run = await fleet.ClaimAsync(_worker, id);
        time.Advance(TimeSpan.FromSeconds(2));
        await fleet.CompleteAsync(run);
        return id;
    }

    private async Task<RunId> MisfireAsync()
    {
        await PutAsync();
        time.Advance(TimeSpan.FromMinutes(70));
        var id = await FirstOccurrenceAsync();
        await fleet.CompleteAsync(await fleet.ClaimAsync(_worker, id));
        return id;
    }

    private async Task<RunId> TurnAsync()
    {
        var first = await fleet.ClaimAsync(_worker, await PlanAsync(OverlapPolicy.Queue));
        var id = await PlanAsync(OverlapPolicy.Queue, second: 1, due: 1);
        time.Advance(TimeSpan.FromMinutes(10));
        await fleet.CompleteAsync(first);
        time.Advance(TimeSpan.FromMilliseconds(20));
        await fleet.ClaimAsync(_worker, id);
        return id;
    }

    private async Task<RunId> LateThenRetriedAsync()
    {
        await PutAsync();
        var id = await FirstOccurrenceAsync();
        time.Advance(TimeSpan.FromMinutes(65));
        await fleet.FailAsync(await fleet.ClaimAsync(_worker, id), TimeSpan.FromMinutes(1), decision: Retried);
        return id;
    }

    private async Task<RunId> TriggeredAsync(bool deletes)
    {
        await PutAsync();
        var id = (await fleet.Get<TriggerSchedules>().ExecuteAsync("nightly", Somebody.Me, None))!.Value;
        if (deletes)
            await fleet.Get<DeleteSchedules>().ExecuteAsync("nightly", Somebody.Me, ct: None);
        return id;
    }

    private async Task<RunId> BackfilledAsync()
    {
        await PutAsync();
        var range = new BackfillRequest { From = fleet.Now.AddHours(-2), Until = fleet.Now.AddMinutes(-30) };
        await fleet.Get<BackfillSchedules>().ExecuteAsync("nightly", range, Somebody.Me, dryRun: false, None);
        return (await fleet.ListAsync(db => db.Runs.OrderBy(r => r.FireTime).Select(r => r.Id)))[0];
    }

    private async Task<RunId> RevokedAsync()
    {
        await PutAsync();
        var id = await FirstOccurrenceAsync();
        time.Advance(TimeSpan.FromMinutes(10));
        await fleet.Get<ControlSchedules>().PauseAsync("nightly", until: null, new(Somebody.Me, "holiday"), ct: None);
        return id;
    }

    private async Task<RunId> FollowUpAsync()
    {
        var parent = await StartAsync();
        var child = await fleet.Get<EnqueueRuns>().AcceptAsync(Verbs.Request() with { ParentId = parent.Id }, None);
        await fleet.Get<CompleteRuns>().ExecuteAsync(fleet.Completion(parent) with { FollowUps = [child] }, None);
        return child.Id;
    }
}
