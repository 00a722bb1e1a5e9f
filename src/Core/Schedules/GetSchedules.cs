using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules;

/// <summary>Reads schedules.</summary>
public sealed class GetSchedules(IStorage storage, TimeProvider time)
{
    public async Task<IReadOnlyList<Schedule>> ListAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Schedules.AsNoTracking().OrderBy(s => s.Id).ToListAsync(ct);
    }

    public async Task<Schedule?> FindAsync(string id, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await db.Schedules.AsNoTracking().FirstOrDefaultAsync(s => s.Id == id, ct);
    }

    /// <summary>When a schedule fires next; null while it does not.</summary>
    public DateTimeOffset? NextFire(Schedule schedule) =>
        schedule.Status == ScheduleStatus.Running && schedule.TryParseTrigger(out var trigger, out _) ? trigger.Next(time.GetUtcNow()) : null;
}
