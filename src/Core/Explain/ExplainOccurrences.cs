using Fleet.Core.Leadership;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Explain;

/// <summary>Explains an occurrence of a schedule: what became of the fire time at an instant, or why it has no run.</summary>
public sealed class ExplainOccurrences(IStorage storage, ExplainRuns runs, TimeProvider time)
{
    private const int MaxRevoked = 5;

    /// <param name="schedule">The schedule.</param>
    /// <param name="at">The instant.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="InvalidRunException">The instant is too far ahead.</exception>
    /// <returns>Null when there is neither such a schedule nor a run of it at that time.</returns>
    public async Task<Explanation?> ExecuteAsync(string schedule, DateTimeOffset at, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (RunRules.CheckAhead("at", at, now) is { } error)
            throw new InvalidRunException(error);
        at = at.ToUniversalTime();
        await using var db = storage.Read();
        var row = await db.Schedules.AsNoTracking().FirstOrDefaultAsync(s => s.Id == schedule, ct);
        var until = at + TellOccurrence.Tolerance;
        var run = await db.Runs.IgnoreQueryFilters().AsNoTracking()
            .Where(r => r.ScheduleId == schedule && r.FireTime >= at && r.FireTime < until && !r.Revoked)
            .OrderBy(r => r.FireTime).Select(r => r.Id).Take(1).ToListAsync(ct);
        if (run is [var id] && await runs.ExecuteAsync(id, ct) is { } explained)
            return OfRun(schedule, at, id, explained, now);

        var revoked = await db.Runs.AsNoTracking()
            .Where(r => r.ScheduleId == schedule && r.Revoked && r.FireTime >= at && r.FireTime < until)
            .OrderBy(r => r.FireTime).ThenBy(r => r.Id).Take(MaxRevoked).ToListAsync(ct);
        if (row is null && revoked.Count == 0)
            return null;
        var facts = row is null ? null : await ReadAsync(db, row, at, now, ct);
        return TellOccurrence.Explain(schedule, at, now, revoked, facts);
    }

    private static Explanation OfRun(string schedule, DateTimeOffset at, RunId id, Explanation explained, DateTimeOffset now)
    {
        var isDeleted = explained.Now.State == "deleted";
        var found = new Sentence(
            SentenceCode.HasRun,
            isDeleted
                ? $"The fire time {Spoken.At(at, now)} of schedule '{schedule}' had run {id}, which was deleted."
                : $"The fire time {Spoken.At(at, now)} of schedule '{schedule}' has run {id}, which is {explained.Now.State}.",
            at, [isDeleted ? new("runs", $"{id}") : Evidence.OfRun(id)]);
        return new Explanation(
            $"{found.Text} {explained.Summary}", [found, .. explained.Sentences], new("hasRun", null, explained.Now.Reasons));
    }

    private async Task<OccurrenceFacts> ReadAsync(
        FleetDbContext db, Schedule schedule, DateTimeOffset at, DateTimeOffset now, CancellationToken ct)
    {
        var id = schedule.Id;
        var occurrences = db.Runs.IgnoreQueryFilters().AsNoTracking().Where(r => r.ScheduleId == id && r.FireTime != null && !r.Revoked);
        var misfires = db.Misfires.AsNoTracking().Where(m => m.ScheduleId == id);
        return new OccurrenceFacts
        {
            Schedule = schedule,
            Next = await occurrences.Where(r => r.FireTime > at && r.EnqueuedBy == null).OrderBy(r => r.FireTime)
                .Select(r => new PlannedRun(r.Id, r.FireTime!.Value, r.CreatedAt)).FirstOrDefaultAsync(ct),
            Misfire = await misfires.Where(m => m.Last >= at).OrderBy(m => m.Last).FirstOrDefaultAsync(ct),
            MissedStored = await misfires.SumAsync(m => m.Count, ct),
            Oldest = await occurrences.OrderBy(r => r.FireTime).Select(r => r.FireTime).FirstOrDefaultAsync(ct),
            Leader = await LeaderLease.FindAsync(db, ct),
            Clock = await storage.ReadClockAsync(ct),
        };
    }
}

/// <summary>A run of an occurrence that the scheduler planned.</summary>
/// <param name="Id">The run.</param>
/// <param name="FireTime">Its fire time.</param>
/// <param name="PlannedAt">When it was planned.</param>
internal sealed record PlannedRun(RunId Id, DateTimeOffset FireTime, DateTimeOffset PlannedAt);

/// <summary>What is known about an occurrence without a run.</summary>
internal sealed record OccurrenceFacts
{
    public required Schedule Schedule { get; init; }

    /// <summary>The first run that was planned for a later fire time.</summary>
    public required PlannedRun? Next { get; init; }

    /// <summary>The first misfire whose fire times do not all come before this one; perhaps they all come after it.</summary>
    public required Misfire? Misfire { get; init; }

    /// <summary>Number of missed fire times that are stored as misfires; older ones are deleted.</summary>
    public required int MissedStored { get; init; }

    /// <summary>The oldest fire time whose run is stored.</summary>
    public required DateTimeOffset? Oldest { get; init; }

    public required Lease? Leader { get; init; }

    public required DateTimeOffset Clock { get; init; }
}
