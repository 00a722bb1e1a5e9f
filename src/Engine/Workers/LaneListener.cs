using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Engine.Execution;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Workers;

/// <summary>Takes the nudges of one lane: waits for free slots, claims, and hands what it got to <see cref="ExecuteRuns"/>.
/// The nudge is acknowledged right after the claim; from then on the lease keeps the run.</summary>
public sealed partial class LaneListener(
    string lane,
    int slots,
    int maxSlots,
    TransactionSlots ofTransactions,
    ClaimRuns claim,
    ExecuteRuns execute,
    RunningRuns running,
    WorkerIdentity identity,
    HeartbeatLoop heartbeat,
    INudgeSender nudges,
    IBelt belt,
    ILaneGauge gauge,
    ITransport transport,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>A nudge that came this little before its due time waits here; more,
    /// and it is dropped (Stage or Reconcile brings it again).</summary>
    private static readonly TimeSpan MaxEarly = HoldRetries.Longest;

    /// <summary>The most that the patience grows to while no slot comes free.</summary>
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(1);

    /// <summary>A run whose nudge came before its commit is looked for again after this; each time the pause is doubled.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);

    private readonly SlotPool _slots = new(slots, maxSlots, time, ofTransactions);

    // How long a nudge waits for a slot before it is looked at. Doubles from one look to the next: where all runs are long,
    // nudges do not travel back and forth between workers that are full.
    private TimeSpan _patience = options.Value.GiveBackAfter;

    /// <summary>The slots of the lane.</summary>
    public SlotPool Slots => _slots;

    // How many claims are under way.
    private int _claiming;

    /// <summary>How many slots the lane has now, and how many of them are taken.</summary>
    public (int Slots, int Taken) Load => _slots.Load;

    /// <summary>Whether a claim is under way.</summary>
    public bool IsClaiming => Volatile.Read(ref _claiming) > 0;

    /// <summary>Whether so many runs may start now: their slots are free, and no nudge waits for one.</summary>
    public bool HasRoom(int runs) => _slots.Free >= runs;

    /// <summary>Handles one nudge.</summary>
    /// <param name="ids">The runs that are said to be ready.</param>
    /// <param name="stopping">Trips when the worker takes nothing new.</param>
    public Task OnReadyAsync(IReadOnlyList<RunId> ids, CancellationToken stopping) => TakeAsync(ids, Drop, stopping);

    /// <summary>Handles a nudge that was sent while its runs were being committed: looks again for those that are not there. The pauses add
    /// up to <see cref="EnqueueRuns.QuickCommit"/> or more; a run that is committed later is nudged again.</summary>
    /// <inheritdoc cref="OnReadyAsync" path="/param"/>
    public async Task OnEarlyAsync(IReadOnlyList<RunId> ids, CancellationToken stopping)
    {
        for (var pause = FirstPause; pause <= EnqueueRuns.QuickCommit; pause *= 2)
        {
            var missing = new List<RunId>();
            await TakeAsync(ids, missing.Add, stopping);
            if (missing.Count == 0)
                return;
            ids = missing;
            await Task.Delay(pause, time, stopping);
        }

        await OnReadyAsync(ids, stopping);
    }

    /// <param name="ids">The runs.</param>
    /// <param name="onDuplicate">What is done about one that nobody can claim.</param>
    /// <param name="stopping">Trips when the worker takes nothing new.</param>
    private async Task TakeAsync(IReadOnlyList<RunId> ids, Action<RunId> onDuplicate, CancellationToken stopping)
    {
        for (var next = 0; next < ids.Count;)
        {
            stopping.ThrowIfCancellationRequested();
            var granted = await _slots.TakeAsync(ids.Count - next, transport.ReachesOtherProcesses ? _patience : null, stopping);
            if (granted == 0)
            {
                _patience = _patience * 2 < MaxPatience ? _patience * 2 : MaxPatience;
                if (await TryGiveBackAsync([.. ids.Skip(next)], stopping))
                    return;
                continue;
            }

            _patience = options.Value.GiveBackAfter;
            // Counted before the last look: who sees no claim under way after the token tripped sees none begin.
            Interlocked.Increment(ref _claiming);
            try
            {
                if (stopping.IsCancellationRequested)
                {
                    _slots.Return(granted);
                    throw new OperationCanceledException(stopping);
                }

                await ClaimAsync([.. ids.Skip(next).Take(granted)], onDuplicate);
            }
            finally
            {
                Interlocked.Decrement(ref _claiming);
            }

            next += granted;
        }
    }

    /// <summary>Gives a nudge back to the lane half by half, so that an idle worker takes what it can hold and not more. While others
    /// still wait in the lane nobody is idle, and it keeps its place before them.</summary>
    private async Task<bool> TryGiveBackAsync(RunId[] ids, CancellationToken ct)
    {
        if (!await gauge.IsDrainedAsync(lane, ct))
            return false;
        foreach (var half in ids.Chunk((ids.Length + 1) / 2))
            await nudges.SendReadyAsync(lane, half, ct);
        return true;
    }

    /// <summary>Claims as many runs as slots were taken; slots of runs that we do not get go back at once.</summary>
    private async Task ClaimAsync(RunId[] ids, Action<RunId> onDuplicate)
    {
        if (identity.SinceRenewal > options.Value.Lease)
        {
            _slots.Return(ids.Length);
            throw new ListenerPausedException("The worker's lease is over; it claims nothing until a heartbeat gets through.");
        }

        // Until the answers are here, the heartbeat must not take what the database counts as ours for lost.
        running.Asking(ids);
        Exception? failure = null;
        try
        {
            var worker = identity.Id;
            var claims = Array.ConvertAll(ids, id => claim.ExecuteAsync(worker, id, CancellationToken.None));
            for (var i = 0; i < claims.Length; i++)
            {
                try
                {
                    var outcome = await claims[i];
                    if (outcome.Run is { } run && IsStillOurs(worker))
                        Start(run);
                    else
                        failure = Leave(ids[i], outcome, onDuplicate) ?? failure;
                }
                catch (Exception e)
                {
                    _slots.Return(1);
                    heartbeat.Doubt();
                    failure = e;
                }
            }
        }
        finally
        {
            running.Answered(ids);
        }

        // The nudge comes again; those of its runs that were claimed are duplicates then.
        if (failure is not null)
            throw failure;
    }

    /// <summary>Gives the slot of a run back that is not begun here.</summary>
    /// <returns>Why its nudge has to come again; null when it need not.</returns>
    private ListenerPausedException? Leave(RunId id, ClaimOutcome outcome, Action<RunId> onDuplicate)
    {
        _slots.Return(1);
        switch (outcome)
        {
            case { Status: ClaimStatus.Claimed }:
                // The answer came after the lease had ended. The run is rescued, or the heartbeat gives it back.
                heartbeat.Doubt();
                break;
            case { Status: ClaimStatus.Duplicate }:
                onDuplicate(id);
                break;
            case { Status: ClaimStatus.WorkerGone }:
                heartbeat.Wake();
                return new ListenerPausedException("The worker was declared gone; it claims again under its new id.");
            case { DueAt: { } due } when due - time.GetUtcNow() <= MaxEarly:
                belt.HoldReady([new DelayedNudge(lane, id, due)]);
                break;
        }

        return null;
    }

    /// <summary>Whether what this worker id has claimed may be begun. The answer may have waited for a thread longer than the
    /// lease.</summary>
    private bool IsStillOurs(WorkerId worker) => identity.Id == worker && identity.SinceRenewal <= options.Value.Lease;

    private void Drop(RunId duplicate)
    {
        // Of this worker itself, perhaps: claimed by a statement whose answer was lost.
        heartbeat.Doubt();
        FleetMetrics.DuplicateNudges.Add(1, new KeyValuePair<string, object?>("lane", lane));
    }

    private void Start(ClaimedRun run)
    {
        var due = run.DueAt.ToUnixTimeMilliseconds();
        heartbeat.ClaimedThrough.AddOrUpdate(lane, static (_, d) => d, static (_, known, d) => Math.Max(known, d), due);
        // Owned by RunningRuns, which the drain waits for.
        var admitted = execute.Admit(run);
        _ = Task.Run(() => ExecuteAsync(admitted));
    }

    private async Task ExecuteAsync(RunHandle admitted)
    {
        var isSettling = false;
        try
        {
            await execute.ExecuteAsync(
                admitted, took => isSettling = _slots.TryBeginSettling(took, admitted.Context!.Waited, admitted.Context.HasOwnTransaction));
        }
        catch (Exception e)
        {
            heartbeat.Doubt();
            LogLost(admitted.Run.Job, admitted.Run.Id, e);
        }
        finally
        {
            if (isSettling)
                _slots.EndSettling();
            else
                _slots.Return(1);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "An error in Fleet itself ended {Job} {RunId}; the heartbeat gives the run back.")]
    private partial void LogLost(string job, RunId runId, Exception e);
}
