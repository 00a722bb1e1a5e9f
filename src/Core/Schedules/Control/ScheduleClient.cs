using Fleet.Core.Actors;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules.Control;

/// <summary>The schedule client for a process with access to Fleet's database. Its schedules have the source <c>api</c>, as those of the
/// HTTP API: a caller made them, and no program puts them again at its next start.</summary>
public sealed class ScheduleClient(
    PutSchedules put, GetSchedules get, ControlSchedules control, TriggerSchedules trigger, DeleteSchedules delete) : IScheduleClient
{
    private const string Source = "api";

    private static readonly Actor Caller = ThisProcess.Program;

    public async Task<ScheduleInfo> PutAsync(ScheduleRequest schedule, CancellationToken ct = default)
    {
        await put.ExecuteAsync(schedule, Source, Caller, ct);
        return await GetAsync(schedule.Id, ct)
            ?? throw new InvalidOperationException($"Schedule '{schedule.Id}' was deleted by somebody else right after it was stored.");
    }

    public async Task<ScheduleInfo?> GetAsync(string id, CancellationToken ct = default) =>
        await get.FindAsync(id, ct) is { } schedule ? ToInfo(schedule) : null;

    public async Task<IReadOnlyList<ScheduleInfo>> ListAsync(CancellationToken ct = default) =>
        [.. (await get.ListAsync(ct)).Select(ToInfo)];

    public async Task<ScheduleInfo?> PauseAsync(
        string id, DateTimeOffset? until = null, string? reason = null, CancellationToken ct = default) =>
        await control.PauseAsync(id, until, new ScheduleControl(Caller, reason), ct) ? await GetAsync(id, ct) : null;

    public async Task<ScheduleInfo?> ResumeAsync(string id, string? reason = null, CancellationToken ct = default) =>
        await control.StartAsync(id, new ScheduleControl(Caller, reason), ct) ? await GetAsync(id, ct) : null;

    public Task<RunId?> TriggerAsync(string id, CancellationToken ct = default) => trigger.ExecuteAsync(id, Caller, ct);

    public Task<bool> DeleteAsync(string id, CancellationToken ct = default) => delete.ExecuteAsync(id, Caller, ct);

    private static ScheduleInfo ToInfo(DescribedSchedule schedule)
    {
        var row = schedule.Row;
        return new ScheduleInfo
        {
            Definition = new ScheduleRequest
            {
                Id = row.Id,
                Job = row.Job,
                Args = row.Args,
                Trigger = row.ReadTrigger(),
                Lane = row.Lane,
                MaxAttempts = row.MaxAttempts,
                Tags = row.Tags is { } tags ? GetRuns.ReadTags(tags) : null,
                MaxOccurrences = row.MaxOccurrences,
                Misfire = row.Misfire,
                MisfireDeadline = row.MisfireDeadline,
                Overlap = row.Overlap,
                Labels = row.ReadLabels() is { Count: > 0 } labels ? labels : null,
            },
            Status = schedule.Status,
            StatusReason = row.StatusReason,
            ResumeAt = row.ResumeAt,
            NextFireAt = schedule.NextFireAt,
            LastFireTime = schedule.LastFireTime,
            Source = row.Source,
            UpdatedAt = row.UpdatedAt,
        };
    }
}
