namespace Fleet.Client;

/// <summary>The pauses between two looks at a run that somebody waits for. Most runs end soon, so the first pauses are short. After them,
/// the event stream of the server says when the run has ended, and nobody has to ask. Where the stream is refused or lost, the run is asked
/// for in pauses again.</summary>
/// <param name="events">The events of the server.</param>
/// <param name="run">The run.</param>
/// <param name="time">The clock.</param>
internal sealed class RunEndSignal(LiveEventStream events, RunId run, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestShortPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PauseWithoutStream = TimeSpan.FromSeconds(1);

    // A stream that says nothing although the run has ended would be a bug of the server, or of a proxy before it.
    private static readonly TimeSpan PauseWithStream = TimeSpan.FromSeconds(10);

    // How many pauses pass until the stream is tried again.
    private const int PausesUntilStream = 20;

    private readonly CancellationTokenSource _stop = new();
    private TimeSpan _pause = FirstPause;
    private int _pausesWithout = PausesUntilStream;
    private Task<bool>? _ended;

    /// <summary>Waits until the run should be looked at again.</summary>
    /// <param name="most">The longest time to wait.</param>
    /// <param name="ct">Gives up.</param>
    public async Task WaitAsync(TimeSpan most, CancellationToken ct)
    {
        if (_pause <= LongestShortPause)
        {
            await Task.Delay(Least(_pause, most), time, ct);
            _pause *= 2;
            return;
        }

        if (_ended is null && ++_pausesWithout > PausesUntilStream)
            _ended = events.WaitForEndAsync(run, _stop.Token);
        if (_ended is null)
        {
            await Task.Delay(Least(PauseWithoutStream, most), time, ct);
            return;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(_ended, Task.Delay(Least(PauseWithStream, most), time, enough.Token));
        await enough.CancelAsync();
        ct.ThrowIfCancellationRequested();
        // Refused or lost, or the run was replayed since it ended.
        if (_ended.IsCompleted)
            (_ended, _pausesWithout) = (null, 0);
    }

    /// <summary>Waits until the run should be looked at again.</summary>
    public Task WaitAsync(CancellationToken ct) => WaitAsync(TimeSpan.MaxValue, ct);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_ended is not null)
            await ((Task)_ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static TimeSpan Least(TimeSpan pause, TimeSpan most) =>
        most < TimeSpan.Zero ? TimeSpan.Zero : most < pause ? most : pause;
}
