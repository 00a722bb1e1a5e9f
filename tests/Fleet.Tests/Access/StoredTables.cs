using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Access;

/// <summary>What callers can change, as one text to compare.</summary>
internal static class StoredTables
{
    /// <summary>Counts the rows of each table that callers write to. Those that Fleet writes by itself are left out.</summary>
    public static async Task<string> ReadTablesAsync(this IStorage storage)
    {
        await using var db = storage.Read();
        var paused = await db.Lanes.CountAsync(l => l.PausedSince != null);
        return $"runs {await db.Runs.CountAsync()}, replays {await db.Replays.CountAsync()}, schedules {await db.Schedules.CountAsync()}, "
            + $"views {await db.Views.CountAsync()}, keys {await db.ApiKeys.CountAsync()}, sessions {await db.Sessions.CountAsync()}, "
            + $"audit {await db.Audit.CountAsync()}, paused lanes {paused}, "
            + $"canceled {await db.Runs.CountAsync(r => r.CanceledBy != null)}, "
            + $"drained {await db.Workers.CountAsync(w => w.DrainBy != null)}";
    }
}
