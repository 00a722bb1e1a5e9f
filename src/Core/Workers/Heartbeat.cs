using System.Data.Common;
using System.Text.Json;
using Fleet.Core.Storage;

namespace Fleet.Core.Workers;

/// <summary>What a heartbeat learned.</summary>
/// <param name="IsAlive">False when the worker was declared gone: its runs are no longer its own.</param>
/// <param name="Held">The runs that the database counts as this worker's; null when they were not asked for.</param>
public readonly record struct Pulse(bool IsAlive, IReadOnlyList<HeldRun>? Held)
{
    /// <summary>The database's clock.</summary>
    public DateTimeOffset Clock { get; init; }
}

/// <summary>A run that is leased to a worker.</summary>
public readonly record struct HeldRun(RunId Id, long LeaseToken, bool IsCancelRequested);

/// <summary>Renews all leases of a worker at once.</summary>
public sealed class Heartbeat(IStorage storage)
{
    private const string Renew =
        "UPDATE workers SET heartbeat_at = @now, lease_until = @until, claimed_through = @through WHERE id = @worker AND state <> 2";

    /// <param name="worker">Whose.</param>
    /// <param name="lease">How long it counts from now, by the database's clock.</param>
    /// <param name="claimedThrough">Lane → the latest due time claimed, in Unix milliseconds.</param>
    /// <param name="withHeld">Whether to read the worker's runs: after many short runs that takes PostgreSQL up to 100 ms, because what
    /// has ended since the last time is still in the index.</param>
    /// <param name="ct">Cancels the call.</param>
    public Task<Pulse> ExecuteAsync(
        WorkerId worker, TimeSpan lease, IReadOnlyDictionary<string, long> claimedThrough, bool withHeld, CancellationToken ct) =>
        storage.WriteAsync(
            async scope =>
            {
                var now = await storage.GetClockAsync(scope, ct);
                var isAlive = await storage.Sql.ExecuteAsync(scope.Transaction, Renew, ct, Renewal(worker, now, lease, claimedThrough)) > 0;
                var held = isAlive && withHeld
                    ? await storage.Sql.QueryAsync(scope.Transaction, storage.Sql.ReadHeld, Held, ct, ("@worker", worker))
                    : null;
                return new Pulse(isAlive, held) { Clock = now };
            },
            ct);

    /// <summary>The same on the calling thread, which needs nothing of the thread pool.</summary>
    public Pulse Execute(
        OwnConnection connection, WorkerId worker, TimeSpan lease, IReadOnlyDictionary<string, long> claimedThrough,
        bool withHeld) => connection.Write(scope =>
    {
        var now = storage.GetClock(scope);
        var isAlive = storage.Sql.Execute(scope.Transaction, Renew, Renewal(worker, now, lease, claimedThrough)) > 0;
        var held = isAlive && withHeld ? storage.Sql.Query(scope.Transaction, storage.Sql.ReadHeld, Held, ("@worker", worker)) : null;
        return new Pulse(isAlive, held) { Clock = now };
    });

    private static (string Name, object? Value)[] Renewal(
        WorkerId worker, DateTimeOffset now, TimeSpan lease, IReadOnlyDictionary<string, long> claimedThrough) =>
        [("@now", now), ("@until", now + lease), ("@through", JsonSerializer.Serialize(claimedThrough)), ("@worker", worker)];

    private HeldRun Held(DbDataReader row) => new(storage.Sql.ReadRunId(row, 0), row.GetInt64(1), row.GetInt32(2) == 1);
}
