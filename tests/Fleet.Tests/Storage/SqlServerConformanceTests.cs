using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

[NeedsSqlServer]
public sealed class SqlServerConformanceTests() : StorageConformance(new SqlServerDatabase())
{
    protected override bool SnapshotsHoldUpWriters => true;
}
