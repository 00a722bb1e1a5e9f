using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace Fleet.Storage.Postgres;

/// <summary>Also writes the column by which the indexes of PostgreSQL find a state, and reads by it (docs/adr/0014).</summary>
internal sealed class PostgresRunStates(IRollupStatements rollups) : RunStates(rollups)
{
    protected override IQueryable<Run> PendingOfSchedules(FleetDbContext db) => ((PostgresDbContext)db).IndexedPending;

    protected override void SetState(UpdateSettersBuilder<Run> set, RunState state) =>
        set.SetProperty(r => r.State, state).SetProperty(r => EF.Property<int?>(r, PostgresDbContext.IndexedState), (int)state);
}
