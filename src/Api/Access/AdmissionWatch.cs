namespace Fleet.Api.Access;

/// <summary>Looks every few seconds whether the caller of a stream is still admitted: a key may be revoked while it is open.</summary>
internal sealed class AdmissionWatch : IDisposable
{
    /// <summary>How long it waits between two looks.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _stopped = new();

    /// <param name="isAdmitted">Looks; null where nothing can end it.</param>
    /// <param name="time">The clock.</param>
    public AdmissionWatch(Func<Task<bool>>? isAdmitted, TimeProvider time)
    {
        Token = _ended.Token;
        if (isAdmitted is not null)
            _ = WatchAsync(isAdmitted, time, _stopped.Token);
    }

    /// <summary>Canceled when the caller is not admitted any more.</summary>
    public CancellationToken Token { get; }

    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private async Task WatchAsync(Func<Task<bool>> isAdmitted, TimeProvider time, CancellationToken stopped)
    {
        try
        {
            while (await AskAsync(isAdmitted))
                await Task.Delay(Pause, time, stopped);
            await _ended.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The stream has ended.
        }
        finally
        {
            _ended.Dispose();
        }
    }

    /// <summary>While the database is away, nobody is known, and nobody is sent away.</summary>
    private static async Task<bool> AskAsync(Func<Task<bool>> isAdmitted)
    {
        try
        {
            return await isAdmitted();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return true;
        }
    }
}
