using System.Text.Json;
using Fleet.Core.Jobs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Workers;

/// <summary>Registers workers and records their state: active, draining, gone.</summary>
public sealed class RegisterWorkers(IStorage storage, JobCatalog catalog)
{
    private const string AddWorker = """
        INSERT INTO fleet.workers (id, name, process_space, process_id, process_start, lanes, jobs, state,
            started_at, heartbeat_at, lease_until, claimed_through)
        VALUES (@worker, @name, @space, @process, @start, @lanes, @jobs, 0, @now, @now, @until, '{}')
        """;

    /// <summary>The lanes of a draining worker. The value stays when the worker is gone, and shows that it was draining.</summary>
    public const string NoLanes = "{}";

    /// <summary>Registers a worker under a new id.</summary>
    /// <param name="name">The worker's name, for people.</param>
    /// <param name="lanes">Lane → slots.</param>
    /// <param name="lease">How long the worker counts as alive without a heartbeat.</param>
    /// <param name="ct">Cancels the call.</param>
    public Task<WorkerId> RegisterAsync(string name, IReadOnlyDictionary<string, int> lanes, TimeSpan lease, CancellationToken ct) =>
        storage.WriteRetryingAsync(
            async session =>
            {
                var now = await storage.GetClockAsync(session, ct);
                var process = ProcessIdentity.Current();
                var worker = WorkerId.New(now);
                await storage.Sql.ExecuteAsync(
                    session, AddWorker, ct,
                    ("@worker", worker), ("@name", name), ("@space", process.Space), ("@process", process.Id), ("@start", process.Start),
                    ("@lanes", JsonSerializer.Serialize(lanes)), ("@jobs", catalog.OwnVersions), ("@now", now), ("@until", now + lease));
                var known = await storage.Sql.QueryAsync(session, "SELECT name FROM fleet.lanes", row => row.GetString(0), ct);
                foreach (var lane in lanes.Keys.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal))
                {
                    await storage.Sql.ExecuteAsync(
                        session, "INSERT INTO fleet.lanes (name, first_seen_at) VALUES (@name, @now)", ct, ("@name", lane),
                        ("@now", now));
                }

                return worker;
            },
            ct);

    /// <summary>Marks the worker as draining: it takes no new runs.</summary>
    public Task DrainAsync(WorkerId worker, CancellationToken ct) => SetStateAsync(worker, WorkerState.Draining, ct);

    /// <summary>Marks the worker as stopped. Runs that it still holds can be rescued immediately, and the loss is not counted as a
    /// crash.</summary>
    public Task LeaveAsync(WorkerId worker, CancellationToken ct) => SetStateAsync(worker, WorkerState.Gone, ct);

    private Task<int> SetStateAsync(WorkerId worker, WorkerState state, CancellationToken ct) => storage.WriteAsync(
        session => storage.Sql.ExecuteAsync(
            session, "UPDATE fleet.workers SET state = @state, lanes = @lanes WHERE id = @worker AND state <> 2", ct,
            ("@state", (int)state), ("@lanes", NoLanes), ("@worker", worker)),
        ct);
}
