using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Testing;

/// <summary>A run of a virtual fleet, for a test to look at.</summary>
public sealed record VirtualRun
{
    public required RunId Id { get; init; }

    /// <summary>The stable name of the job.</summary>
    public required string Job { get; init; }

    public required string Lane { get; init; }

    /// <summary>The schedule that made it; null when a caller did.</summary>
    public string? Schedule { get; init; }

    /// <summary>The instant of the schedule that it stands for, in UTC; null when no schedule made it.</summary>
    public DateTimeOffset? FireTime { get; init; }

    /// <summary>When its latest attempt became due, or becomes due.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When its latest attempt started, by the virtual clock; null when none has.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    public required RunState State { get; init; }

    /// <summary>How often it was tried.</summary>
    public required int Attempts { get; init; }

    /// <summary>The latest error, or the reason of a cancel; null when there was none.</summary>
    public string? Error { get; init; }

    /// <summary>JSON text.</summary>
    public required string ArgsJson { get; init; }

    /// <summary>JSON text; null when the handler set none.</summary>
    public string? OutputJson { get; init; }
}

/// <summary>Reads the runs of a virtual fleet.</summary>
internal static class VirtualRuns
{
    /// <summary>The runs that may start, in an order that is the same in every execution of a test.</summary>
    /// <param name="db">An open context: this is asked twice for every instant.</param>
    /// <param name="lanes">Of these lanes only. Null: of all, which is the faster question.</param>
    /// <param name="now">When they are due, at the latest.</param>
    /// <param name="most">How many at most.</param>
    public static async Task<IReadOnlyList<(RunId Id, string Lane)>> DueAsync(
        FleetDbContext db, IReadOnlyCollection<string>? lanes, DateTimeOffset now, int most, CancellationToken ct)
    {
        var pending = db.Runs.Where(r => r.State == RunState.Pending && r.DueAt <= now);
        // Ids are no order: those that were made in one millisecond differ by chance.
        var due = await (lanes is null ? pending : pending.Where(r => lanes.Contains(r.Lane)))
            .OrderBy(r => r.DueAt).ThenBy(r => r.ScheduleId).ThenBy(r => r.CreatedAt).ThenBy(r => r.Job).ThenBy(r => r.Id)
            .Take(most).Select(r => new { r.Id, r.Lane }).ToListAsync(ct);
        return [.. due.Select(r => (r.Id, r.Lane))];
    }

    /// <summary>All runs, by fire time (or when they were made), schedule and job.</summary>
    public static async Task<IReadOnlyList<VirtualRun>> ListAsync(FleetDbContext db, CancellationToken ct)
    {
        var runs = await db.Runs.AsNoTracking().Where(r => !r.Revoked).ToListAsync(ct);
        return
        [
            .. runs.OrderBy(r => r.FireTime ?? r.CreatedAt).ThenBy(r => r.ScheduleId, StringComparer.Ordinal)
            .ThenBy(r => r.Job, StringComparer.Ordinal)
                .Select(r => new VirtualRun
                {
                    Id = r.Id,
                    Job = r.Job,
                    Lane = r.Lane,
                    Schedule = r.ScheduleId,
                    FireTime = r.FireTime,
                    DueAt = r.DueAt,
                    StartedAt = r.StartedAt,
                    FinishedAt = r.FinishedAt,
                    State = r.State,
                    Attempts = r.Attempt,
                    Error = r.Error,
                    ArgsJson = r.Args,
                    OutputJson = r.Output,
                }),
        ];
    }
}
