namespace Fleet.Core.Storage;

/// <summary>Decides when a process may open a new connection to its database server. Normally at once. After the server has refused one,
/// nobody of this process tries until a jittered, growing pause is over, and then one at a time: each refused connection costs the server
/// a process, and a fleet that reconnects all at once keeps an overloaded server overloaded.</summary>
/// <remarks>A process has one gate for all its pools. Connections that a pool has at hand do not pass it.</remarks>
public sealed class ConnectionGate(TimeProvider time) : IDisposable
{
    /// <summary>The pause after the first refusal. It doubles with each that follows.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause, before jitter of a quarter either way.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>How long a caller waits for a connection while the gate is careful. The API promises an answer within 2 s.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>After this time without a refusal, connections are opened at once again.</summary>
    public static readonly TimeSpan CarefulFor = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private volatile Refusal? _refusal;

    /// <summary>Called at each refusal.</summary>
    public Action? OnRefused { get; set; }

    /// <summary>True from a refusal on until there was none for <see cref="CarefulFor"/>.</summary>
    public bool IsCareful => _refusal is { } refusal && !IsOver(refusal);

    /// <summary>How long nobody may open a connection.</summary>
    public TimeSpan PauseLeft =>
        _refusal is { } refusal && refusal.Pause - time.GetElapsedTime(refusal.At) is { Ticks: > 0 } left
            ? left
            : TimeSpan.Zero;

    /// <summary>Takes note that the server refused a connection.</summary>
    /// <param name="e">What it said.</param>
    /// <param name="reason">Why, for people, as in <c>too many connections (53300: sorry, too many clients already)</c>.</param>
    /// <param name="startedAt">The timestamp at which the try began. Tries that overlapped count as one.</param>
    /// <returns>What to throw.</returns>
    public DatabaseUnavailableException Refused(Exception e, string reason, long startedAt)
    {
        lock (_lock)
        {
            if (_refusal is not { } last || startedAt >= last.At)
            {
                var failures = IsCareful ? _refusal!.Failures + 1 : 1;
                var pause = Math.Min(LongestPause.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 10)));
                _refusal = new Refusal(
                    e, reason, failures, time.GetTimestamp(), TimeSpan.FromSeconds(pause * (0.75 + (Random.Shared.NextDouble() / 2))));
            }

        }

        OnRefused?.Invoke();
        return Unavailable();
    }

    /// <summary>Opens a connection in turn: waits for the turn and for the end of the pause, then opens. Used while
    /// <see cref="IsCareful"/>.</summary>
    /// <param name="open">Opens. It goes on when the caller has no more patience, so that a slow server is not asked again and
    /// again.</param>
    /// <param name="giveBack">Takes the connection that came too late.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="DatabaseUnavailableException">None was to be had within <see cref="Patience"/>.</exception>
    public async Task<T> OpenInTurnAsync<T>(Func<Task<T>> open, Func<T, ValueTask> giveBack, CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        if (!await WaitForTurnAsync(begun, ct))
            throw Unavailable();
        var opening = OpenAndPassAsync(open);
        try
        {
            return await opening.WaitAsync(Left(begun), time, ct);
        }
        catch (Exception e) when (!opening.IsFaulted && e is TimeoutException or OperationCanceledException)
        {
            _ = GiveBackAsync(opening, giveBack);
            if (ct.IsCancellationRequested)
                throw;
            throw Unavailable();
        }
    }

    /// <summary>What to throw at whoever would need a new connection now.</summary>
    public DatabaseUnavailableException Unavailable()
    {
        var refusal = _refusal;
        var next = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(PauseLeft.TotalSeconds)));
        return refusal is null
            ? new DatabaseUnavailableException("database: no connection could be opened in time", next)
            : new DatabaseUnavailableException("database: " + refusal.Reason, next, refusal.Error);
    }

    public void Dispose() => _turn.Dispose();

    private static async Task GiveBackAsync<T>(Task<T> opening, Func<T, ValueTask> giveBack)
    {
        try
        {
            await giveBack(await opening);
        }
        catch (Exception)
        {
            // It could not be opened; the gate has taken note of it.
        }
    }

    private async Task<bool> WaitForTurnAsync(long begun, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(Left(begun), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            await _turn.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }

        try
        {
            for (var pause = PauseLeft; pause > TimeSpan.Zero; pause = PauseLeft)
            {
                if (pause > Left(begun))
                {
                    _turn.Release();
                    return false;
                }

                await Task.Delay(pause, time, ct);
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            _turn.Release();
            throw;
        }
    }

    private async Task<T> OpenAndPassAsync<T>(Func<Task<T>> open)
    {
        try
        {
            return await open();
        }
        finally
        {
            _turn.Release();
        }
    }

    private TimeSpan Left(long begun) => Patience - time.GetElapsedTime(begun) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    private bool IsOver(Refusal refusal) => time.GetElapsedTime(refusal.At) > refusal.Pause + CarefulFor;

    private sealed record Refusal(Exception Error, string Reason, int Failures, long At, TimeSpan Pause);
}
