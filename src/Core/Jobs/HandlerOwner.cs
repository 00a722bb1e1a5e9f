namespace Fleet.Core.Jobs;

/// <summary>Disposes the handler of an attempt together with the attempt's scope, before the services that the handler was given. A handler is not
/// registered as a service, so the container does not know it.</summary>
internal sealed class HandlerOwner : IAsyncDisposable, IDisposable
{
    private object? _handler;

    /// <summary>Takes a handler that is to be disposed.</summary>
    public void Own(object handler) => _handler = handler;

    public async ValueTask DisposeAsync()
    {
        switch (Interlocked.Exchange(ref _handler, null))
        {
            case IAsyncDisposable handler:
                await handler.DisposeAsync();
                break;
            case IDisposable handler:
                handler.Dispose();
                break;
        }
    }

    public void Dispose() => (Interlocked.Exchange(ref _handler, null) as IDisposable)?.Dispose();
}
