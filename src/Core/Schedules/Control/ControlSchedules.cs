using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>Why a schedule's status is changed, and by whom.</summary>
/// <param name="By">Who changes it.</param>
/// <param name="Reason">The reason, in words for people.</param>
/// <param name="Expected">What must be stored; null: anything.</param>
/// <param name="DryRun">Gets what would be stored; nothing is. Null: it is stored.</param>
public readonly record struct ScheduleControl(
    Actor By, string? Reason = null, Expected? Expected = null, ScheduleDryRun? DryRun = null);

/// <summary>A change of a schedule that is only tried.</summary>
public sealed class ScheduleDryRun
{
    /// <summary>The schedule as it would be; null when there is none.</summary>
    public Schedule? Row { get; internal set; }
}

/// <summary>Stops, pauses and starts schedules. Pausing or stopping also revokes the planned occurrences in the same transaction, so no
/// worker can claim them after the commit. Fire times that pass while the schedule is paused or stopped are skipped.</summary>
public sealed class ControlSchedules(IStorage storage, ScheduleChanges changes, TimeProvider time)
{
    /// <summary>Pauses a schedule until it is started, or until an instant.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="until">When the pause ends; a fire time exactly at this instant is skipped. Null: until the schedule is
    /// started.</param>
    /// <param name="control">Who asked and why.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>False when there is no such schedule.</returns>
    /// <exception cref="InvalidRunException">The instant is in the past or too far ahead.</exception>
    /// <exception cref="UnexpectedVersionException">Something else is stored than <paramref name="control"/> expects.</exception>
    public Task<bool> PauseAsync(string id, DateTimeOffset? until, ScheduleControl control, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (until <= now)
            throw new InvalidRunException(RunRules.Invalid("invalid_instant", "until", until.Value.ToString("O"), "an instant to come"));
        if (RunRules.CheckAhead("until", until, now) is { } error)
            throw new InvalidRunException(error);
        return HaltAsync(id, ScheduleStatus.Paused, until?.ToUniversalTime(), control, "the schedule was paused", now, ct);
    }

    /// <summary>Stops a schedule until it is started.</summary>
    /// <returns>False when there is no such schedule.</returns>
    public Task<bool> StopAsync(string id, ScheduleControl control, CancellationToken ct) =>
        HaltAsync(id, ScheduleStatus.Stopped, until: null, control, "the schedule was stopped", time.GetUtcNow(), ct);

    /// <summary>Starts a paused or stopped schedule. It fires from now on; missed fire times stay skipped. A schedule that runs already
    /// stays as it is.</summary>
    /// <returns>False when there is no such schedule.</returns>
    public Task<bool> StartAsync(string id, ScheduleControl control, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return ChangeAsync(
            id,
            "schedule.start",
            (_, row) =>
            {
                if (row.StatusOf(now) == ScheduleStatus.Running)
                    return Task.FromResult(false);
                row.SetStatus(ScheduleStatus.Running, control.Reason, control.By, now);
                row.PlanFrom(now, row.ParseTrigger());
                return Task.FromResult(true);
            },
            control,
            now,
            ct);
    }

    private Task<bool> HaltAsync(
        string id, ScheduleStatus status, DateTimeOffset? until, ScheduleControl control, string revokedBecause, DateTimeOffset now,
        CancellationToken ct) => ChangeAsync(
        id,
        status == ScheduleStatus.Paused ? "schedule.pause" : "schedule.stop",
        async (session, row) =>
        {
            row.SetStatus(status, control.Reason, control.By, now);
            row.ResumeAt = until;
            row.Planned -= await RevokeOccurrences.ExecuteAsync(storage, session, id, now, revokedBecause, control.By, ct);
            if (until is { } resume)
                row.PlanFrom(resume, row.ParseTrigger());
            else
                row.NextPlanAt = null;
            return true;
        },
        control,
        now,
        ct);

    private async Task<bool> ChangeAsync(
        string id, string action, Func<StorageSession, Schedule, Task<bool>> change, ScheduleControl control, DateTimeOffset now,
        CancellationToken ct)
    {
        var found = await storage.WriteRetryingAsync(
            async session =>
            {
                if (!await LockSchedule.ExecuteAsync(session, id, ct))
                    return false;
                var row = await session.Db.Schedules.AsTracking().FirstAsync(s => s.Id == id, ct);
                control.Expected?.Check(row.EditVersion());
                var before = ScheduleFacts.Of(row);
                // What changes nothing keeps its version, so that nobody's edit is refused for it.
                if (await change(session, row))
                {
                    row.UpdatedAt = now;
                    row.Version++;
                    session.Audit(now, control.By, action, id, before, ScheduleFacts.Of(row), control.Reason);
                    await session.Db.SaveChangesAsync(ct);
                }

                if (control.DryRun is { } dryRun)
                    dryRun.Row = row;
                return true;
            },
            isDryRun: control.DryRun is not null,
            ct);
        if (control.DryRun is null)
            await changes.AnnounceAsync(control.By, ct);
        return found;
    }
}
