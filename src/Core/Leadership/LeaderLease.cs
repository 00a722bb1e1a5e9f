using System.Text.RegularExpressions;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Leadership;

/// <summary>The term is over and another scheduler leads. The write was rolled back.</summary>
public sealed class TermLostException(Term term) : Exception($"Term {term} is over: another scheduler leads now.");

/// <summary>Elects one scheduler through a lease row. Uses the database's clock. A clock that was set back does not leave the fleet without
/// a leader: a lease that ends later than any lease may last counts as over, and so does one that was not renewed while this process
/// watched it for the length of its own lease.</summary>
/// <param name="storage">The database.</param>
/// <param name="time">The clock of this process, to watch the lease of another.</param>
/// <param name="name">Name of the lease: 1 to <see cref="MaxCharacters"/> characters of a–z, 0–9, '-' and '.'. Each name has a leader of
/// its own. Today all work belongs to <see cref="DefaultName"/>; a second name is for a region or a cell that leads itself.</param>
public sealed partial class LeaderLease(IStorage storage, TimeProvider time, string name = LeaderLease.DefaultName)
{
    /// <summary>Name of the lease of the whole fleet.</summary>
    public const string DefaultName = "leader";

    /// <summary>Maximum length of a name.</summary>
    public const int MaxCharacters = 64;

    /// <summary>Maximum length of a lease.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>The end of a released lease: so far in the past that it is over by any clock.</summary>
    private static readonly DateTimeOffset LongOver = DateTimeOffset.UnixEpoch;

    private volatile Watched? _watched;

    /// <summary>Name of the lease.</summary>
    public string Name { get; } = ValidName().IsMatch(name) && name != FleetIdentity.RowName
        ? name
        : throw new ArgumentException(
            $"'{name}' is not a name of a lease; allowed are 1 to {MaxCharacters} characters of a-z, 0-9, '-' and '.', "
                + $"but not '{FleetIdentity.RowName}'.", nameof(name));

    /// <summary>Reads the lease of the whole fleet; null when there was never a leader.</summary>
    public static Task<Lease?> FindAsync(FleetDbContext db, CancellationToken ct) =>
        db.Leases.AsNoTracking().FirstOrDefaultAsync(l => l.Name == DefaultName, ct);

    /// <summary>Takes the lease if it is free or over, or renews it.</summary>
    /// <returns>The term if this owner leads; null if another one does.</returns>
    public async Task<Term?> AcquireAsync(string owner, TimeSpan duration, CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        // A lease that is not being renewed. It is null while the watched lease is renewed by others.
        var stale = _watched is { } watched && IsStale(watched, asked, duration) ? watched.Row : null;
        var (term, found) = await storage.WriteRetryingAsync(session => TakeAsync(session, owner, duration, stale, ct), ct);
        _watched = found is null ? null : Watch(found, asked, duration);
        return term is { } number ? new Term(Name, number) : null;
    }

    /// <summary>Ends the lease at a clean stop, so that a standby can take over immediately.</summary>
    public Task ReleaseAsync(string owner, CancellationToken ct) => storage.WriteAsync(
        session => session.Db.Leases.Where(l => l.Name == Name && l.Owner == owner)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, LongOver), ct), ct);

    private async Task<(long? Term, Lease? Found)> TakeAsync(
        StorageSession session, string owner, TimeSpan duration, Lease? stale, CancellationToken ct)
    {
        var now = await storage.GetClockAsync(session, ct);
        var until = now + duration;
        var tooLate = now + (duration > Longest ? duration : Longest);
        var (staleTerm, staleEnd) = (stale?.Term ?? -1, stale?.ExpiresAt ?? until);
        var row = session.Db.Leases.Where(l => l.Name == Name);
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
        session.Db.Leases.Add(new Lease { Name = Name, Owner = owner, Term = 1, ExpiresAt = until });
        await session.Db.SaveChangesAsync(ct);
        return (1, null);
    }

    /// <summary>True if a row was not renewed for the length of a lease during which this process watched without a gap.</summary>
    private bool IsStale(Watched watched, long now, TimeSpan duration) =>
        time.GetElapsedTime(watched.Since, now) >= duration && !IsGap(watched, now, duration);

    private Watched Watch(Lease found, long now, TimeSpan duration) =>
        _watched is { } before && before.Row.Term == found.Term && before.Row.ExpiresAt == found.ExpiresAt && !IsGap(before, now, duration)
            ? before with { LookedAt = now }
            : new Watched(found, now, now);

    /// <summary>True if there was a gap: this process was paused, or the database did not answer. The leader may have been unable to renew
    /// then, so the watch starts again.</summary>
    private bool IsGap(Watched watched, long now, TimeSpan duration) => time.GetElapsedTime(watched.LookedAt, now) > duration / 2;

    [GeneratedRegex(@"^[a-z0-9.-]{1,64}\z", RegexOptions.None, 1000)]
    private static partial Regex ValidName();

    /// <param name="Row">The row as it was read.</param>
    /// <param name="Since">Timestamp of the first look.</param>
    /// <param name="LookedAt">Timestamp of the last look.</param>
    private sealed record Watched(Lease Row, long Since, long LookedAt);
}

/// <summary>Writes that only the leader may make.</summary>
public static class LeaderWrites
{
    /// <summary>Like <see cref="ConflictingWrites.WriteRetryingAsync{T}"/>, but refused when the term is over, so that a leader that was
    /// paused between its decision and its write cannot write.</summary>
    /// <exception cref="TermLostException">Another scheduler leads.</exception>
    public static Task<T> WriteAsLeaderAsync<T>(
        this IStorage storage, Term term, Func<StorageSession, Task<T>> work, CancellationToken ct) =>
        storage.WriteRetryingAsync(
            async session =>
            {
                // The row is locked until the commit, so no new term can begin in between.
                var held = await storage.Statements.LockTermAsync(session, term.Lease, term.Number, ct);
                return held ? await work(session) : throw new TermLostException(term);
            },
            ct);
}
