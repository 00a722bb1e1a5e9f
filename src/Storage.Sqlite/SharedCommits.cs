using System.Data;
using System.Threading.Channels;
using Fleet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

/// <summary>Executes writes one after the other on one connection. Those that wait together share a transaction, each inside
/// a savepoint of its own, and so share the commit, which is what costs: it waits for the disk.</summary>
internal sealed class SharedCommits : IAsyncDisposable
{
    private const int MaxWorks = 32;

    /// <summary>After which a turn ends by itself: one that waits for a write of this process would wait forever.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(30);

    private readonly Channel<Entry> _queue = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Func<SqliteConnection> _openWriter;
    private readonly OpenContext _openContext;
    private readonly Task _writer;

    public SharedCommits(Func<SqliteConnection> openWriter, OpenContext openContext)
    {
        _openWriter = openWriter;
        _openContext = openContext;
        _writer = Task.Run(WriteLoopAsync);
    }

    /// <summary>Adds a write and waits until it is committed.</summary>
    /// <exception cref="InvalidOperationException">The caller holds the writer itself.</exception>
    public Task<T> AddAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct)
    {
        WriteTurn.RefuseInside();
        var entry = new Work<T>(work, ct);
        return _queue.Writer.TryWrite(entry) ? entry.Task : throw new ObjectDisposedException(nameof(SqliteStorage));
    }

    /// <summary>Waits in the same queue for a time without writes of this process; it ends when the result is disposed.</summary>
    /// <exception cref="InvalidOperationException">The caller holds the writer itself.</exception>
    public Task<IAsyncDisposable> TakeTurnAsync(CancellationToken ct)
    {
        WriteTurn.RefuseInside();
        var turn = new Turn(ct);
        return _queue.Writer.TryWrite(turn) ? turn.Task : throw new ObjectDisposedException(nameof(SqliteStorage));
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writer;
    }

    private async Task WriteLoopAsync()
    {
        var works = new List<Work>(MaxWorks);
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (works.Count < MaxWorks && _queue.Reader.TryPeek(out var next) && next is Work work && _queue.Reader.TryRead(out next))
                works.Add(work);
            if (works.Count == 0)
            {
                _queue.Reader.TryRead(out var turn);
                await ((Turn)turn!).PassAsync();
                continue;
            }

            try
            {
                await CommitAsync(works);
            }
            catch (WorkTooLongException e)
            {
                // Its work may still use the connection. Whatever it writes from now on meets a transaction that has ended; so have those
                // beside it, who may write again.
                foreach (var work in works)
                {
                    work.Fail(new SqliteException(
                        $"Nothing was stored, because another write of the process held the database for too long. {e.Message}",
                        SqliteErrors.Busy));
                }
            }
            catch (Exception e)
            {
                // Nothing was committed: not one of them counts.
                foreach (var work in works)
                    work.Fail(e);
            }

            works.Clear();
        }
    }

    private async Task CommitAsync(List<Work> works)
    {
        // A work that asks for another write is told so. It would wait for itself, and with it every write of the process.
        using var mark = WriteTurn.Begin();
        // BEGIN IMMEDIATE: takes the write lock now, so that no statement can find it taken half-way.
        await using var transaction = _openWriter().BeginTransaction(IsolationLevel.Serializable, deferred: false);
        foreach (var work in works)
            await ExecuteAsync(work, transaction);
        await transaction.CommitAsync();
        foreach (var work in works)
            work.Commit();
    }

    private async Task ExecuteAsync(Work work, SqliteTransaction transaction)
    {
        const string savepoint = "work";
        transaction.Save(savepoint);
        await using var session = new StorageSession(transaction, _openContext);
        try
        {
            await work.ExecuteAsync(session);
        }
        catch (WorkTooLongException e) when (!e.HasEnded)
        {
            work.Fail(e);
            throw;
        }
        catch (Exception e)
        {
            // Should the database itself have undone everything, this throws, and nobody's work counts.
            transaction.Rollback(savepoint);
            work.Fail(e);
        }

        transaction.Release(savepoint);
    }

    private abstract class Entry;

    /// <summary>A time for somebody's own transaction on the file.</summary>
    private sealed class Turn(CancellationToken ct) : Entry, IAsyncDisposable
    {
        private readonly TaskCompletionSource<IAsyncDisposable> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when the turn begins.</summary>
        public Task<IAsyncDisposable> Task => _begun.Task;

        public async Task PassAsync()
        {
            if (ct.IsCancellationRequested)
            {
                _begun.SetCanceled(ct);
                return;
            }

            _begun.SetResult(this);
            await _ended.Task.WaitAsync(LongestTurn, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        public ValueTask DisposeAsync()
        {
            _ended.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }

    private abstract class Work : Entry
    {
        public abstract Task ExecuteAsync(StorageSession session);

        public abstract void Commit();

        public abstract void Fail(Exception e);
    }

    private sealed class Work<T>(Func<StorageSession, Task<T>> work, CancellationToken ct) : Work
    {
        // Continuations run elsewhere: the writer has others to serve.
        private readonly TaskCompletionSource<T> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Task => _committed.Task;

        public override async Task ExecuteAsync(StorageSession session)
        {
            ct.ThrowIfCancellationRequested();
            _result = await work(session);
        }

        public override void Commit() => _committed.TrySetResult(_result!);

        public override void Fail(Exception e)
        {
            if (e is OperationCanceledException canceled)
                _committed.TrySetCanceled(canceled.CancellationToken);
            else
                _committed.TrySetException(e);
        }
    }
}
