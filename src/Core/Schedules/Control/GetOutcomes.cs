using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>What became of a fire time.</summary>
public enum OccurrenceOutcome
{
    /// <summary>Its run waits for a worker or for its turn.</summary>
    Waiting = 0,

    Running = 1,

    /// <summary>An attempt has failed, or was given back, and another one follows.</summary>
    Retrying = 2,

    Succeeded = 3,

    /// <summary>The run failed for good: it is a dead letter.</summary>
    Failed = 4,

    /// <summary>A person or a program canceled the run.</summary>
    Canceled = 5,

    /// <summary>The overlap policy canceled it: an earlier run had not ended, or too many waited.</summary>
    Skipped = 6,

    /// <summary>The overlap policy canceled it: a later run took its place.</summary>
    Replaced = 7,

    /// <summary>It was planned, and then its schedule was changed, paused, stopped or deleted.</summary>
    Revoked = 8,

    /// <summary>No scheduler planned it in time, and the misfire policy made no run for it.</summary>
    Missed = 9,

    /// <summary>Somebody deleted the run after it had ended.</summary>
    Deleted = 10,
}

/// <summary>A fire time that has passed, or several that were missed together.</summary>
/// <param name="FireTime">The fire time; the last of several.</param>
/// <param name="Outcome">What became of it.</param>
public sealed record Occurrence(DateTimeOffset FireTime, OccurrenceOutcome Outcome)
{
    /// <summary>Its run; null if there is none.</summary>
    public RunId? Run { get; init; }

    /// <summary>The start of the first attempt; null if it has not started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the run ended; null if it has not.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How long after the fire time it started, or has been waiting; null if it never will.</summary>
    public TimeSpan? LateBy { get; init; }

    /// <summary>How long the last attempt took, or has taken; null if there was none.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Number of fire times; more than 1 only for missed ones.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The first of several missed ones; else the fire time.</summary>
    public DateTimeOffset First { get; init; } = FireTime;
}

/// <summary>Reads the last outcomes of schedules, as far as their runs and misfires are still stored.</summary>
public sealed class GetOutcomes(IStorage storage, TimeProvider time)
{
    /// <summary>Maximum number of outcomes per schedule.</summary>
    public const int MaxOutcomes = 100;

    /// <summary>Maximum number of outcomes in a call. Of very many schedules, each has fewer.</summary>
    public const int MaxInAll = 20_000;

    /// <summary>Maximum number of schedules in a statement.</summary>
    private const int MaxTogether = 100;

    /// <summary>The last outcomes of a schedule, the latest fire time first; null when there is no such schedule.</summary>
    /// <param name="schedule">Its id.</param>
    /// <param name="limit">Maximum number.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task<IReadOnlyList<Occurrence>?> FindAsync(string schedule, int limit, CancellationToken ct)
    {
        await using (var db = storage.Read())
        {
            if (!await db.Schedules.AnyAsync(s => s.Id == schedule, ct))
                return null;
        }

        return (await ListAsync([schedule], limit, ct))[schedule];
    }

    /// <summary>The last outcomes of schedules. An unknown schedule has none.</summary>
    /// <param name="schedules">Their ids, each once.</param>
    /// <param name="limit">Maximum number per schedule.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>By schedule: the outcomes, the latest fire time first.</returns>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<Occurrence>>> ListAsync(
        IReadOnlyCollection<string> schedules, int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxOutcomes);
        var most = Math.Clamp(MaxInAll / Math.Max(1, schedules.Count), 1, limit);
        var outcomes = new Dictionary<string, IReadOnlyList<Occurrence>>(StringComparer.Ordinal);
        foreach (var some in schedules.Chunk(MaxTogether))
            await AddAsync(some, most, outcomes, ct);
        return outcomes;
    }

    private async Task AddAsync(
        string[] schedules, int limit, Dictionary<string, IReadOnlyList<Occurrence>> outcomes, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (runs, misfires) = await storage.ReadAsync(
            async session => (
                await storage.Schedules.ReadOccurrencesAsync(session, schedules, now, limit, ct),
                await storage.Schedules.ReadMisfiresAsync(session, schedules, limit, ct)),
            ct);
        var runsOf = runs.ToLookup(r => r.ScheduleId, StringComparer.Ordinal);
        var misfiresOf = misfires.ToLookup(m => m.ScheduleId, StringComparer.Ordinal);
        foreach (var id in schedules)
        {
            // A fire time whose run was revoked, and that was planned again, has several runs; the one that counts is not revoked.
            var occurrences = runsOf[id].GroupBy(r => r.FireTime).Select(g => ToOccurrence(g.MinBy(r => r.IsRevoked)!, now));
            outcomes[id] =
            [
                .. occurrences.Concat(misfiresOf[id].Select(ToOccurrence)).OrderByDescending(o => o.FireTime).Take(limit),
            ];
        }
    }

    private static Occurrence ToOccurrence(OccurrenceRow row, DateTimeOffset now)
    {
        var outcome = row switch
        {
            { State: Storage.Rows.Run.DeletedState } => OccurrenceOutcome.Deleted,
            { IsRevoked: true } => OccurrenceOutcome.Revoked,
            { State: RunState.Succeeded } => OccurrenceOutcome.Succeeded,
            { State: RunState.Failed } => OccurrenceOutcome.Failed,
            { State: RunState.Running } => OccurrenceOutcome.Running,
            { State: RunState.Pending, StartedAt: null } => OccurrenceOutcome.Waiting,
            { State: RunState.Pending } => OccurrenceOutcome.Retrying,
            { Cause: CancelCause.Overlap } => OccurrenceOutcome.Skipped,
            { Cause: CancelCause.Replaced } => OccurrenceOutcome.Replaced,
            { Cause: CancelCause.Revoked } => OccurrenceOutcome.Revoked,
            _ => OccurrenceOutcome.Canceled,
        };
        var end = row.FinishedAt ?? (outcome == OccurrenceOutcome.Running ? now : null);
        return new Occurrence(row.FireTime, outcome)
        {
            Run = outcome == OccurrenceOutcome.Deleted ? null : row.Id,
            StartedAt = row.FirstStartedAt,
            FinishedAt = row.FinishedAt,
            LateBy = Between(row.FireTime, row.FirstStartedAt ?? (outcome == OccurrenceOutcome.Waiting ? now : null)),
            Duration = Between(row.StartedAt, end),
        };
    }

    private static Occurrence ToOccurrence(Misfire misfire) =>
        new(misfire.Last, OccurrenceOutcome.Missed) { Count = misfire.Count, First = misfire.First };

    /// <summary>The time between two instants. Clocks of two machines may differ, so it is never negative.</summary>
    private static TimeSpan? Between(DateTimeOffset? from, DateTimeOffset? until) =>
        until - from is { } span ? span > TimeSpan.Zero ? span : TimeSpan.Zero : null;
}
