namespace Fleet.Core.Storage;

/// <summary>A connection to the database that one thread keeps for itself and uses without the thread pool: what must get through while
/// handlers block all threads of the pool, or hold all of its connections. Every call ends within the limit that it was opened with, or
/// twice that when it has to open a fresh connection.</summary>
public abstract class OwnConnection : IDisposable
{
    /// <summary>Does a write in a transaction, on the calling thread, and commits it. After a failure the next call uses a fresh
    /// connection.</summary>
    /// <param name="work">Uses statements only, and none of their asynchronous forms.</param>
    public abstract T Write<T>(Func<StorageSession, T> work);

    public abstract void Dispose();
}

/// <summary>Where a storage has nothing better: waits for a write of the process.</summary>
internal sealed class SharedConnection(IStorage storage, TimeSpan limit) : OwnConnection
{
    public override T Write<T>(Func<StorageSession, T> work)
    {
        using var canceled = new CancellationTokenSource();
        var write = Task.Run(() => storage.WriteAsync(session => Task.FromResult(work(session)), canceled.Token), CancellationToken.None);
        if (write.Wait(limit, CancellationToken.None))
            return write.Result;
        canceled.Cancel();
        throw new TimeoutException($"The write did not end within {limit}.");
    }

    public override void Dispose()
    {
    }
}
