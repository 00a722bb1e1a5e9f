using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Leadership;

/// <summary>The term has moved on: another scheduler leads. What was to be written is rolled back.</summary>
public sealed class TermLostException(long term) : Exception($"Term {term} is over: another scheduler leads now.");

/// <summary>Elects one scheduler through a lease row, by the database's clock. A clock that was set back does not leave the fleet without a
/// leader: a lease that ends later than any lease may last is over, and so is one that nobody has renewed while this process watched
/// for the length of its own lease.</summary>
public sealed class LeaderLease(IStorage storage, TimeProvider time)
{
    /// <summary>The row's name.</summary>
    public const string Name = "scheduler";

    /// <summary>The longest lease that a scheduler may be set to.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>The years before: a lease that was given back is over by any clock.</summary>
    private static readonly DateTimeOffset LongOver = DateTimeOffset.UnixEpoch;

    private volatile Watched? _watched;

    /// <summary>Takes the lease when it is free or over, or renews it.</summary>
    /// <returns>The term while this owner leads; null while another does.</returns>
    public async Task<long?> AcquireAsync(string owner, TimeSpan duration, CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        // The row that somebody has to renew, or lose: none while others are seen to renew it.
        var stale = _watched is { } watched && IsStale(watched, asked, duration) ? watched.Row : null;
        var (term, found) = await storage.WriteRetryingAsync(scope => TakeAsync(scope, owner, duration, stale, ct), ct);
        _watched = found is null ? null : Watch(found, asked, duration);
        return term;
    }

    /// <summary>Ends the lease at a clean stop, so that a standby can take over at once.</summary>
    public Task ReleaseAsync(string owner, CancellationToken ct) => storage.WriteAsync(
        scope => scope.Db.Leases.Where(l => l.Name == Name && l.Owner == owner)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, LongOver), ct), ct);

    private async Task<(long? Term, Lease? Found)> TakeAsync(
        WriteScope scope, string owner, TimeSpan duration, Lease? stale, CancellationToken ct)
    {
        var now = await storage.GetClockAsync(scope, ct);
        var until = now + duration;
        var tooLate = now + (duration > Longest ? duration : Longest);
        var (staleTerm, staleEnd) = (stale?.Term ?? -1, stale?.ExpiresAt ?? until);
        var row = scope.Db.Leases.Where(l => l.Name == Name);
        // One statement, so that of two that find the lease free one gets it. Also a renewal after the end is a new
        // term: somebody may have believed that nobody led.
        var taken = await row.Where(
            l => l.Owner == owner || l.ExpiresAt <= now || l.ExpiresAt > tooLate
            || (l.Term == staleTerm && l.ExpiresAt == staleEnd)).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.Term, l => l.Owner == owner && l.ExpiresAt > now && l.ExpiresAt <= tooLate ? l.Term : l.Term + 1)
                .SetProperty(l => l.Owner, owner)
                .SetProperty(l => l.ExpiresAt, until),
            ct);
        if (taken > 0)
            return (await row.Select(l => l.Term).SingleAsync(ct), null);
        if (await row.AsNoTracking().FirstOrDefaultAsync(ct) is { } found)
            return (null, found);
        scope.Db.Leases.Add(new Lease { Name = Name, Owner = owner, Term = 1, ExpiresAt = until });
        await scope.Db.SaveChangesAsync(ct);
        return (1, null);
    }

    /// <summary>Whether nobody has renewed a row in the length of a lease, during which this process looked all the time.</summary>
    private bool IsStale(Watched watched, long now, TimeSpan duration) =>
        time.GetElapsedTime(watched.Since, now) >= duration && !IsGap(watched, now, duration);

    private Watched Watch(Lease found, long now, TimeSpan duration) =>
        _watched is { } before && before.Row.Term == found.Term && before.Row.ExpiresAt == found.ExpiresAt && !IsGap(before, now, duration)
            ? before with { LookedAt = now }
            : new Watched(found, now, now);

    /// <summary>A process that stood still, or that the database did not answer, has seen nothing: the leader may have been kept from
    /// renewing too.</summary>
    private bool IsGap(Watched watched, long now, TimeSpan duration) => time.GetElapsedTime(watched.LookedAt, now) > duration / 2;

    /// <param name="Row">As it was found.</param>
    /// <param name="Since">The timestamp of the first look at it.</param>
    /// <param name="LookedAt">The timestamp of the last look.</param>
    private sealed record Watched(Lease Row, long Since, long LookedAt);
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
