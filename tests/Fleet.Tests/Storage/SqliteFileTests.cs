using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fleet.Tests.Storage;

/// <summary>A file that somebody deletes or replaces while a process has it open.</summary>
public sealed class SqliteFileTests : StorageVerbs
{
    private readonly string _file;

    public SqliteFileTests() : this(new SqliteDatabase())
    {
    }

    private SqliteFileTests(SqliteDatabase database) : base(database) =>
        _file = new SqliteConnectionStringBuilder(database.ConnectionString).DataSource;

    [Fact]
    public async Task Ping_FileIsThere_Succeeds()
    {
        await Fleet.Storage.PingAsync(CancellationToken.None);
        await Fleet.EnqueueAsync();
        await Fleet.Storage.PingAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Write_FileWasReplacedOrDeleted_IsRefusedByName(bool replaced)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let go of an open file.");
        await Fleet.EnqueueAsync();
        File.Move(_file, _file + ".away");
        if (replaced)
            File.Copy(_file + ".away", _file);

        var write = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => Fleet.EnqueueAsync());
        var ping = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => Fleet.Storage.PingAsync(CancellationToken.None));

        Assert.Equal(write.Message, ping.Message);
        Assert.StartsWith($"database: the file {_file} was deleted or replaced", write.Message, StringComparison.Ordinal);
        Assert.True(Fleet.Storage.IsOutage(write) && Fleet.Storage.IsUnavailable(write));

        // Put back, it is the file that is open.
        File.Move(_file + ".away", _file, overwrite: true);
        await Fleet.EnqueueAsync();
        await Fleet.Storage.PingAsync(CancellationToken.None);
    }

    /// <summary>A long transaction of somebody else is no reason to restart a process.</summary>
    [Fact]
    public async Task Ping_SomebodyWrites_Succeeds()
    {
        await Fleet.EnqueueAsync();
        await using var connection = new SqliteConnection($"Data Source={_file};Pooling=False");
        await connection.OpenAsync();
        await using var writing = connection.BeginTransaction(deferred: false);

        await Fleet.Storage.PingAsync(CancellationToken.None);
    }
}
