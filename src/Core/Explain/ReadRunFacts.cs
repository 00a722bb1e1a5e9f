using Fleet.Core.Gates;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Explain;

/// <summary>Reads what explains a run: a bounded number of rows, found by keys and indexes. Nothing is written or locked.</summary>
public sealed class ReadRunFacts(
    IStorage storage, JobCatalog catalog, FindAttemptLimits limits, IEnumerable<IGate> gates, ILaneGauge gauge, ITransport transport,
    TimeProvider time)
{
    /// <summary>Maximum number of active workers that are looked at.</summary>
    private const int MaxWorkers = 500;

    /// <summary>Maximum number of workers that a gate is asked about.</summary>
    private const int MaxJudged = 20;

    private static readonly TimeSpan BrokerLimit = TimeSpan.FromSeconds(2);

    private readonly IGate[] _gates = [.. gates];

    /// <returns>Null when there is no such run.</returns>
    internal async Task<RunFacts?> ExecuteAsync(RunId id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        // From one snapshot: otherwise a run that ends meanwhile would be shown as running, with the attempt that has ended.
        var facts = await storage.ReadSnapshotAsync(
            async db =>
            {
                if (await db.Runs.IgnoreQueryFilters().AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, ct) is not { } run)
                    return null;
                var attempts = await db.Attempts.AsNoTracking().Where(a => a.RunId == id).OrderByDescending(a => a.Id)
                    .Take(RunFacts.MaxRows + 1).ToListAsync(ct);
                var replays = await db.Replays.AsNoTracking().Where(r => r.RunId == id).OrderByDescending(r => r.Number)
                    .Take(RunFacts.MaxRows).ToListAsync(ct);
                WorkerId[] workers = [.. attempts.Select(a => a.WorkerId).Append(run.WorkerId).OfType<WorkerId>().Distinct()];
                var (schedule, parent) = (run.ScheduleId, run.ParentId);
                return new RunFacts
                {
                    Now = now,
                    Run = run,
                    Attempts = [.. attempts.Take(RunFacts.MaxRows).Reverse()],
                    HasOlderAttempts = attempts.Count > RunFacts.MaxRows,
                    Replays = [.. replays.AsEnumerable().Reverse()],
                    Workers = await db.Workers.AsNoTracking().Where(w => workers.Contains(w.Id)).ToDictionaryAsync(w => w.Id, ct),
                    HasSchedule = schedule is not null && await db.Schedules.AnyAsync(s => s.Id == schedule, ct),
                    Parent = parent is { } parentId
                        ? await db.Runs.IgnoreQueryFilters().Where(r => r.Id == parentId)
                            .Select(r => new Run
                            {
                                Id = r.Id,
                                State = r.State,
                                CancelRequestedAt = r.CancelRequestedAt,
                                CanceledBy = r.CanceledBy,
                            })
                            .FirstOrDefaultAsync(ct)
                        : null,
                    Before = await FindBeforeAsync(db, run, ct),
                    Limit = default,
                    Clock = now,
                };
            },
            ct);
        if (facts is null)
            return null;
        return facts with
        {
            Limit = await limits.ExecuteAsync(facts.Run, facts.Attempts, ct),
            Clock = await storage.ReadClockAsync(ct),
            Pending = facts.Run.State == RunState.Pending ? await ReadPendingAsync(facts.Run, now, ct) : null,
        };
    }

    /// <summary>Decides as the gates would at a claim by this worker.</summary>
    /// <returns>The first reason against it; null if every gate lets it pass.</returns>
    internal async Task<GateReason?> JudgeAsync(
        StorageSession session, WorkerId worker, PendingRun run, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var gate in _gates.Where(g => g.KeyOf(worker, run) is not null))
        {
            var decision = await gate.JudgeAsync(session, worker, run, now, ct);
            if (!decision.Passes)
                return decision.Reason;
        }

        return null;
    }

    /// <summary>Of a run that takes turns: the one whose end let it start.</summary>
    private static async Task<(RunId Id, DateTimeOffset EndedAt)?> FindBeforeAsync(FleetDbContext db, Run run, CancellationToken ct)
    {
        const int looked = 20;
        if (run is not { Overlap: not OverlapPolicy.Allow, ScheduleId: { } schedule, FireTime: { } fireTime, StartedAt: { } started })
            return null;
        // Those before it by their fire times, from the index.
        var before = await db.Runs.AsNoTracking()
            .Where(r => r.ScheduleId == schedule && r.FireTime != null && r.FireTime < fireTime && !r.Revoked)
            .OrderByDescending(r => r.FireTime).Select(r => new { r.Id, r.FinishedAt, r.StartedAt }).Take(looked).ToListAsync(ct);
        var last = before.Where(r => r.StartedAt is not null && r.FinishedAt > run.DueAt && r.FinishedAt <= started)
            .MaxBy(r => r.FinishedAt);
        return last is null ? null : (last.Id, last.FinishedAt!.Value);
    }

    private async Task<PendingFacts> ReadPendingAsync(Run run, DateTimeOffset now, CancellationToken ct)
    {
        var pending = new PendingRun
        {
            Id = run.Id,
            DueAt = run.DueAt,
            Overlap = run.Overlap,
            Crashes = run.Crashes,
            ScheduleId = run.ScheduleId,
            Position = run.FireTime ?? run.CreatedAt,
        };
        var job = (await catalog.FindAsync(run.Job, ct))?.Name ?? run.Job;
        var serving = Serving.Find(await catalog.FindOffersAsync(TimeSpan.Zero, ct), run.Lane, job);
        await using var db = storage.Read();
        var active = await db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Active).OrderBy(w => w.Id).Take(MaxWorkers)
            .ToListAsync(ct);
        var serve = active.Select(w => (w.Id, Slots: w.ReadLanes().GetValueOrDefault(run.Lane), Row: w)).Where(w => w.Slots > 0).ToList();
        var slots = serve.Where(w => w.Row.DrainSince is null).ToList();
        var total = slots.Sum(w => w.Slots);
        var lane = run.Lane;
        return new PendingFacts
        {
            Hurdle = pending.HurdleAt(now, passedGates: false),
            Gate = pending.HurdleAt(now, passedGates: false) == ClaimHurdle.Gated
                ? await JudgeAsync([.. slots.Select(w => w.Id)], pending, now, ct)
                : null,
            Serving = serving,
            Paused = await db.Lanes.AsNoTracking().FirstOrDefaultAsync(l => l.Name == lane && l.PausedSince != null, ct) is { } row
                && row.IsPaused(now) ? row : null,
            Drained = [.. serve.Where(w => w.Row.DrainSince is not null).Select(w => w.Row)],
            LastServer = serving.OnLane == 0 ? await FindLastServerAsync(db, lane, ct) : null,
            Slots = total,
            Running = total == 0
                ? 0 : await db.Running.Where(r => r.Lane == lane).OrderBy(r => r.Id).Select(r => r.Id).Take(total).CountAsync(ct),
            Ahead = run.DueAt > now ? (0, true) : await storage.CountDueBeforeAsync(lane, run.DueAt, PendingFacts.MaxCounted, ct),
            Leader = await LeaderLease.FindAsync(db, ct),
            IsBrokerAway = await IsBrokerAwayAsync(lane, ct),
        };
    }

    private Task<GateReason?> JudgeAsync(IReadOnlyList<WorkerId> workers, PendingRun run, DateTimeOffset now, CancellationToken ct) =>
        storage.ReadAsync(
            async session =>
            {
                GateReason? reason = null;
                // Without a worker: as a new one would find it.
                foreach (var worker in workers.DefaultIfEmpty().Take(MaxJudged))
                {
                    reason = await JudgeAsync(session, worker, run, now, ct);
                    // Only this reason depends on the worker.
                    if (reason is not { Kind: GateReasonKind.LastChanceIsTaken })
                        return reason;
                }

                return reason;
            },
            ct);

    private static async Task<WorkerRow?> FindLastServerAsync(FleetDbContext db, string lane, CancellationToken ct)
    {
        const int looked = 100;
        var others = await db.Workers.AsNoTracking().Where(w => w.State != WorkerState.Active).OrderByDescending(w => w.Id).Take(looked)
            .ToListAsync(ct);
        return others.Where(w => WorkerRow.ServedLanes(w.Lanes, w.ClaimedThrough).Contains(lane)).MaxBy(w => w.HeartbeatAt);
    }

    private async Task<bool> IsBrokerAwayAsync(string lane, CancellationToken ct)
    {
        try
        {
            await gauge.CountWaitingAsync(lane, ct).WaitAsync(BrokerLimit, time, ct);
            return false;
        }
        catch (Exception e) when (transport.IsOutage(e) || e is TimeoutException)
        {
            return true;
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // It answers, though not about this lane.
            return false;
        }
    }
}
