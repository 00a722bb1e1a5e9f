using System.Text.Json;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Workers;

/// <summary>Registers workers and records their state: active, draining, gone.</summary>
public sealed class RegisterWorkers(IStorage storage, JobCatalog catalog)
{
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
                var worker = new WorkerRow
                {
                    Id = WorkerId.New(now),
                    Name = name,
                    ProcessSpace = process.Space,
                    ProcessId = process.Id,
                    ProcessStart = process.Start,
                    Lanes = JsonSerializer.Serialize(lanes),
                    Jobs = catalog.OwnVersions,
                    State = WorkerState.Active,
                    StartedAt = now,
                    HeartbeatAt = now,
                    LeaseUntil = now + lease,
                    Machine = Environment.MachineName,
                    Program = ThisProcess.ProgramName,
                    Version = ThisProcess.ProgramVersion,
                };
                await storage.Workers.AddAsync(session, worker, ct);
                await storage.Lanes.AddAsync(session, lanes.Keys, now, ct);
                return worker.Id;
            },
            ct);

    /// <summary>Marks the worker as draining: it takes no new runs.</summary>
    public Task DrainAsync(WorkerId worker, CancellationToken ct) => SetStateAsync(worker, WorkerState.Draining, ct);

    /// <summary>Marks the worker as stopped. Runs that it still holds can be rescued immediately, and the loss is not counted as a
    /// crash.</summary>
    public Task LeaveAsync(WorkerId worker, CancellationToken ct) => SetStateAsync(worker, WorkerState.Gone, ct);

    private Task<bool> SetStateAsync(WorkerId worker, WorkerState state, CancellationToken ct) => storage.WriteAsync(
        async session =>
        {
            await storage.Workers.SetStateAsync(session, worker, state, NoLanes, ct);
            return true;
        },
        ct);
}
