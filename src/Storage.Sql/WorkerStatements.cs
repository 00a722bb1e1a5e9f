using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class WorkerStatements(PlainSql sql) : IWorkerStatements
{
    private const string Add = """
        INSERT INTO fleet.workers (id, name, process_space, process_id, process_start, lanes, jobs, state,
            started_at, heartbeat_at, lease_until, claimed_through, lane_loads, machine, program, version)
        VALUES (@worker, @name, @space, @process, @start, @lanes, @jobs, @state, @started, @beat, @until, @through, @loads, @machine,
            @program, @version)
        """;

    private const string SetState = "UPDATE fleet.workers SET state = @state, lanes = @lanes WHERE id = @worker AND state <> 2";

    private const string SetDrain = """
        UPDATE fleet.workers SET drain_since = @since, drain_by = @by, drain_reason = @reason WHERE id = @worker AND state <> 2
        """;

    // Two statements in one round trip. The worker itself is among the rows, unless it is gone.
    private const string RenewLease = """
        UPDATE fleet.workers SET heartbeat_at = @now, lease_until = @until, claimed_through = @through, lane_loads = @loads
        WHERE id = @worker AND state <> 2;
        SELECT CASE WHEN drain_since IS NULL THEN 1 ELSE 2 END, name FROM fleet.workers WHERE id = @worker AND state <> 2
        UNION ALL
        SELECT 0, name FROM fleet.lanes WHERE paused_since IS NOT NULL AND (paused_until IS NULL OR paused_until > @now)
        """;

    private const int ThePausedLane = 0;
    private const int TheDrainedWorker = 2;

    public Task AddAsync(StorageSession session, WorkerRow worker, CancellationToken ct) => sql.ExecuteAsync(
        session, Add, ct,
        ("@worker", worker.Id), ("@name", worker.Name), ("@space", worker.ProcessSpace), ("@process", worker.ProcessId),
        ("@start", worker.ProcessStart), ("@lanes", worker.Lanes), ("@jobs", worker.Jobs), ("@state", (int)worker.State),
        ("@started", worker.StartedAt), ("@beat", worker.HeartbeatAt), ("@until", worker.LeaseUntil), ("@through", worker.ClaimedThrough),
        ("@loads", worker.LaneLoads), ("@machine", worker.Machine), ("@program", worker.Program), ("@version", worker.Version));

    public Task SetStateAsync(StorageSession session, WorkerId worker, WorkerState state, string lanes, CancellationToken ct) =>
        sql.ExecuteAsync(session, SetState, ct, ("@state", (int)state), ("@lanes", lanes), ("@worker", worker));

    public async Task<bool> SetDrainAsync(
        StorageSession session, WorkerId worker, DateTimeOffset? since, string? by, string? reason, CancellationToken ct) =>
        await sql.ExecuteAsync(
            session, SetDrain, ct, ("@since", since), ("@by", by), ("@reason", reason), ("@worker", worker)) > 0;

    public async Task<Standing?> RenewAsync(StorageSession session, LeaseRenewal renewal, CancellationToken ct) =>
        ToStanding(await sql.QueryAsync(session, RenewLease, Line, ct, Parameters(renewal)));

    public Standing? Renew(StorageSession session, LeaseRenewal renewal) =>
        ToStanding(sql.Query(session, RenewLease, Line, Parameters(renewal)));

    public Task<IReadOnlyList<HeldRun>> ReadHeldAsync(StorageSession session, WorkerId worker, CancellationToken ct) =>
        sql.QueryAsync(session, sql.ReadHeld, Held, ct, ("@worker", worker));

    public IReadOnlyList<HeldRun> ReadHeld(StorageSession session, WorkerId worker) =>
        sql.Query(session, sql.ReadHeld, Held, ("@worker", worker));

    private static (string Name, object? Value)[] Parameters(LeaseRenewal renewal) =>
        [("@now", renewal.Now), ("@until", renewal.Until), ("@through", renewal.ClaimedThrough), ("@loads", renewal.LaneLoads),
        ("@worker", renewal.Worker)];

    private static (int Kind, string Name) Line(DbDataReader row) => (row.GetInt32(0), row.GetString(1));

    private static Standing? ToStanding(IReadOnlyList<(int Kind, string Name)> lines)
    {
        var paused = lines.Where(line => line.Kind == ThePausedLane).Select(line => line.Name).ToHashSet(StringComparer.Ordinal);
        return paused.Count == lines.Count ? null : new Standing(paused, lines.Any(line => line.Kind == TheDrainedWorker));
    }

    private HeldRun Held(DbDataReader row) => new(sql.ReadRunId(row, 0), row.GetInt64(1), row.GetInt32(2) == 1);
}
