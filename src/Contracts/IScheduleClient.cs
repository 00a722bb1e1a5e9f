namespace Fleet;

/// <summary>Creates, changes, stops and starts schedules. Safe for concurrent use.</summary>
public interface IScheduleClient
{
    /// <summary>Creates the schedule, or changes the one with its id. An edit never fires by itself: planning continues from now with the
    /// new definition.</summary>
    /// <returns>The schedule as it is stored.</returns>
    /// <exception cref="InvalidRunException">The job is unknown, or a field is refused; nothing was stored.</exception>
    Task<ScheduleInfo> PutAsync(ScheduleRequest schedule, CancellationToken ct = default);

    /// <summary>Reads a schedule. Null when there is none with this id.</summary>
    Task<ScheduleInfo?> GetAsync(string id, CancellationToken ct = default);

    /// <summary>Reads all schedules, ordered by id.</summary>
    Task<IReadOnlyList<ScheduleInfo>> ListAsync(CancellationToken ct = default);

    /// <summary>Pauses a schedule. Its planned occurrences are revoked, and fire times that pass meanwhile are skipped.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="until">When it starts to fire again; a fire time exactly at this instant is skipped. Null: when it is resumed.</param>
    /// <param name="reason">In words for people; the first 500 characters are kept.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The schedule; null when there is none with this id.</returns>
    /// <exception cref="InvalidRunException">The instant is in the past, or more than 3650 days ahead.</exception>
    Task<ScheduleInfo?> PauseAsync(string id, DateTimeOffset? until = null, string? reason = null, CancellationToken ct = default);

    /// <summary>Lets a paused or stopped schedule fire from now on. Missed fire times stay skipped.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="reason">In words for people; the first 500 characters are kept.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The schedule; null when there is none with this id.</returns>
    Task<ScheduleInfo?> ResumeAsync(string id, string? reason = null, CancellationToken ct = default);

    /// <summary>Runs the job of a schedule now, whatever its status and its next fire time.</summary>
    /// <returns>The new run; null when there is no schedule with this id.</returns>
    /// <exception cref="InvalidRunException">The job is unknown, or the args of the schedule no longer fit it.</exception>
    Task<RunId?> TriggerAsync(string id, CancellationToken ct = default);

    /// <summary>Deletes a schedule and revokes its planned occurrences. Its past runs are kept.</summary>
    /// <returns>False when there is no schedule with this id.</returns>
    Task<bool> DeleteAsync(string id, CancellationToken ct = default);
}

/// <summary>Whether a schedule fires.</summary>
public enum ScheduleStatus
{
    /// <summary>A person stopped it, or it has no fire times left. It stays stopped until it is started.</summary>
    Stopped = 0,

    /// <summary>It fires.</summary>
    Running = 1,

    /// <summary>A person paused it until it is started or until <see cref="ScheduleInfo.ResumeAt"/>. Fire times that pass meanwhile are
    /// skipped.</summary>
    Paused = 2,
}

/// <summary>A schedule as it is stored.</summary>
public sealed record ScheduleInfo
{
    /// <summary>What it was defined as.</summary>
    public required ScheduleRequest Definition { get; init; }

    /// <summary>Whether it fires; a pause that has ended counts as running.</summary>
    public required ScheduleStatus Status { get; init; }

    /// <summary>Why it has this status, in words for people; null while it has its first.</summary>
    public string? StatusReason { get; init; }

    /// <summary>When a pause ends by itself; null when it does not.</summary>
    public DateTimeOffset? ResumeAt { get; init; }

    /// <summary>The next fire time; null while it does not fire.</summary>
    public DateTimeOffset? NextFireAt { get; init; }

    /// <summary>The latest past fire time that has a run, in any state; null when it has not fired.</summary>
    public DateTimeOffset? LastFireTime { get; init; }

    /// <summary>Where it was defined: <c>api</c> (also by a client), <c>code</c> or <c>configuration</c>.</summary>
    public required string Source { get; init; }

    /// <summary>When it was changed last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
