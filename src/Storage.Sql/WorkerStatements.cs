using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class WorkerStatements(PlainSql sql) : IWorkerStatements
{
    private const string Add = """
        INSERT INTO fleet.workers (id, name, process_space, process_id, process_start, lanes, jobs, state,
            started_at, heartbeat_at, lease_until, claimed_through)
        VALUES (@worker, @name, @space, @process, @start, @lanes, @jobs, @state, @started, @beat, @until, @through)
        """;

    private const string SetState = "UPDATE fleet.workers SET state = @state, lanes = @lanes WHERE id = @worker AND state <> 2";

    private const string RenewLease = """
        UPDATE fleet.workers SET heartbeat_at = @now, lease_until = @until, claimed_through = @through
        WHERE id = @worker AND state <> 2
        """;

    public Task AddAsync(StorageSession session, WorkerRow worker, CancellationToken ct) => sql.ExecuteAsync(
        session, Add, ct,
        ("@worker", worker.Id), ("@name", worker.Name), ("@space", worker.ProcessSpace), ("@process", worker.ProcessId),
        ("@start", worker.ProcessStart), ("@lanes", worker.Lanes), ("@jobs", worker.Jobs), ("@state", (int)worker.State),
        ("@started", worker.StartedAt), ("@beat", worker.HeartbeatAt), ("@until", worker.LeaseUntil), ("@through", worker.ClaimedThrough));

    public Task SetStateAsync(StorageSession session, WorkerId worker, WorkerState state, string lanes, CancellationToken ct) =>
        sql.ExecuteAsync(session, SetState, ct, ("@state", (int)state), ("@lanes", lanes), ("@worker", worker));

    public async Task<bool> RenewAsync(StorageSession session, LeaseRenewal renewal, CancellationToken ct) =>
        await sql.ExecuteAsync(session, RenewLease, ct, Parameters(renewal)) > 0;

    public bool Renew(StorageSession session, LeaseRenewal renewal) => sql.Execute(session, RenewLease, Parameters(renewal)) > 0;

    public Task<IReadOnlyList<HeldRun>> ReadHeldAsync(StorageSession session, WorkerId worker, CancellationToken ct) =>
        sql.QueryAsync(session, sql.ReadHeld, Held, ct, ("@worker", worker));

    public IReadOnlyList<HeldRun> ReadHeld(StorageSession session, WorkerId worker) =>
        sql.Query(session, sql.ReadHeld, Held, ("@worker", worker));

    private static (string Name, object? Value)[] Parameters(LeaseRenewal renewal) =>
        [("@now", renewal.Now), ("@until", renewal.Until), ("@through", renewal.ClaimedThrough), ("@worker", renewal.Worker)];

    private HeldRun Held(DbDataReader row) => new(sql.ReadRunId(row, 0), row.GetInt64(1), row.GetInt32(2) == 1);
}
