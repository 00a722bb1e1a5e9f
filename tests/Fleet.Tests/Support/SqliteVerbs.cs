using Fleet.Storage.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Support;

/// <summary>All verbs over a SQLite file that goes away with the test.</summary>
public abstract class SqliteVerbs : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    protected Verbs Fleet { get; private set; } = null!;

    protected FakeTimeProvider Time { get; } = new(Verbs.Noon);

    public async ValueTask InitializeAsync()
    {
        Fleet = new Verbs(new SqliteStorage($"Data Source={_folder.Path}/fleet.db;Pooling=False", Time), Time);
        await Fleet.Storage.MigrateAsync(CancellationToken.None);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        _folder.Dispose();
    }
}
