using Fleet.Core.Storage;

namespace Fleet.Storage.Sql;

/// <summary>The statements whose SQL all databases share.</summary>
/// <param name="sql">Executes them on one database.</param>
public sealed class SharedStatements(PlainSql sql)
{
    public IColdRunStatements ColdRuns { get; } = new ColdRunStatements(sql);

    public IGateStatements Gates { get; } = new GateStatements(sql, new RollupStatements(sql));

    public IWorkerStatements Workers { get; } = new WorkerStatements(sql);

    public IJobStatements Jobs { get; } = new JobStatements(sql);

    public ILaneStatements Lanes { get; } = new LaneStatements(sql);

    public IScheduleStatements Schedules { get; } = new ScheduleStatements(sql);

    public IRollupStatements Rollups { get; } = new RollupStatements(sql);

    public ILeaseStatements Leases { get; } = new LeaseStatements(sql);
}
