using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Live;

/// <summary>A run that somebody follows.</summary>
public sealed record FollowedRun(
    RunId Id, RunState State, string Job, string Lane, int Attempt, DateTimeOffset DueAt, DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt, bool IsStopping, double? Progress, string? ProgressMessage, string? Error);

/// <summary>Reads runs that somebody follows, without their args and output.</summary>
public sealed class FollowRuns(IStorage storage)
{
    // Long error texts are read where the run is shown.
    private const int MaxError = 500;

    /// <param name="ids">The runs; a few hundred at most.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns>Those that exist.</returns>
    public async Task<Dictionary<RunId, FollowedRun>> ExecuteAsync(IReadOnlyCollection<RunId> ids, CancellationToken ct)
    {
        await using var db = storage.Read();
        var rows = await db.Runs.AsNoTracking().Where(r => ids.Contains(r.Id)).Select(r => new
        {
            r.Id,
            r.State,
            r.Job,
            r.Lane,
            r.Attempt,
            r.DueAt,
            r.StartedAt,
            r.FinishedAt,
            r.CancelRequestedAt,
            r.Progress,
            r.ProgressMessage,
            r.Error,
        }).ToListAsync(ct);
        return rows.ToDictionary(
            r => r.Id,
            r => new FollowedRun(
                r.Id, r.State, r.Job, r.Lane, r.Attempt, r.DueAt, r.StartedAt, r.FinishedAt,
                r.State == RunState.Running && r.CancelRequestedAt is not null, r.Progress, r.ProgressMessage,
                r.Error is null ? null : Text.StoredText.Cut(r.Error, MaxError)));
    }
}
