namespace Fleet.Api.Access;

/// <summary>Looks every few seconds whether the caller of a stream is still admitted: a key may be revoked while it is open.</summary>
internal sealed class AdmissionWatch : IAsyncDisposable
{
    /// <summary>How long it waits between two looks.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _watching;

    /// <param name="isAdmitted">Looks; null where nothing can end it. It runs beside the request, so it must not touch it.</param>
    /// <param name="time">The clock.</param>
    public AdmissionWatch(Func<CancellationToken, Task<bool>>? isAdmitted, TimeProvider time) =>
        _watching = isAdmitted is null ? Task.CompletedTask : WatchAsync(isAdmitted, time, _stopped.Token);

    /// <summary>Canceled when the caller is not admitted any more.</summary>
    public CancellationToken Token => _ended.Token;

    /// <summary>Ends the watch, and waits until it has ended: no look outlives the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _watching;
        _stopped.Dispose();
        _ended.Dispose();
    }

    private async Task WatchAsync(Func<CancellationToken, Task<bool>> isAdmitted, TimeProvider time, CancellationToken stopped)
    {
        try
        {
            while (await AskAsync(isAdmitted, stopped))
                await Task.Delay(Pause, time, stopped);
            await _ended.CancelAsync();
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // The stream has ended.
        }
    }

    /// <summary>While the database is away, nobody is known, and nobody is sent away.</summary>
    private static async Task<bool> AskAsync(Func<CancellationToken, Task<bool>> isAdmitted, CancellationToken stopped)
    {
        try
        {
            return await isAdmitted(stopped);
        }
        catch (Exception)
        {
            // Also when the stream has ended: the pause after it ends the watch.
            return true;
        }
    }
}
