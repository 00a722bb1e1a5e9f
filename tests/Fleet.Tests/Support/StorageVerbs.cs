using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Support;

/// <summary>All verbs over a database that goes away with the test.</summary>
public abstract class StorageVerbs(TestDatabase database) : IAsyncLifetime
{
    protected Verbs Fleet { get; private set; } = null!;

    protected FakeTimeProvider Time { get; } = new(Verbs.Noon);

    public async ValueTask InitializeAsync()
    {
        await database.CreateAsync();
        Fleet = new Verbs(database.Open(Time), Time);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Fleet is not null)
            await Fleet.DisposeAsync();
        await database.DisposeAsync();
    }
}
