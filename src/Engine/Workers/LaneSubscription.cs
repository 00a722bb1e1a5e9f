using Fleet.Core.Lanes;
using Fleet.Core.Runs;

namespace Fleet.Engine.Workers;

/// <summary>One lane of this worker: listens to it while it is open. While it is closed nothing is claimed, and messages of the lane stay
/// in its queue for other workers, or until it is opened.</summary>
public sealed partial class LaneSubscription(
    string lane, int slots, LaneListener listener, SubmitRuns submit, ILaneSource source, NudgeWaiting nudgeWaiting, ITransport transport,
    TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private CancellationTokenSource? _open;
    private Task _changing = Task.CompletedTask;
    private IAsyncDisposable? _subscription;
    private bool _isOver;

    /// <summary>The lane's name.</summary>
    public string Lane => lane;

    /// <summary>How many slots the lane has now, and how many of them are taken.</summary>
    public (int Slots, int Taken) Load => listener.Load;

    /// <summary>Whether nothing is claimed: it is closed, and no claim is under way.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_lock)
                return _open is null && !listener.IsClaiming;
        }
    }

    /// <summary>Begins to listen. Ends when the transport has the subscription.</summary>
    /// <exception cref="Exception">The transport refuses.</exception>
    public async Task OpenAsync(CancellationToken ct)
    {
        Task opening;
        lock (_lock)
        {
            if (_open is not null || _isOver)
                return;
            _open = new CancellationTokenSource();
            _changing = opening = OpenAsync(_open, ct);
        }

        await opening;
    }

    /// <summary>Opens or closes it. Returns at once: from then on no claim begins while it is closed; the transport is told in the
    /// background.</summary>
    /// <returns>False when it was so already.</returns>
    public bool Set(bool isOpen)
    {
        lock (_lock)
        {
            if (_isOver || isOpen == (_open is not null))
                return false;
            if (isOpen)
            {
                var open = _open = new CancellationTokenSource();
                _changing = BeginAsync(_changing, open);
                LogOpened(lane);
            }
            else
            {
                _changing = EndAsync(_changing, _open!);
                _open = null;
                LogClosed(lane);
            }

            return true;
        }
    }

    /// <summary>Claims nothing any more.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _isOver = true;
            _open?.Cancel();
        }
    }

    /// <summary>Ends the subscription.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await _changing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _subscription, null) is { } subscription)
            await subscription.DisposeAsync();
    }

    private async Task OpenAsync(CancellationTokenSource open, CancellationToken ct) => _subscription = await SubscribeAsync(open, ct);

    private async Task BeginAsync(Task before, CancellationTokenSource open)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!open.IsCancellationRequested)
        {
            try
            {
                _subscription = await SubscribeAsync(open, open.Token);
                // Where the lanes end in this process, their nudges were let go.
                if (!transport.ReachesOtherProcesses)
                    await nudgeWaiting.ExecuteAsync(lane, open.Token);
                return;
            }
            catch (Exception e)
            {
                if (open.IsCancellationRequested)
                    return;
                LogNotOpened(lane, RetryPause, e);
                if (_subscription is not null)
                    return;
                await Task.Delay(RetryPause, time, open.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task EndAsync(Task before, CancellationTokenSource open)
    {
        await open.CancelAsync();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (Interlocked.Exchange(ref _subscription, null) is { } subscription)
                await subscription.DisposeAsync();
        }
        catch (Exception e)
        {
            // Nothing is claimed all the same.
            LogNotClosed(lane, e);
        }
        finally
        {
            open.Dispose();
        }
    }

    private Task<IAsyncDisposable> SubscribeAsync(CancellationTokenSource open, CancellationToken ct)
    {
        var stopping = open.Token;
        var handlers = new LaneHandlers((ids, _) => ListenAsync(listener.OnReadyAsync, ids, stopping), submit.ExecuteAsync)
        {
            OnEarly = (ids, _) => ListenAsync(listener.OnEarlyAsync, ids, stopping),
            HasRoom = runs => !stopping.IsCancellationRequested && listener.HasRoom(runs),
            IsOutage = submit.IsOutage,
        };
        return source.SubscribeAsync(lane, slots, handlers, ct);
    }

    private async Task ListenAsync(
        Func<IReadOnlyList<RunId>, CancellationToken, Task> listen, IReadOnlyList<RunId> ids, CancellationToken stopping)
    {
        try
        {
            await listen(ids, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !transport.ReachesOtherProcesses)
        {
            // The rows are pending; whoever runs next finds them. Where others listen, the nudge goes back to the queue instead.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This worker claims no runs of lane {Lane} for now.")]
    private partial void LogClosed(string lane);

    [LoggerMessage(Level = LogLevel.Information, Message = "This worker claims runs of lane {Lane} again.")]
    private partial void LogOpened(string lane);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lane {Lane} could not be listened to; next try in {Pause}.")]
    private partial void LogNotOpened(string lane, TimeSpan pause, Exception e);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The subscription of lane {Lane} could not be ended; nothing of it is claimed all the same.")]
    private partial void LogNotClosed(string lane, Exception e);
}
