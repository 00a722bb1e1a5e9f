using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Leadership;

/// <summary>The term has moved on: another scheduler leads. What was to be written is rolled back.</summary>
public sealed class TermLostException(long term) : Exception($"Term {term} is over: another scheduler leads now.");

/// <summary>Elects one scheduler through a lease row, by the database's clock.</summary>
public sealed class LeaderLease(IStorage storage)
{
    /// <summary>The row's name.</summary>
    public const string Name = "scheduler";

    /// <summary>Takes the lease when it is free or over, or renews it.</summary>
    /// <returns>The term while this owner leads; null while another does.</returns>
    public Task<long?> AcquireAsync(string owner, TimeSpan duration, CancellationToken ct) => storage.WriteRetryingAsync<long?>(
        async scope =>
        {
            var now = await storage.GetClockAsync(scope, ct);
            var until = now + duration;
            var row = scope.Db.Leases.Where(l => l.Name == Name);
            // One statement, so that of two that find the lease free one gets it. Also a renewal after the end is a new
            // term: somebody may have believed that nobody led.
            var taken = await row.Where(l => l.Owner == owner || l.ExpiresAt <= now).ExecuteUpdateAsync(
                set => set.SetProperty(l => l.Term, l => l.Owner == owner && l.ExpiresAt > now ? l.Term : l.Term + 1)
                    .SetProperty(l => l.Owner, owner)
                    .SetProperty(l => l.ExpiresAt, until),
                ct);
            if (taken > 0)
                return await row.Select(l => l.Term).SingleAsync(ct);
            if (await row.AnyAsync(ct))
                return null;
            scope.Db.Leases.Add(new Lease { Name = Name, Owner = owner, Term = 1, ExpiresAt = until });
            await scope.Db.SaveChangesAsync(ct);
            return 1;
        },
        ct);

    /// <summary>Ends the lease at a clean stop, so that a standby can take over at once.</summary>
    public Task ReleaseAsync(string owner, CancellationToken ct) => storage.WriteAsync(
        async scope =>
        {
            var now = await storage.GetClockAsync(scope, ct);
            return await scope.Db.Leases.Where(l => l.Name == Name && l.Owner == owner)
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, now), ct);
        },
        ct);
}

/// <summary>Writes that only the leader may do.</summary>
public static class LeaderWrites
{
    /// <summary>As <see cref="ConflictingWrites.WriteRetryingAsync{T}"/>, refused when the term has moved on: a leader that was paused
    /// between its decision and its write cannot write.</summary>
    /// <exception cref="TermLostException">Another scheduler leads.</exception>
    public static Task<T> WriteAsLeaderAsync<T>(this IStorage storage, long term, Func<WriteScope, Task<T>> work, CancellationToken ct) =>
        storage.WriteRetryingAsync(
            async scope =>
            {
                // The row is locked until the commit, so no new leader can begin in between.
                var held = await storage.Statements.LockTermAsync(scope.Transaction, LeaderLease.Name, term, ct);
                return held ? await work(scope) : throw new TermLostException(term);
            },
            ct);
}
