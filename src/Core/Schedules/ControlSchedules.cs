using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules;

/// <summary>Why a schedule's status is changed, and by whom.</summary>
/// <param name="By">Who asked, as far as known.</param>
/// <param name="Reason">In words for people.</param>
public readonly record struct ScheduleControl(string By, string? Reason = null);

/// <summary>Stops, pauses and starts schedules. What was planned ahead is revoked at a halt, in the same transaction: from its commit on no
/// node can claim it. Fire times that pass during a halt are skipped.</summary>
public sealed class ControlSchedules(IStorage storage, ScheduleChanges changes, TimeProvider time)
{
    /// <summary>The longest reason that is kept, in characters.</summary>
    public const int MaxReason = 500;

    /// <summary>Halts a schedule until it is resumed, or until an instant.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="until">From when it fires again by itself: a fire time right at it is skipped. Null: until it is resumed.</param>
    /// <param name="control">Who and why.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False when there is no such schedule.</returns>
    /// <exception cref="InvalidRunException">The instant is in the past or too far ahead.</exception>
    public Task<bool> PauseAsync(string id, DateTimeOffset? until, ScheduleControl control, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (until <= now)
            throw new InvalidRunException(RunRules.Invalid("invalid_instant", "until", until.Value.ToString("O"), "an instant to come"));
        if (RunRules.CheckAhead("until", until, now) is { } error)
            throw new InvalidRunException(error);
        return HaltAsync(id, ScheduleStatus.Paused, until?.ToUniversalTime(), control, "the schedule was paused", now, ct);
    }

    /// <summary>Halts a schedule until it is started.</summary>
    /// <returns>False when there is no such schedule.</returns>
    public Task<bool> StopAsync(string id, ScheduleControl control, CancellationToken ct) =>
        HaltAsync(id, ScheduleStatus.Stopped, until: null, control, "the schedule was stopped", time.GetUtcNow(), ct);

    /// <summary>Lets a paused or stopped schedule fire again, from now on.</summary>
    /// <returns>False when there is no such schedule.</returns>
    public Task<bool> StartAsync(string id, ScheduleControl control, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return ChangeAsync(
            id,
            (_, row) =>
            {
                if (row.StatusOf(now) == ScheduleStatus.Running)
                    return Task.CompletedTask;
                row.SetStatus(ScheduleStatus.Running, control.Reason, control.By, now);
                row.PlanFrom(now, row.ParseTrigger());
                return Task.CompletedTask;
            },
            now,
            ct);
    }

    private Task<bool> HaltAsync(
        string id, ScheduleStatus status, DateTimeOffset? until, ScheduleControl control, string revokedBecause, DateTimeOffset now, CancellationToken ct) => ChangeAsync(
        id,
        async (scope, row) =>
        {
            row.SetStatus(status, control.Reason, control.By, now);
            row.ResumeAt = until;
            row.Planned -= await RevokeOccurrences.ExecuteAsync(scope, id, now, revokedBecause, ct);
            if (until is { } resume)
                row.PlanFrom(resume, row.ParseTrigger());
            else
                row.NextPlanAt = null;
        },
        now,
        ct);

    private async Task<bool> ChangeAsync(string id, Func<WriteScope, Schedule, Task> change, DateTimeOffset now, CancellationToken ct)
    {
        var found = await storage.WriteRetryingAsync(
            async scope =>
            {
                if (!await LockSchedule.ExecuteAsync(scope, id, ct))
                    return false;
                var row = await scope.Db.Schedules.AsTracking().FirstAsync(s => s.Id == id, ct);
                await change(scope, row);
                row.UpdatedAt = now;
                row.Version++;
                await scope.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        await changes.AnnounceAsync(ct);
        return found;
    }
}
