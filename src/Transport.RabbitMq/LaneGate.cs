using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>A lane takes nothing while others do; it is tried again in a moment.</summary>
internal sealed class LaneFailingException(string reason, Exception? inner = null)
    : Exception($"The lane accepts no messages: {reason}.", inner);

/// <summary>Keeps a lane whose queue takes nothing (full, or without a majority of its nodes) from using up the channel that all lanes
/// share: its unconfirmed publishes are limited, and while it fails it is tried once per pause.</summary>
internal sealed class LaneGate(TimeProvider time) : IDisposable
{
    /// <summary>Unconfirmed publishes of one lane at once; half of the channel's.</summary>
    private const int Window = 128;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _window = new(Window);
    private TimeSpan _pause;
    private long _failedAt;
    private string _reason = "";

    /// <summary>Sends to the lane.</summary>
    /// <param name="send">Publishes.</param>
    /// <param name="isOpen">Whether the connection is all right: else a late confirm is not this lane's fault.</param>
    /// <param name="countsRefusal">Whether a refusal says something about the lane: that of an early nudge does not.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="LaneFailingException">The lane fails, or failed a moment ago.</exception>
    public async Task RunAsync(Func<Task> send, Func<bool> isOpen, bool countsRefusal, CancellationToken ct)
    {
        var isProbe = Enter();
        var begun = 0L;
        await _window.WaitAsync(ct);
        try
        {
            // It may have failed while this one waited.
            if (!isProbe && _pause > TimeSpan.Zero)
                throw Failing();
            begun = time.GetTimestamp();
            await send();
            _pause = TimeSpan.Zero;
        }
        catch (Exception e) when ((countsRefusal && e is PublishException { IsReturn: false }) || (e is TimeoutException && isOpen()))
        {
            _reason = e is TimeoutException ? "its queue does not confirm" : "its queue refuses messages; it may be full";
            // Those that were under way together fail together, and count once.
            var isSame = _failedAt > begun;
            _failedAt = time.GetTimestamp();
            if (!isSame)
                _pause = _pause == TimeSpan.Zero ? FirstPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            throw new LaneFailingException(_reason, e);
        }
        finally
        {
            _window.Release();
        }
    }

    public void Dispose() => _window.Dispose();

    /// <returns>True for the one that goes ahead to see whether the lane is well again.</returns>
    private bool Enter()
    {
        if (_pause <= TimeSpan.Zero)
            return false;
        if (time.GetElapsedTime(_failedAt) < _pause)
            throw Failing();
        _failedAt = time.GetTimestamp();
        return true;
    }

    private LaneFailingException Failing() => new(_reason);
}
