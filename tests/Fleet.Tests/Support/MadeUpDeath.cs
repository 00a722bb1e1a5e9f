using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Support;

/// <summary>Dead letters without a worker.</summary>
internal static class MadeUpDeath
{
    private static int _groups;

    /// <summary>Makes a run a dead letter that is the only one of its group.</summary>
    /// <returns>The fingerprint of the group.</returns>
    public static async Task<string> OfAsync(EmbeddedFleet fleet, RunId id)
    {
        var group = $"v1:{Interlocked.Increment(ref _groups):x16}";
        await fleet.Storage.WriteAsync(
            async session =>
            {
                await session.Db.Runs.Where(r => r.Id == id).ExecuteUpdateAsync(
                    set => set.SetProperty(r => r.State, RunState.Failed).SetProperty(r => r.Fingerprint, group));
                session.Db.DeadLetters.Add(new DeadLetter
                {
                    RunId = id,
                    Fingerprint = group,
                    Job = "diag.echo",
                    Lane = "nobody",
                    FailedAt = TimeProvider.System.GetUtcNow(),
                });
                return await session.Db.SaveChangesAsync();
            },
            CancellationToken.None);
        return group;
    }
}
