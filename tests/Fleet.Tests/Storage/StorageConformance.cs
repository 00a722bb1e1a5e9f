using System.Data.Common;
using Fleet.Tests.Search;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Storage;

/// <summary>What every storage has to do. A provider's tests derive from this and name its database; the tests of each verb
/// are in a file of its own. Leases are ended by writing them, so that a database with a clock of its own fits too.</summary>
public abstract partial class StorageConformance(TestDatabase database) : IAsyncLifetime
{
    private readonly List<Verbs> _opened = [];

    /// <summary>The first process on the database.</summary>
    protected Verbs One { get; private set; } = null!;

    protected FakeTimeProvider Time { get; } = new(Verbs.Noon);

    public async ValueTask InitializeAsync()
    {
        await database.CreateAsync();
        One = Open();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var verbs in _opened)
            await verbs.DisposeAsync();
        await database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Another process on the same database.</summary>
    protected Verbs Open(Action<JobsBuilder>? jobs = null)
    {
        var verbs = new Verbs(database.Open(Time), Time, jobs);
        _opened.Add(verbs);
        return verbs;
    }

    /// <summary>Hears the statements that are sent by EF Core. Only a process that is opened after this tells of all of them.</summary>
    private async Task<SentCommands> HearAsync(Action<DbCommand> heard)
    {
        await using var db = One.Storage.Read();
        return new SentCommands(One.Storage.File ?? db.Database.GetDbConnection().Database, heard);
    }
}
