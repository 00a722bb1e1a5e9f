using Fleet.Core.Setup;
using Fleet.Storage.Postgres;

[assembly: FleetProvider(typeof(PostgresProvider))]

namespace Fleet.Storage.Postgres;

/// <summary>PostgreSQL, if the configuration names it.</summary>
public sealed class PostgresProvider : IFleetProvider
{
    /// <inheritdoc/>
    public void Use(FleetBuilder fleet) => fleet.UsePostgres();
}
