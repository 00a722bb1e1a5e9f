using Fleet.Core.Setup;
using Fleet.Storage.SqlServer;

[assembly: FleetProvider(typeof(SqlServerProvider))]

namespace Fleet.Storage.SqlServer;

/// <summary>SQL Server, if the configuration names it.</summary>
public sealed class SqlServerProvider : IFleetProvider
{
    /// <inheritdoc/>
    public void Use(FleetBuilder fleet) => fleet.UseSqlServer();
}
