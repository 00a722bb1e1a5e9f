using Fleet.Core.Storage;
using Fleet.Storage.Sql;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

/// <summary>Writes of a thread that does without the thread pool: with those of the process while they go on, for a connection of its own
/// seldom finds the file free beside a busy writer; and past them when they stand still, because all threads of the pool are
/// blocked.</summary>
internal sealed class AroundTheQueue : OwnConnection
{
    private readonly SharedCommits _commits;
    private readonly DriverConnection _past;
    private readonly TimeSpan _patience;

    /// <param name="commits">The writes of the process.</param>
    /// <param name="connectionString">Of the file.</param>
    /// <param name="limit">For both ways together.</param>
    public AroundTheQueue(SharedCommits commits, string connectionString, TimeSpan limit)
    {
        _commits = commits;
        _patience = limit / 2;
        var own = new SqliteConnectionStringBuilder(connectionString)
        {
            Pooling = false,
            DefaultTimeout = Math.Max(1, (int)_patience.TotalSeconds),
        };
        _past = new DriverConnection(() => new SqliteConnection(own.ConnectionString));
    }

    public override T Write<T>(Func<StorageSession, T> work)
    {
        using var canceled = new CancellationTokenSource();
        var write = _commits.AddAsync(session => Task.FromResult(work(session)), canceled.Token);
        if (((IAsyncResult)write).AsyncWaitHandle.WaitOne(_patience))
            return write.GetAwaiter().GetResult();
        canceled.Cancel();
        return _past.Write(work);
    }

    public override void Dispose() => _past.Dispose();
}
