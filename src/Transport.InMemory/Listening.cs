namespace Fleet.Transport.InMemory;

/// <summary>Loops that handle messages until they are disposed, which waits for the calls under way.</summary>
internal sealed class Listening : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Action? _closing;
    private readonly Task[] _loops;

    /// <param name="loops">Number of messages that are handled at once.</param>
    /// <param name="listen">Handles messages until the token trips.</param>
    /// <param name="closing">Called before the loops end.</param>
    public Listening(int loops, Func<CancellationToken, Task> listen, Action? closing = null)
    {
        _closing = closing;
        // What listens at the start of a program does not belong to the trace of that start.
        using var flow = ExecutionContext.SuppressFlow();
        _loops = [.. Enumerable.Range(0, loops).Select(_ => Task.Run(() => ListenAsync(listen)))];
    }

    public async ValueTask DisposeAsync()
    {
        _closing?.Invoke();
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }

    private async Task ListenAsync(Func<CancellationToken, Task> listen)
    {
        try
        {
            await listen(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The way this ends.
        }
    }
}
