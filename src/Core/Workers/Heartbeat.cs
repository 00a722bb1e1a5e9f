using System.Text.Json;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Workers;

/// <summary>The result of a heartbeat.</summary>
/// <param name="Standing">What the worker may take; null if it was declared gone and no longer owns its runs.</param>
/// <param name="Held">The runs that the worker holds according to the database; null when they were not read.</param>
public readonly record struct Pulse(Standing? Standing, IReadOnlyList<HeldRun>? Held)
{
    /// <summary>False if the worker was declared gone.</summary>
    public bool IsAlive => Standing is not null;

    /// <summary>The database's time.</summary>
    public DateTimeOffset Clock { get; init; }
}

/// <summary>Renews all leases of a worker in one statement.</summary>
public sealed class Heartbeat(IStorage storage)
{
    /// <param name="worker">The worker.</param>
    /// <param name="lease">Length of the lease from now, by the database's clock.</param>
    /// <param name="claimedThrough">Lane → the latest due time claimed, in Unix milliseconds.</param>
    /// <param name="withHeld">True to read the held runs. On PostgreSQL this is slow after many short runs, because the index still has the
    /// entries of ended runs.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="load">See <see cref="WorkerRow.LaneLoads"/>.</param>
    public Task<Pulse> ExecuteAsync(
        WorkerId worker, TimeSpan lease, IReadOnlyDictionary<string, long> claimedThrough, bool withHeld,
        CancellationToken ct, string load = "{}") =>
        storage.WriteAsync(
            async session =>
            {
                var now = await storage.GetClockAsync(session, ct);
                var standing = await storage.Workers.RenewAsync(session, Renewal(worker, now, lease, claimedThrough, load), ct);
                var held = standing is not null && withHeld ? await storage.Workers.ReadHeldAsync(session, worker, ct) : null;
                return new Pulse(standing, held) { Clock = now };
            },
            ct);

    /// <summary>Like the other overload, but runs on the calling thread and does not need the thread pool.</summary>
    public Pulse Execute(
        OwnConnection connection, WorkerId worker, TimeSpan lease, IReadOnlyDictionary<string, long> claimedThrough,
        bool withHeld, string load = "{}") => connection.Write(session =>
    {
        var now = storage.GetClock(session);
        var standing = storage.Workers.Renew(session, Renewal(worker, now, lease, claimedThrough, load));
        var held = standing is not null && withHeld ? storage.Workers.ReadHeld(session, worker) : null;
        return new Pulse(standing, held) { Clock = now };
    });

    private static LeaseRenewal Renewal(
        WorkerId worker, DateTimeOffset now, TimeSpan lease, IReadOnlyDictionary<string, long> claimedThrough,
        string load) => new(worker, now, now + lease, JsonSerializer.Serialize(claimedThrough), load);
}
