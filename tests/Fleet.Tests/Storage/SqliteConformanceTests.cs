using Fleet.Core.Storage;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public sealed class SqliteConformanceTests : StorageConformance
{
    private readonly TempFolder _folder = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override IStorage OpenStorage() => new SqliteStorage($"Data Source={_folder.Path}/fleet.db;Pooling=False", Time);
}
